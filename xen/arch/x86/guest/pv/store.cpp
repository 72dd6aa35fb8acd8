// SPDX-License-Identifier: MIT
// Stores of a guest kernel into pages that it may only read: its own page tables, where each becomes a checked update
// of an entry (arch/x86/mm/ptwr.cpp), and device pages, where they are checked writes to PCI configuration space or dropped.
#include <asm/mm.hpp>
#include <asm/segments.hpp>

#include "arch/x86/guest/pv/alu.hpp"
#include "arch/x86/guest/pv/config_space.hpp"
#include "arch/x86/guest/pv/decode.hpp"
#include "arch/x86/guest/pv/fetch.hpp"
#include "arch/x86/guest/pv/frame.hpp"
#include "arch/x86/guest/pv/traps.hpp"

namespace xen::pv {
namespace {

enum class Kind : u8 { none, modify, exchange, compare_exchange, exchange_add, string };

// What an instruction does to memory.
struct Store {
    Kind kind = Kind::none;
    Alu op = Alu::mov;
    u64 source = 0;
};

Store group1(const Instruction& i) {
    Alu op = static_cast<Alu>(i.reg & 7);
    return op == Alu::cmp ? Store{} : Store{Kind::modify, op, i.immediate};
}

Store bit_group(const Instruction& i) {
    switch (i.reg & 7) {
    case 5: return {Kind::modify, Alu::bts, i.immediate};
    case 6: return {Kind::modify, Alu::btr, i.immediate};
    case 7: return {Kind::modify, Alu::btc, i.immediate};
    default: return {};
    }
}

Store inc_dec(const Instruction& i) {
    if ((i.reg & 7) > 1) return {};
    return {Kind::modify, (i.reg & 7) == 0 ? Alu::inc : Alu::dec, 0};
}

Store classify(const Instruction& i, arch::GuestRegs& r) {
    u64 reg = i.has_modrm ? read_register(i, r, i.reg, i.operand) : 0;
    if (i.opcode < 0x38) return {Kind::modify, static_cast<Alu>(i.opcode >> 3), reg};
    switch (i.opcode) {
    case 0x80: case 0x81: case 0x83: return group1(i);
    case 0x86: case 0x87: return {Kind::exchange, Alu::mov, reg};
    case 0x88: case 0x89: case 0x0fc3: return {Kind::modify, Alu::mov, reg};
    case 0xa2: case 0xa3: return {Kind::modify, Alu::mov, r.rax};
    case 0xa4: case 0xa5: case 0xaa: case 0xab: return {Kind::string, Alu::mov, r.rax};
    case 0xc6: case 0xc7: return (i.reg & 7) == 0 ? Store{Kind::modify, Alu::mov, i.immediate} : Store{};
    case 0xfe: case 0xff: return inc_dec(i);
    case 0x0fab: return {Kind::modify, Alu::bts, reg};
    case 0x0fb3: return {Kind::modify, Alu::btr, reg};
    case 0x0fbb: return {Kind::modify, Alu::btc, reg};
    case 0x0fba: return bit_group(i);
    case 0x0fb0: case 0x0fb1: return {Kind::compare_exchange, Alu::mov, reg};
    case 0x0fc0: case 0x0fc1: return {Kind::exchange_add, Alu::add, reg};
    default: return {};
    }
}

u64 segment_base(SegmentName s) {
    if (s == SegmentName::fs) return arch::read_fs_base();
    if (s == SegmentName::gs) return arch::read_gs_base();
    return 0;
}

// Bit operations with a register reach beyond their operand (SDM 2A BTS).
u64 bit_displacement(const Instruction& i, u64 number) {
    if (i.opcode != 0x0fab && i.opcode != 0x0fb3 && i.opcode != 0x0fbb) return 0;
    unsigned spare = 64 - 8 * i.operand;
    s64 n = static_cast<s64>(number << spare) >> spare;
    s64 bits = 8 * i.operand;
    return static_cast<u64>((n >> (i.operand == 8 ? 6 : i.operand == 4 ? 5 : 4)) * (bits / 8));
}

u64 target_address(const Instruction& i, const Store& s, arch::GuestRegs& r) {
    if (s.kind == Kind::string) return i.address == 4 ? static_cast<u32>(r.rdi) : r.rdi;
    return effective_address(i, r) + segment_base(i.segment) + bit_displacement(i, s.source);
}

Result<u64> load(u64 address, unsigned bytes) {
    u64 v = 0;
    TRY(guest::copy_in(&v, address, bytes));
    return v;
}

// The processor may set an accessed bit in the middle of it: then the instruction runs again.
Result<bool> plain_write(Vcpu& v, u64 address, u64 value, unsigned bytes) {
    auto done = mm::emulated_write(v, {address, value, 0, bytes, false}, nullptr);
    if (!done && done.error() == Errno::again) return false;
    return done;
}

// Read, compute, and write if nothing came between. False: the guest shall run the instruction again.
Result<bool> modify(Vcpu& v, const Instruction& i, const Store& s, u64 address) {
    arch::GuestRegs& r = v.arch.regs;
    if (s.op == Alu::mov && s.kind == Kind::modify) return plain_write(v, address, s.source, i.operand);
    u64 old = TRY(load(address, i.operand));
    AluResult n = compute(s.op, old, s.source, i.operand, r.rflags);
    bool done = TRY(mm::emulated_write(v, {address, n.value, old, i.operand, true}, nullptr));
    if (!done) return false;
    if (s.kind == Kind::modify || s.kind == Kind::exchange_add) r.rflags = n.flags;
    if (s.kind != Kind::modify) write_register(i, r, i.reg, i.operand, old);
    return true;
}

Result<bool> compare_exchange(Vcpu& v, const Instruction& i, const Store& s, u64 address) {
    arch::GuestRegs& r = v.arch.regs;
    u64 expected = r.rax & size_mask(i.operand);
    u64 seen = expected;
    bool done = TRY(mm::emulated_write(v, {address, s.source, expected, i.operand, true}, &seen));
    if (!done && seen == expected) return false;
    r.rflags = compute(Alu::cmp, expected, seen, i.operand, r.rflags).flags;
    if (!done) write_register(i, r, 0, i.operand, seen);
    return true;
}

// One element of STOS or MOVS; the guest comes back for the next.
Result<bool> string_store(Vcpu& v, const Instruction& i, const Store& s, u64 address) {
    arch::GuestRegs& r = v.arch.regs;
    bool repeated = i.repeat || i.repeat_ne;
    if (repeated && r.rcx == 0) return true;
    bool moves = i.opcode < 0xaa;
    u64 value = s.source;
    if (moves) value = TRY(load(r.rsi + segment_base(i.segment), i.operand));
    bool done = TRY(plain_write(v, address, value & size_mask(i.operand), i.operand));
    if (!done) return false;
    u64 step = r.rflags & kFlagDf ? u64{0} - i.operand : u64{i.operand};
    r.rdi += step;
    if (moves) r.rsi += step;
    if (!repeated) return true;
    r.rcx -= 1;
    return r.rcx == 0;
}

Result<bool> perform(Vcpu& v, const Instruction& i, const Store& s, u64 address) {
    switch (s.kind) {
    case Kind::modify:
    case Kind::exchange:
    case Kind::exchange_add: return modify(v, i, s, address);
    case Kind::compare_exchange: return compare_exchange(v, i, s, address);
    case Kind::string: return string_store(v, i, s, address);
    case Kind::none: break;
    }
    return Errno::opnotsupp;
}

struct Decoded {
    Instruction instruction;
    Store store;
};

Maybe<Decoded> decode_store(Vcpu& v) {
    arch::GuestRegs& r = v.arch.regs;
    Code bytes;
    unsigned n = fetch(v, bytes, kMaxInstruction);
    auto i = decode(bytes, n, runs_long_code(v));
    if (!i) return nothing;
    Store s = classify(*i, r);
    if (s.kind == Kind::none || (s.kind != Kind::string && !i->is_memory)) return nothing;
    return Decoded{*i, s};
}

void advance(arch::GuestRegs& r, const Instruction& i) {
    r.rip += i.length;
    r.rflags &= ~kFlagRf;
}

}  // namespace

bool emulate_table_store(Vcpu& v, u64 address) {
    auto d = decode_store(v);
    if (!d) return false;
    const Instruction& i = d->instruction;
    u64 at = target_address(i, d->store, v.arch.regs);
    if (at > address || address - at >= i.operand) return false;   // the fault was another access's
    auto done = perform(v, i, d->store, at);
    if (!done) return false;
    if (done.value()) advance(v.arch.regs, i);
    return true;
}

// Plain stores only, aligned and at the address that faulted; what reads first stays the guest's fault.
bool emulate_device_store(Vcpu& v, u64 address, Mfn frame) {
    auto d = decode_store(v);
    if (!d || d->store.kind != Kind::modify || d->store.op != Alu::mov) return false;
    const Instruction& i = d->instruction;
    if (target_address(i, d->store, v.arch.regs) != address || address % i.operand) return false;
    u64 value = d->store.source & size_mask(i.operand);
    if (!write_device_page(*v.domain, frame, page_offset(address), i.operand, value)) return false;
    advance(v.arch.regs, i);
    return true;
}

}  // namespace xen::pv
