// SPDX-License-Identifier: MIT
// Pausing whole domains. The toolstack's pauses are counted apart, so that it cannot undo the hypervisor's own.
#include <xen/sched.hpp>

namespace xen::domain {

void pause_nosync(Domain& d) {
    d.for_each_vcpu([](Vcpu& v) { sched::pause_nosync(v); });
}

void pause(Domain& d) {
    pause_nosync(d);
    d.for_each_vcpu([](Vcpu& v) {
        if (&v == &current()) return;
        sched::pause(v);   // waits
        sched::unpause(v);
    });
}

void unpause(Domain& d) {
    d.for_each_vcpu([](Vcpu& v) { sched::unpause(v); });
}

namespace {
constexpr u32 kMostPauses = 255;  // XEN_DOMCTL_pausedomain refuses more
}

// The first controller pause keeps every vCPU off, those that are created later too (sched::init_vcpu looks).
Status pause_by_controller(Domain& d) {
    {
        Guard g{d.lock};
        if (d.controller_pauses == kMostPauses) return Errno::overflow;
        if (d.controller_pauses++ > 0) return {};
    }
    pause(d);
    return {};
}

Status unpause_by_controller(Domain& d) {
    {
        Guard g{d.lock};
        if (d.controller_pauses == 0) return Errno::inval;
        if (--d.controller_pauses > 0) return {};
        d.was_unpaused = true;
    }
    unpause(d);
    return {};
}

}  // namespace xen::domain
