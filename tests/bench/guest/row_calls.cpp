// SPDX-License-Identifier: MIT
// Hypercalls that do next to nothing: the way in and out, multicalls, the timer, yielding.
#include "event.hpp"
#include "lib.hpp"
#include "measure.hpp"
#include "rows.hpp"
#include <public/sched.h>
#include <public/version.h>

namespace {

constexpr unsigned kEntries = 32;
multicall_entry batch[kEntries];

void fill() {
    memset(static_cast<void*>(batch), 0, sizeof(batch));
    for (multicall_entry& e : batch) e.op = __HYPERVISOR_xen_version;
}

} // namespace

void calls() {
    row("null_hypercall", lowest([] { hypercall(__HYPERVISOR_xen_version, XENVER_version); }));
    fill();
    row("multicall_entry", lowest([] { hypercall(__HYPERVISOR_multicall, address(batch), kEntries); }), kEntries);
    const u64 later = system_time() + 1'000'000'000;
    row("set_timer", lowest([=] { hypercall(__HYPERVISOR_set_timer_op, later); }));
    hypercall(__HYPERVISOR_set_timer_op, 0);
    row("yield", lowest([] { hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield); }));
}
