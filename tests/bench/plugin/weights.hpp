// SPDX-License-Identifier: MIT
// What an instruction counts beyond its one, where silicon takes far longer than for an addition: orders of magnitude,
// frozen, so that a count cannot be lowered by trading cheap instructions for a dear one. docs/performance.md names them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>

namespace bench {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;

// The opcode and what stands around it (Intel SDM 2, 2.1); enough to know the instructions below.
struct Instruction {
    bool lock = false, wide = false, repeat = false;    // prefixes F0, 66, F2 or F3
    bool high = false;                                  // REX.R: register 8 to 15
    u8 segment = 0;                                     // the segment prefix, or none
    u8 map = 0;                                         // 0, or 0x0f, or 0x38 for 0f 38
    u8 opcode = 0, modrm = 0;
    const u8* rest = nullptr;                           // behind modrm
    std::size_t left = 0;

    bool memory() const { return modrm >> 6 != 3; }
    u8 reg() const { return modrm >> 3 & 7; }
};

inline bool take_prefix(Instruction& insn, u8 byte) {
    switch (byte) {
    case 0xf0: insn.lock = true; return true;
    case 0x66: insn.wide = true; return true;
    case 0xf2: case 0xf3: insn.repeat = true; return true;
    case 0x26: case 0x2e: case 0x36: case 0x3e: case 0x64: case 0x65: insn.segment = byte; return true;
    case 0x67: return true;
    default:                                            // REX; in 16- and 32-bit code INC and DEC, which end at once
        if (byte >> 4 != 4) return false;
        insn.high = byte & 4;
        return true;
    }
}

inline Instruction decode(const u8* bytes, std::size_t size) {
    Instruction insn;
    const u8* const end = bytes + size;
    const auto next = [&] { return bytes < end ? *bytes++ : u8{0}; };
    while (bytes < end && take_prefix(insn, *bytes)) ++bytes;
    insn.opcode = next();
    if (insn.opcode == 0x0f) {
        insn.map = 0x0f;
        insn.opcode = next();
        if (insn.opcode == 0x38) {
            insn.map = 0x38;
            insn.opcode = next();
        }
    }
    insn.modrm = next();
    insn.rest = bytes;
    insn.left = static_cast<std::size_t>(end - bytes);
    return insn;
}

enum class Operand : u8 { any, memory, registers };

struct Dear {
    u8 map, opcode;
    int reg;                // the field of modrm, -1: any
    Operand operand;
    int modrm;              // the whole byte, -1: any
    u32 weight;
};

constexpr u32 kLocked = 20;         // the prefix
constexpr u32 kInterruptSent = 800; // a write to the local APIC's interrupt command register

constexpr Dear kDear[] = {
    {0x0f, 0x22, 3, Operand::any, -1, 200},             // MOV to CR3
    {0x0f, 0x22, 0, Operand::any, -1, 60},              // MOV to CR0
    {0x0f, 0x22, 4, Operand::any, -1, 60},              // MOV to CR4
    {0x0f, 0x06, -1, Operand::any, -1, 60},             // CLTS
    {0x0f, 0x01, 7, Operand::memory, -1, 150},          // INVLPG
    {0x38, 0x82, -1, Operand::memory, -1, 150},         // INVPCID
    {0x0f, 0x30, -1, Operand::any, -1, 150},            // WRMSR
    {0x00, 0xcf, -1, Operand::any, -1, 60},             // IRET
    {0x0f, 0x05, -1, Operand::any, -1, 40},             // SYSCALL: a pair with the next counts 80
    {0x0f, 0x07, -1, Operand::any, -1, 40},             // SYSRET
    {0x0f, 0xae, 5, Operand::registers, -1, 30},        // LFENCE
    {0x0f, 0xae, 6, Operand::registers, -1, 30},        // MFENCE
    {0x0f, 0xae, 7, Operand::registers, -1, 30},        // SFENCE
    {0x0f, 0xa2, -1, Operand::any, -1, 100},            // CPUID
    {0x0f, 0xae, 0, Operand::memory, -1, 100},          // FXSAVE
    {0x0f, 0xae, 1, Operand::memory, -1, 100},          // FXRSTOR
    {0x0f, 0xae, 4, Operand::memory, -1, 100},          // XSAVE
    {0x0f, 0xae, 5, Operand::memory, -1, 100},          // XRSTOR
    {0x0f, 0xae, 6, Operand::memory, -1, 100},          // XSAVEOPT
    {0x0f, 0xc7, 3, Operand::memory, -1, 100},          // XRSTORS
    {0x0f, 0xc7, 4, Operand::memory, -1, 100},          // XSAVEC
    {0x0f, 0xc7, 5, Operand::memory, -1, 100},          // XSAVES
    {0x0f, 0x01, -1, Operand::registers, 0xd8, 1000},   // VMRUN, with the exit
    {0x0f, 0x01, -1, Operand::registers, 0xda, 80},     // VMLOAD
    {0x0f, 0x01, -1, Operand::registers, 0xdb, 80},     // VMSAVE
};

inline bool is(const Dear& dear, const Instruction& insn) {
    if (dear.map != insn.map || dear.opcode != insn.opcode) return false;
    if (dear.reg >= 0 && (dear.reg != insn.reg() || insn.high)) return false;
    if (dear.modrm >= 0 && dear.modrm != insn.modrm) return false;
    return dear.operand == Operand::any || (dear.operand == Operand::memory) == insn.memory();
}

// With 66, F2 or F3 before them the instructions of 0f ae and 0f c7 are others (CLWB, RDFSBASE, RDPID ...).
inline u32 weight(const Instruction& insn) {
    const bool locked = insn.lock || (!insn.map && (insn.opcode & 0xfe) == 0x86 && insn.memory()); // XCHG locks by itself
    if (locked) return kLocked;
    const bool group = insn.map == 0x0f && (insn.opcode == 0xae || insn.opcode == 0xc7);
    if (group && (insn.wide || insn.repeat)) return 0;
    for (const Dear& dear : kDear)
        if (is(dear, insn)) return dear.weight;
    return 0;
}

// Stores that go past the caches (SDM 1 10.4.6.2) touch no line: MOVNTI, MOVNTDQ or MOVNTPD, MOVNTPS.
inline bool past_the_caches(const Instruction& insn) {
    if (insn.map != 0x0f || !insn.memory() || insn.repeat) return false;
    return insn.opcode == 0xc3 || insn.opcode == 0xe7 || insn.opcode == 0x2b;
}

// What the guest's marks say (tests/bench/guest/mark.hpp). Those about time are the RDTSC itself, told from others by a
// segment prefix that means nothing there, so that marking costs no instruction; the others are NOPs outside of what is counted.
enum class Mark : u8 { none, begin, point, end, whole_row, point_row, bare_row };

constexpr u32 kRowMark = 0x58420000;

inline Mark row_mark(const Instruction& insn) {
    if (insn.map != 0x0f || insn.opcode != 0x1f || insn.modrm != 0x80 || insn.left < 4) return Mark::none;
    const u32 number = insn.rest[0] | u32{insn.rest[1]} << 8 | u32{insn.rest[2]} << 16 | u32{insn.rest[3]} << 24;
    switch (number) {
    case kRowMark: return Mark::whole_row;
    case kRowMark + 1: return Mark::point_row;
    case kRowMark + 2: return Mark::bare_row;
    default: return Mark::none;
    }
}

inline Mark mark(const Instruction& insn) {
    if (insn.map != 0x0f || insn.opcode != 0x31) return row_mark(insn);
    switch (insn.segment) {
    case 0x2e: return Mark::begin;
    case 0x36: return Mark::point;
    case 0x3e: return Mark::end;
    default: return Mark::none;
    }
}

// All that the plugin wants to know of an instruction.
struct Classified {
    u32 weight;
    Mark mark;
    bool past_the_caches;
};

inline Classified classify(const u8* bytes, std::size_t size) {
    const Instruction insn = decode(bytes, size);
    return {weight(insn), mark(insn), past_the_caches(insn)};
}

} // namespace bench
