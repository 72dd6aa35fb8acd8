// SPDX-License-Identifier: MIT
// The registers of a 64-bit hypercall: number and result in rax, arguments in rdi, rsi, rdx, r10, r8, r9
// (public/arch-x86/xen-x86_64.h).
#pragma once

#include <xen/domain.hpp>

namespace xen::arch {

class HypercallRegs {
public:
    explicit HypercallRegs(Vcpu& v) : r_{v.arch.regs} {}
    u64 number() const { return r_.rax; }
    u64 arg(unsigned i) const { return const_cast<HypercallRegs*>(this)->slot(i); }
    void set_arg(unsigned i, u64 v) { slot(i) = v; }
    // iret replaces every register: its result is the guest's rax already.
    void set_result(s64 v) { r_.rax = static_cast<u64>(v); }
    // Back onto the SYSCALL instruction (two bytes).
    void again() { r_.rip -= 2; }

private:
    u64& slot(unsigned i) {
        switch (i) {
        case 0: return r_.rdi;
        case 1: return r_.rsi;
        case 2: return r_.rdx;
        case 3: return r_.r10;
        case 4: return r_.r8;
        default: return r_.r9;
        }
    }
    GuestRegs& r_;
};

}  // namespace xen::arch
