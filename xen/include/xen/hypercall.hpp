// SPDX-License-Identifier: MIT
// Hypercall dispatch as handlers see it: how to yield and come back. The table is common/hypercall/table.
//
// A handler that loops over what a guest sized asks preempt_due() between bounded steps; when due it stores its
// progress into its arguments with continue_with() and returns what that gives (Errno::restart).
#pragma once

#include <xen/domain.hpp>

#include "lib/result.hpp"

namespace xen::hypercall {

inline constexpr unsigned kMaxArgs = 6;

// The running hypercall of this CPU; `args` are the next round's, once it yields.
struct Frame {
    u64 number;
    u64 args[kMaxArgs];
    unsigned changed;       // leading arguments that continue_with() replaced
    bool in_multicall;
};
Frame& frame();                    // of the current vCPU

bool preempt_due();                // a softirq or an event for this vCPU is pending

// The call starts again with these arguments (as many as given; the rest stay).
template <class... A>
Errno continue_with(A... a) {
    Frame& f = frame();
    u64 values[] = {static_cast<u64>(a)...};
    for (unsigned i = 0; i < sizeof...(a); ++i) f.args[i] = values[i];
    f.changed = sizeof...(a);
    return Errno::restart;
}

// From the entry code: runs the call that the vCPU's registers describe.
void from_guest(Vcpu& v);

}  // namespace xen::hypercall
