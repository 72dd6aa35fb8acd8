// SPDX-License-Identifier: MIT
// The NMI watchdog: the PIT's channel 0 through its I/O APIC pin as an NMI to every CPU, 18 times a second. Each CPU
// counts a heartbeat in its timer softirq; one whose heart stands still for `watchdog_timeout` seconds ends in a panic
// with its registers. No performance counter is used: guests and emulators may not have one to spare.
#include <asm/backtrace.hpp>
#include <asm/cpu.hpp>
#include <xen/assert.hpp>
#include <xen/console.hpp>
#include <xen/cpumask.hpp>
#include <xen/log.hpp>
#include <xen/option.hpp>
#include <xen/percpu.hpp>
#include <xen/time.hpp>
#include <xen/timer.hpp>

#include "arch/x86/platform/state.hpp"
#include "drivers/ioapic/ioapic.hpp"

namespace xen::platform {
namespace {

constexpr u16 kChannel0 = 0x40, kControl = 0x43, kStatusPort = 0x61;
constexpr u8 kHardwareErrors = 0xc0;           // memory parity, I/O check: not ours
constexpr u32 kBeatsPerSecond = 18;            // 1193182 / 65536
constexpr u32 kEveryCpu = 0xff;
constexpr u8 kDeliverNmi = 4;
constexpr Nanos kHeartbeat = seconds(1);

struct Heart {
    u32 beats = 0;          // by the timer
    u32 seen = 0;           // by the NMI
    u32 unchanged = 0;      // NMIs since it changed
};
XEN_PERCPU constinit PerCpu<Heart> hearts;
Timer heart_timers[kMaxCpus];
bool running = false;

void beat(void* cpu) {
    __atomic_fetch_add(&hearts.local().beats, 1, __ATOMIC_RELAXED);
    auto i = reinterpret_cast<uptr>(cpu);
    heart_timers[i].set(time::now() + kHeartbeat.raw());
}

u32 pin_of_timer() {
    for (const acpi::Override& o : tables().madt.overrides)
        if (o.source == 0) return o.gsi;
    return 0;
}

void start_pit() {
    arch::outb(kControl, 0x34);   // channel 0, both bytes, rate generator
    arch::outb(kChannel0, 0);
    arch::outb(kChannel0, 0);     // 65536
}

void watch(CpuId cpu) {
    Timer& t = heart_timers[cpu.raw()];
    t.stop();   // a CPU that was off: its timer beat for another one
    t.init(beat, reinterpret_cast<void*>(static_cast<uptr>(cpu.raw())), cpu);
    t.set(time::now() + kHeartbeat.raw());
}

}  // namespace

void start_watchdog() {
    if (!option::values().watchdog) return;
    u32 pin = pin_of_timer();
    if (!ioapic::has_pin(pin)) return log_warning("watchdog: the PIT is not connected to an I/O APIC");
    for (usize i : cpu_online) watch(CpuId{static_cast<u32>(i)});
    running = true;
    start_pit();
    ioapic::write_entry(pin, {0, kDeliverNmi, false, false, false, kEveryCpu});
    log_info("NMI watchdog: a CPU may stand still for %u s", option::values().watchdog_timeout);
}

void watch_this_cpu() {
    if (running) watch(arch::cpu_id());
}

bool watchdog_nmi(const arch::GuestRegs& interrupted) {
    if (!running || (arch::inb(kStatusPort) & kHardwareErrors)) return false;
    if (!cpu_online.test(arch::cpu_id().raw())) return true;
    Heart& h = hearts.local();
    u32 beats = __atomic_load_n(&h.beats, __ATOMIC_RELAXED);
    if (beats != h.seen) {
        h.seen = beats;
        h.unchanged = 0;
    } else if (++h.unchanged > (option::values().watchdog_timeout + 1) * kBeatsPerSecond) {
        console::force_sync();
        arch::print_registers(interrupted);
        arch::print_backtrace(interrupted.rip, interrupted.rsp);
        panic("Watchdog timer detects that CPU%u is stuck!", arch::cpu_id().raw());
    }
    return true;
}

}  // namespace xen::platform
