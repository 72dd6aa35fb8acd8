// SPDX-License-Identifier: MIT
// Shutdown, crash and resume.
#include <public/sched.h>
#include <stdarg.h>
#include <xen/event.hpp>
#include <xen/log.hpp>
#include <xen/sched.hpp>
#include <xen/shutdown.hpp>

#include "lib/format.hpp"

namespace xen::domain {
namespace {

void (*hardware_shutdown)(unsigned reason);
void (*observer)(Domain&, unsigned reason);

}  // namespace

void set_hardware_shutdown(void (*handler)(unsigned reason)) { hardware_shutdown = handler; }

void set_shutdown_observer(void (*o)(Domain&, unsigned reason)) { observer = o; }

void shutdown(Domain& d, unsigned reason) {
    {
        Guard g{d.lock};
        if (d.shutdown_code == -1) d.shutdown_code = static_cast<int>(reason);
        if (d.is_shutting_down) return;
        d.is_shutting_down = true;
    }
    if (d.is_hardware && hardware_shutdown) hardware_shutdown(static_cast<unsigned>(d.shutdown_code));
    d.for_each_vcpu([](Vcpu& v) { sched::pause_nosync(v); });
    {
        Guard g{d.lock};
        d.is_shut_down = true;
    }
    if (observer && !d.is_hardware) observer(d, static_cast<unsigned>(d.shutdown_code));
    // A toolstack that waits for this domain's suspension has a channel of its own for it.
    bool subscribed = d.shutdown_code == SHUTDOWN_suspend && d.suspend_port;
    if (subscribed) (void)event::send(d, Port{d.suspend_port}).ok();
    else event::send_host_virq(VIRQ_DOM_EXC);
}

void resume(Domain& d) {
    pause(d);
    {
        Guard g{d.lock};
        if (d.is_shutting_down) d.for_each_vcpu([](Vcpu& v) { sched::unpause(v); });
        d.is_shutting_down = d.is_shut_down = false;
        d.shutdown_code = -1;
    }
    unpause(d);
}

void crash(Domain& d, const char* why, ...) {
    char text[160];
    va_list args;
    va_start(args, why);
    vformat(text, sizeof(text), why, args);
    va_end(args);
    if (d.is_shutting_down) return;
    log_error("d%u crashed: %s", d.id.raw(), text);
    shutdown(d, SHUTDOWN_crash);
}

}  // namespace xen::domain
