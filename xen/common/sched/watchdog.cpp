// SPDX-License-Identifier: MIT
// SCHEDOP_watchdog: timers that shut the domain down unless it sets them anew in time.
#include <public/sched.h>
#include <xen/log.hpp>
#include <xen/sched.hpp>
#include <xen/time.hpp>

#include "common/sched/unit.hpp"

namespace xen::sched {

namespace {

// ABI: Xen 4.17 gives ENOSPC through a 32-bit unsigned value, so that a 64-bit guest sees a large positive number.
constexpr s64 kNoneLeft = static_cast<u32>(-static_cast<s32>(Errno::nospc));

void bark(void* data) {
    Domain& d = *static_cast<Domain*>(data);
    if (d.is_shutting_down || d.is_dying()) return;
    log_warning("d%u: its watchdog timer fired", d.id.raw());
    domain::shutdown(d, SHUTDOWN_watchdog);
}

Nanos after(u32 timeout_seconds) { return time::now() + seconds(timeout_seconds).raw(); }

}  // namespace

void init_watchdogs(Domain& d) {
    for (Timer& t : d.sched->watchdogs) t.init(bark, &d, CpuId{0});
}

void kill_watchdogs(Domain& d) {
    for (Timer& t : d.sched->watchdogs) t.kill();
}

Result<s64> set_watchdog(Domain& d, u32 id, u32 timeout) {
    DomainSched& s = *d.sched;
    if (id > kWatchdogs) return Errno::inval;
    Guard g{s.watchdog_lock};
    if (id == 0) {
        for (u32 i = 0; i < kWatchdogs; ++i) {
            if (s.watchdogs_used & (1u << i)) continue;
            s.watchdogs_used |= 1u << i;
            s.watchdogs[i].set(after(timeout));
            return s64{i} + 1;
        }
        return kNoneLeft;
    }
    u32 i = id - 1;
    if (!(s.watchdogs_used & (1u << i))) return Errno::inval;
    if (timeout) {
        s.watchdogs[i].set(after(timeout));
    } else {
        s.watchdogs[i].stop();
        s.watchdogs_used &= ~(1u << i);
    }
    return 0;
}

}  // namespace xen::sched
