// SPDX-License-Identifier: MIT
// What becomes of the machine when the hardware domain shuts down.
#include <public/sched.h>
#include <xen/dom0.hpp>
#include <xen/domain.hpp>
#include <xen/log.hpp>
#include <xen/option.hpp>
#include <xen/platform.hpp>

namespace xen::dom0 {
namespace {

const char* name_of(unsigned reason) {
    static constexpr const char* kNames[] = {"powered off", "asked for a reboot", "suspended", "crashed", "was stopped by its watchdog",
                                             "asked for a soft reset"};
    return reason < sizeof(kNames) / sizeof(kNames[0]) ? kNames[reason] : "shut down for an unknown reason";
}

[[noreturn]] void follow(unsigned reason) {
    bool wants_reboot = reason != SHUTDOWN_poweroff;
    if (!wants_reboot) {
        log_info("dom0 %s: the machine does too", name_of(reason));
        platform::power_off();
    }
    if (option::values().noreboot) {
        log_error("dom0 %s: the machine stops here ('noreboot')", name_of(reason));
        platform::stop_other_cpus();
        arch::irq_disable();
        arch::halt_forever();
    }
    log_info("dom0 %s: rebooting the machine", name_of(reason));
    platform::reboot();
}

}  // namespace

void follow_shutdown() { domain::set_hardware_shutdown([](unsigned reason) { follow(reason); }); }

}  // namespace xen::dom0
