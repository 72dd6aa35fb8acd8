// SPDX-License-Identifier: MIT
// System time is the generic timer's physical counter (ARM D12); the hypervisor's timer gives each CPU its interrupts.
#include "arch/arm/platform/state.hpp"

#include <asm/cpu.hpp>
#include <asm/irq.hpp>
#include <asm/sgi.hpp>
#include <asm/timer.hpp>
#include <xen/arch_platform.hpp>
#include <xen/assert.hpp>
#include <xen/boot_tree.hpp>
#include <xen/console.hpp>
#include <xen/log.hpp>
#include <xen/softirq.hpp>
#include <xen/time.hpp>
#include <xen/timer.hpp>

namespace xen::platform {
namespace {

using ull = unsigned long long;

u64 ticks_per_second = 0;

void timer_interrupt() {
    arch::stop_own_timer();
    softirq::raise(softirq::Kind::timer);
}

// The firmware's word in CNTFRQ_EL0, unless the tree corrects it.
u64 frequency() {
    if (Maybe<device_tree::Node> n = boot::tree().find_compatible("arm,armv8-timer"))
        if (Maybe<u64> hz = n->number("clock-frequency"); hz && *hz) return *hz;
    return arch::counter_frequency();
}

void dump_time(char) {
    log_line("Generic timer at %llu kHz, system time %lld ns, wall clock %llu", static_cast<ull>(time::tsc_khz()),
             static_cast<long long>(time::now().raw()), static_cast<ull>(time::unix_seconds_now()));
}

}  // namespace

void init_time() {
    timers::init();
    ticks_per_second = frequency();
    if (ticks_per_second < 1000) panic("the generic timer has no frequency");
    time::start((ticks_per_second + 500) / 1000, arch::read_counter());
    log_line("Generic timer is %llu.%03lluMHz", static_cast<ull>(ticks_per_second / 1000000), static_cast<ull>(ticks_per_second / 1000 % 1000));
    irq::request_private(ppi::kHypervisorTimer, timer_interrupt);
    console::register_key('t', dump_time, "display clock and time info");
}

}  // namespace xen::platform

namespace xen::arch {

// In counts from now: system time and the counter run at the same pace.
bool program_timer(Nanos deadline) {
    if (deadline == Nanos{0}) {
        stop_own_timer();
        return true;
    }
    s64 left = deadline - time::now();
    if (left <= 0) return false;
    constexpr s64 kLongest = 1'000'000'000'000;   // a thousand seconds: it is set anew then
    if (left > kLongest) left = kLongest;
    u64 ticks = static_cast<u64>(static_cast<unsigned __int128>(static_cast<u64>(left)) * time::tsc_khz() / 1000000) + 1;
    set_own_timer(read_counter() + ticks);
    return true;
}

}  // namespace xen::arch
