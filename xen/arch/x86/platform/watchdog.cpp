// SPDX-License-Identifier: MIT
// The NMI watchdog: the PIT's channel 0 through its I/O APIC pin as an NMI to the boot CPU, 18 times a second, which
// sends it on to the others (an I/O APIC reaches all CPUs at once in xAPIC mode only). Each CPU counts a heartbeat in
// its timer softirq; one whose heart stands still for `watchdog_timeout` seconds ends in a panic with its registers. No
// performance counter is used: guests and emulators may not have one to spare.
#include <asm/backtrace.hpp>
#include <asm/cpu.hpp>
#include <asm/smp.hpp>
#include <xen/apic.hpp>
#include <xen/assert.hpp>
#include <xen/console.hpp>
#include <xen/cpumask.hpp>
#include <xen/log.hpp>
#include <xen/option.hpp>
#include <xen/percpu.hpp>
#include <xen/time.hpp>
#include <xen/timer.hpp>

#include <atomic>

#include "arch/x86/platform/nmi.hpp"
#include "arch/x86/platform/state.hpp"
#include "drivers/ioapic/ioapic.hpp"

namespace xen::platform {
namespace {

constexpr u16 kChannel0 = 0x40, kControl = 0x43;
constexpr u32 kBeatsPerSecond = 18;            // 1193182 / 65536
constexpr u32 kLargestDestination = 0xfe;
constexpr CpuId kBootCpu{0};                   // never goes off
constexpr u8 kDeliverNmi = 4;
constexpr Nanos kHeartbeat = seconds(1);

struct Heart {
    u32 beats = 0;          // by the timer
    Pulse pulse{};          // by the NMI
};
XEN_PERCPU constinit PerCpu<Heart> hearts;
Timer heart_timers[kMaxCpus];
bool running = false;
std::atomic<u32> holders{0};

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

void send_on() {
    for (usize i : cpu_online)
        if (CpuId cpu{static_cast<u32>(i)}; cpu != kBootCpu) apic::send_nmi(cpu);
}

}  // namespace

void start_watchdog() {
    if (!option::values().watchdog) return;
    u32 pin = pin_of_timer();
    u32 target = apic::id_of(kBootCpu);
    if (!ioapic::has_pin(pin) || target > kLargestDestination)
        return log_warning("watchdog: the PIT's interrupt does not reach the boot CPU by an I/O APIC");
    for (usize i : cpu_online) watch(CpuId{static_cast<u32>(i)});
    running = true;
    start_pit();
    ioapic::write_entry(pin, {0, kDeliverNmi, false, false, false, target});
    log_info("NMI watchdog: a CPU may stand still for %u s", option::values().watchdog_timeout);
}

void hold_watchdog(bool hold) { holders.fetch_add(hold ? 1 : ~u32{0}, std::memory_order_relaxed); }

// Between an earlier life of this CPU and now no heart beat.
void watch_this_cpu() {
    if (!running) return;
    Heart& h = hearts.local();
    h.pulse.restart(__atomic_load_n(&h.beats, __ATOMIC_RELAXED));
    watch(arch::cpu_id());
}

bool watchdog_nmi(const arch::GuestRegs& interrupted) {
    if (!running) return false;
    if (arch::cpu_id() == kBootCpu) send_on();
    if (!cpu_online.test(arch::cpu_id().raw())) return true;
    Heart& h = hearts.local();
    if (holders.load(std::memory_order_relaxed)) {
        h.pulse.restart(__atomic_load_n(&h.beats, __ATOMIC_RELAXED));
        return true;
    }
    u32 limit = (option::values().watchdog_timeout + 1) * kBeatsPerSecond;
    if (arch::waits_for_others()) limit *= 2;   // the one that it waits for is to be named
    if (h.pulse.stuck(__atomic_load_n(&h.beats, __ATOMIC_RELAXED), limit))
        panic_at(interrupted, "Watchdog timer detects that CPU%u is stuck!", arch::cpu_id().raw());
    return true;
}

}  // namespace xen::platform
