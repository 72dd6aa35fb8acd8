// SPDX-License-Identifier: MIT
#include "arch/x86/guest/pv/decode.hpp"

#include <array>

#include "lib/string.hpp"

namespace xen::pv {
namespace {

enum Form : u8 {
    kNone = 0,
    kKnown = 1,
    kModrm = 2,
    kByte = 4,        // operands of one byte
    kImm8 = 8,        // one byte, sign-extended
    kImmFull = 16,    // as wide as the operand, at most four bytes
    kMoffs = 32,      // an address as wide as addresses are
    kPrefix = 64,     // a legacy prefix, and nothing else
    kOperands = kModrm | kImm8 | kImmFull | kMoffs,
};

struct Tables {
    std::array<u8, 256> one{}, two{};
};

constexpr Tables make_tables() {
    Tables t;
    // ADD, OR, ADC, SBB, AND, SUB, XOR into memory; CMP writes nothing.
    for (unsigned op = 0; op < 7; ++op) {
        t.one[op * 8] = kKnown | kModrm | kByte;
        t.one[op * 8 + 1] = kKnown | kModrm;
    }
    t.one[0x80] = kKnown | kModrm | kByte | kImm8;
    t.one[0x81] = kKnown | kModrm | kImmFull;
    t.one[0x83] = kKnown | kModrm | kImm8;
    t.one[0x86] = t.one[0x88] = t.one[0xfe] = kKnown | kModrm | kByte;
    t.one[0x87] = t.one[0x89] = t.one[0xff] = kKnown | kModrm;
    t.one[0xa2] = kKnown | kByte | kMoffs;
    t.one[0xa3] = kKnown | kMoffs;
    t.one[0xa4] = t.one[0xaa] = kKnown | kByte;
    t.one[0xa5] = t.one[0xab] = kKnown;
    t.one[0xc6] = kKnown | kModrm | kByte | kImm8;
    t.one[0xc7] = kKnown | kModrm | kImmFull;
    t.one[0x6c] = t.one[0x6e] = t.one[0xec] = t.one[0xee] = kKnown | kByte;
    t.one[0x6d] = t.one[0x6f] = t.one[0xed] = t.one[0xef] = kKnown;
    t.one[0xe4] = t.one[0xe6] = kKnown | kByte | kImm8;
    t.one[0xe5] = t.one[0xe7] = kKnown | kImm8;
    t.one[0xfa] = t.one[0xfb] = kKnown;
    for (unsigned b : {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3}) t.one[b] = kPrefix;
    for (unsigned op : {0x06, 0x09, 0x30, 0x31, 0x32, 0xa2}) t.two[op] = kKnown;
    for (unsigned op : {0x01, 0x20, 0x21, 0x22, 0x23, 0xab, 0xb3, 0xbb, 0xb1, 0xc1, 0xc3}) t.two[op] = kKnown | kModrm;
    t.two[0xb0] = t.two[0xc0] = kKnown | kModrm | kByte;
    t.two[0xba] = kKnown | kModrm | kImm8;
    return t;
}
constexpr Tables kTables = make_tables();

// Walks over the bytes; once they run out, `ok` stays false.
class Cursor {
public:
    Cursor(const u8* p, unsigned n) : p_{p}, n_{n < kMaxInstruction ? n : kMaxInstruction} {}
    u8 byte() {
        if (at_ >= n_) {
            ok_ = false;
            return 0;
        }
        return p_[at_++];
    }
    u8 peek() const { return at_ < n_ ? p_[at_] : u8{0}; }
    u64 word(unsigned bytes) {
        u64 v = 0;
        for (unsigned i = 0; i < bytes; ++i) v |= u64{byte()} << 8 * i;
        return v;
    }
    s64 signed_word(unsigned bytes) {
        u64 v = word(bytes);
        unsigned spare = 64 - 8 * bytes;
        return static_cast<s64>(v << spare) >> spare;
    }
    unsigned at() const { return at_; }
    bool ok() const { return ok_; }

private:
    const u8* p_;
    unsigned n_;
    unsigned at_ = 0;
    bool ok_ = true;
};

struct Prefixes {
    bool operand16 = false, other_address = false;
    u8 rex = 0;
};

void legacy_prefix(u8 b, Prefixes& p, Instruction& i) {
    switch (b) {
    case 0x66: p.operand16 = true; break;
    case 0x67: p.other_address = true; break;
    case 0x26: i.segment = SegmentName::es; break;
    case 0x2e: i.segment = SegmentName::cs; break;
    case 0x36: i.segment = SegmentName::ss; break;
    case 0x3e: i.segment = SegmentName::ds; break;
    case 0x64: i.segment = SegmentName::fs; break;
    case 0x65: i.segment = SegmentName::gs; break;
    case 0xf0: i.lock = true; break;
    case 0xf2: i.repeat_ne = true; break;
    default: i.repeat = true; break;
    }
}

Prefixes read_prefixes(Cursor& c, Instruction& i, bool is_long) {
    Prefixes p;
    while (kTables.one[c.peek()] == kPrefix) legacy_prefix(c.byte(), p, i);
    if (is_long && (c.peek() & 0xf0) == 0x40) p.rex = c.byte();
    i.has_rex = p.rex != 0;
    return p;
}

void read_sib(Cursor& c, Instruction& i, u8 rex) {
    u8 sib = c.byte();
    i.scale = sib >> 6;
    u8 index = static_cast<u8>((sib >> 3 & 7) | (rex & 2) << 2);
    if (index != 4) i.index = index;
    if ((sib & 7) == 5 && i.mod == 0) i.displacement = c.signed_word(4);
    else i.base = static_cast<u8>((sib & 7) | (rex & 1) << 3);
}

void read_modrm(Cursor& c, Instruction& i, u8 rex, bool is_long) {
    u8 b = c.byte();
    i.has_modrm = true;
    i.mod = b >> 6;
    i.reg = static_cast<u8>((b >> 3 & 7) | (rex & 4) << 1);
    i.rm = static_cast<u8>((b & 7) | (rex & 1) << 3);
    if (i.mod == 3) return;
    i.is_memory = true;
    if ((b & 7) == 4) {
        read_sib(c, i, rex);
    } else if (i.mod == 0 && (b & 7) == 5) {
        i.rip_relative = is_long;
        i.displacement = c.signed_word(4);
    } else {
        i.base = i.rm;
    }
    if (i.mod == 1) i.displacement = c.signed_word(1);
    else if (i.mod == 2) i.displacement = c.signed_word(4);
}

// Control and debug registers are moved whole, whatever mod says (SDM 2B MOV CR).
bool moves_special(u16 opcode) { return opcode >= 0x0f20 && opcode <= 0x0f23; }

void read_operands(Cursor& c, Instruction& i, u8 form, u8 rex, bool is_long) {
    if (form & kModrm) read_modrm(c, i, rex, is_long);
    if (moves_special(i.opcode)) {
        i.is_memory = false;
        i.operand = is_long ? 8 : 4;
    }
    if (form & kMoffs) {
        i.is_memory = true;
        i.displacement = static_cast<s64>(c.word(i.address));
    }
    if (form & kImm8) i.immediate = static_cast<u64>(c.signed_word(1));
    if (form & kImmFull) i.immediate = static_cast<u64>(c.signed_word(i.operand < 4 ? i.operand : 4));
}

u8 form_of(bool two, u8 op) { return two ? kTables.two[op] : kTables.one[op]; }
u16 opcode_of(bool two, u8 op) { return static_cast<u16>(two ? 0x0f00 | op : op); }

Maybe<Instruction> decode_whole(const u8* bytes, unsigned n, bool is_long) {
    Cursor c{bytes, n};
    Instruction i;
    Prefixes p = read_prefixes(c, i, is_long);
    i.address = is_long == p.other_address ? 4 : 8;
    if (!is_long && p.other_address) return nothing;   // 16-bit addresses
    u8 op = c.byte();
    bool two = op == 0x0f;
    if (two) op = c.byte();
    u8 form = form_of(two, op);
    if (!(form & kKnown)) return nothing;
    i.opcode = opcode_of(two, op);
    if (form & kByte) i.operand = 1;
    else if (p.rex & 8) i.operand = 8;
    else i.operand = p.operand16 ? 2 : 4;
    if (form & kOperands) read_operands(c, i, form, p.rex, is_long);
    if (!c.ok()) return nothing;
    i.length = static_cast<u8>(c.at());
    return i;
}

}  // namespace

u64& gpr(arch::GuestRegs& r, unsigned n) {
    switch (n) {
    case 0: return r.rax;
    case 1: return r.rcx;
    case 2: return r.rdx;
    case 3: return r.rbx;
    case 4: return r.rsp;
    case 5: return r.rbp;
    case 6: return r.rsi;
    case 7: return r.rdi;
    case 8: return r.r8;
    case 9: return r.r9;
    case 10: return r.r10;
    case 11: return r.r11;
    case 12: return r.r12;
    case 13: return r.r13;
    case 14: return r.r14;
    default: return r.r15;
    }
}

// Most have no prefix and no operand but registers (RDMSR, CPUID, IN, MOV CR ...): a quarter of the steps for them.
Maybe<Instruction> decode(const u8* bytes, unsigned n, bool is_long) {
    if (n < 3) return decode_whole(bytes, n, is_long);
    bool two = bytes[0] == 0x0f;
    u8 op = bytes[two], form = form_of(two, op), modrm = bytes[two + 1];
    bool registers = form & kModrm;
    if (!(form & kKnown) || form & (kOperands - kModrm) || (registers && modrm >> 6 != 3)) return decode_whole(bytes, n, is_long);
    Instruction i;
    i.opcode = opcode_of(two, op);
    i.length = static_cast<u8>(1 + two + registers);
    i.address = is_long ? 8 : 4;
    i.operand = form & kByte ? 1 : moves_special(i.opcode) ? i.address : 4;
    i.has_modrm = registers;
    if (registers) {
        i.mod = 3;
        i.reg = modrm >> 3 & 7;
        i.rm = modrm & 7;
    }
    return i;
}

u64 effective_address(const Instruction& i, arch::GuestRegs& r) {
    u64 a = static_cast<u64>(i.displacement);
    if (i.rip_relative) a += r.rip + i.length;
    if (i.base != Instruction::kNoRegister) a += gpr(r, i.base);
    if (i.index != Instruction::kNoRegister) a += gpr(r, i.index) << i.scale;
    return i.address == 4 ? static_cast<u32>(a) : a;
}

namespace {

// ah, ch, dh, bh: numbers 4 to 7 where there is no REX prefix.
bool is_high_byte(const Instruction& i, unsigned n, unsigned bytes) { return bytes == 1 && !i.has_rex && n >= 4 && n < 8; }

}  // namespace

u64 read_register(const Instruction& i, arch::GuestRegs& r, unsigned n, unsigned bytes) {
    if (is_high_byte(i, n, bytes)) return gpr(r, n - 4) >> 8 & 0xff;
    return gpr(r, n) & size_mask(bytes);
}

void write_register(const Instruction& i, arch::GuestRegs& r, unsigned n, unsigned bytes, u64 value) {
    if (is_high_byte(i, n, bytes)) {
        u64& whole = gpr(r, n - 4);
        whole = (whole & ~u64{0xff00}) | (value & 0xff) << 8;
        return;
    }
    u64& whole = gpr(r, n);
    if (bytes >= 4) whole = value & size_mask(bytes);
    else whole = (whole & ~size_mask(bytes)) | (value & size_mask(bytes));
}

}  // namespace xen::pv
