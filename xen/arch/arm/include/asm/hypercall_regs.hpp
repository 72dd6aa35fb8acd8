// SPDX-License-Identifier: MIT
// The registers of a hypercall: number in x16, arguments in x0 to x4, result in x0 (public/arch-arm.h).
#pragma once

#include <xen/domain.hpp>

namespace xen::arch {

class HypercallRegs {
public:
    explicit HypercallRegs(Vcpu& v) : r_{v.arch.regs} {}
    u64 number() const { return r_.x[16]; }
    u64 arg(unsigned i) const { return i < 5 ? r_.x[i] : 0; }
    void set_arg(unsigned i, u64 v) {
        if (i < 5) r_.x[i] = v;
    }
    void set_result(s64 v) { r_.x[0] = static_cast<u64>(v); }
    // Back onto the HVC instruction.
    void again() { r_.pc -= 4; }

private:
    GuestRegs& r_;
};

}  // namespace xen::arch
