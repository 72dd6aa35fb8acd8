// SPDX-License-Identifier: MIT
// Hypercall dispatch as handlers see it: how to yield and come back. The table is common/hypercall/table.
//
// A handler that loops over what a guest sized asks preempt_due() between bounded steps; when due it stores its
// progress into its arguments with continue_with() and returns what that gives (Errno::restart).
#pragma once

#include <array>

#include <xen/domain.hpp>
#include <xen/event.hpp>
#include <xen/softirq.hpp>

#include "lib/result.hpp"

namespace xen::hypercall {

inline constexpr unsigned kMaxArgs = 6;

// The running hypercall of this CPU; `args` are the next round's, once it yields.
struct Frame {
    u64 args[kMaxArgs];
    unsigned changed;       // leading arguments that continue_with() replaced; 0 again once they are where they belong
    bool in_multicall;
};
Frame& frame();                    // of the current vCPU

// A softirq or an event for this vCPU is pending. Boot builds dom0 on the idle vCPU, which has nowhere to yield to.
inline bool preempt_due() {
    const Vcpu& v = current();
    if (softirq::pending() && !v.is_idle()) [[unlikely]] return true;
    return event::upcall_due(v);
}

// The call starts again with these arguments (as many as given; the rest stay).
template <class... A>
Errno continue_with(A... a) {
    Frame& f = frame();
    u64 values[] = {static_cast<u64>(a)...};
    for (unsigned i = 0; i < sizeof...(a); ++i) f.args[i] = values[i];
    f.changed = sizeof...(a);
    return Errno::restart;
}

// Entry code: by number, with every register of the ABI as it is. A number without a hypercall has one that says so.
inline constexpr unsigned kNumbers = 64;
using Call = s64 (*)(u64, u64, u64, u64, u64, u64);
extern const std::array<Call, kNumbers> calls;
// The call yielded: the registers become those of its next round. What iret gives is no result
// but the guest's rax, whatever it looks like.
void restart(Vcpu& v);
// The whole way from the vCPU's registers and back to them: for calls out of range, while tracing, and where there is no
// entry code.
void from_guest(Vcpu& v);

}  // namespace xen::hypercall
