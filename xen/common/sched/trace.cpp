// SPDX-License-Identifier: MIT
// The scheduler's trace records, as xentrace_format and xenalyze read them.
#include <xen/trace.hpp>

#include "common/sched/unit.hpp"

namespace xen::sched {
namespace {

u32 since(const Unit& u, Nanos now) { return static_cast<u32>(now - u.since); }
u32 domain_of(const Unit& u) { return u.vcpu->domain->id.raw(); }
u32 vcpu_of(const Unit& u) { return u.vcpu->id.raw(); }
// How long the decision holds; all ones for ever.
u32 left(Nanos now, Nanos until) { return until == Nanos{0} ? ~u32{0} : static_cast<u32>(until - now); }

}  // namespace

void trace_state(const Unit& u, RunState next) {
    u32 change = (static_cast<u32>(u.state) & 3) << 8 | (static_cast<u32>(next) & 3) << 4;
    trace::put(TRC_SCHED_RUNSTATE_CHANGE | change, trace_name(u));
}

void trace_switch(const Unit& prev, const Unit& next, Nanos now, Nanos until) {
    u32 waited = next.state == RunState::runnable ? since(next, now) : 0;
    trace::put(TRC_SCHED_SWITCH_INFPREV, domain_of(prev), vcpu_of(prev), since(prev, now));
    trace::put(TRC_SCHED_SWITCH_INFNEXT, domain_of(next), vcpu_of(next), waited, left(now, until));
    trace::put(TRC_SCHED_SWITCH, domain_of(prev), vcpu_of(prev), domain_of(next), vcpu_of(next));
}

void trace_go_on(const Unit& u, Nanos now, Nanos until) {
    trace::put(TRC_SCHED_SWITCH_INFCONT, domain_of(u), vcpu_of(u), since(u, now), left(now, until));
    trace::put(TRC_SCHED_CONTINUE_RUNNING, trace_name(u));
}

}  // namespace xen::sched
