// SPDX-License-Identifier: MIT
// The registers of a vCPU as the entry code stores them: the same order as cpu_user_regs of the ABI
// (public/arch-x86/xen.h). The processor pushes its frame straight into the vCPU: TSS.RSP0 points behind ss.
#pragma once

#include "lib/types.hpp"

namespace xen::arch {

struct alignas(16) GuestRegs {
    u64 pad;   // keeps the end of the structure 16-byte aligned, as the processor wants RSP0
    u64 r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    u32 error_code, entry_vector;
    u64 rip, cs, rflags, rsp, ss;
};
static_assert(sizeof(GuestRegs) == 176);

// Entry vectors that are no exceptions (bit 8 and up of entry_vector).
inline constexpr u32 kEntrySyscall = 0x100;

}  // namespace xen::arch
