// SPDX-License-Identifier: MIT
// Decoder of the few instructions that the hypervisor emulates for PV guests: privileged ones, port I/O, and stores
// (SDM volume 2, chapter 2 and appendix A). Pure: from bytes to a description; nothing is executed or accessed here.
#pragma once

#include <asm/regs.hpp>

#include "lib/maybe.hpp"
#include "lib/types.hpp"

namespace xen::pv {

inline constexpr unsigned kMaxInstruction = 15;   // bytes (SDM 2A 2.3.11)

// Registers by the number that instructions have for them.
u64& gpr(arch::GuestRegs& r, unsigned n);

enum class SegmentName : u8 { none, es, cs, ss, ds, fs, gs };

struct Instruction {
    u16 opcode = 0;              // 0x00xx: one byte; 0x0fxx: after 0x0f
    u8 length = 0;
    u8 operand = 4;              // bytes of its operands: 1, 2, 4 or 8
    u8 address = 8;              // bytes of its addresses: 4 or 8
    SegmentName segment = SegmentName::none;
    bool lock = false, repeat = false, repeat_ne = false;
    bool has_rex = false;        // byte registers 4-7 are spl, bpl, sil, dil then
    bool has_modrm = false;
    u8 mod = 0, reg = 0, rm = 0; // with REX's extensions
    bool is_memory = false;      // rm is at address_of()
    u8 base = kNoRegister, index = kNoRegister, scale = 0;
    bool rip_relative = false;
    s64 displacement = 0;
    u64 immediate = 0;           // sign-extended to the operand
    static constexpr u8 kNoRegister = 0xff;
};

// `n` bytes are known. Nothing: not one of ours, or cut off.
Maybe<Instruction> decode(const u8* bytes, unsigned n, bool is_long);

// The effective address without its segment's base; rip is the instruction's own.
u64 effective_address(const Instruction& i, arch::GuestRegs& r);

// A register operand, and storing to one: 32-bit results clear the upper half, smaller ones leave the rest.
u64 read_register(const Instruction& i, arch::GuestRegs& r, unsigned n, unsigned bytes);
void write_register(const Instruction& i, arch::GuestRegs& r, unsigned n, unsigned bytes, u64 value);

constexpr u64 size_mask(unsigned bytes) { return bytes >= 8 ? ~u64{0} : (u64{1} << 8 * bytes) - 1; }

}  // namespace xen::pv
