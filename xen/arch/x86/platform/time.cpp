// SPDX-License-Identifier: MIT
// The clocks: TSC and APIC timer are measured against a reference for one millisecond at boot, the TSC then all the time.
// What CPUID says of frequencies is not trusted (leaf 0x15 does not hold on emulators).
#include "arch/x86/platform/state.hpp"

#include <asm/cpu.hpp>
#include <xen/console.hpp>
#include <xen/cpumask.hpp>
#include <xen/log.hpp>
#include <xen/sched.hpp>
#include <xen/time.hpp>
#include <xen/timer.hpp>

#include "drivers/apic/local.hpp"
#include "drivers/clock/calibrate.hpp"
#include "drivers/clock/reference.hpp"
#include "drivers/clock/rtc.hpp"
#include "drivers/clock/sample.hpp"

namespace xen::platform {
namespace {

using ull = unsigned long long;

constexpr Nanos kRefineEvery = seconds(1), kRefineAtMost = seconds(10);
constexpr unsigned kQuickRounds = 5;
constexpr s64 kSkewLimit = 100'000;         // ns; what 10 ms at a first, rough frequency can be off by is far less
constexpr u32 kTscAdjust = 0x3b;

clock::Reference reference{};
clock::Refiner refiner;
Timer refine_timer;
Timer tell_timers[kMaxCpus];
Nanos refine_every = kRefineEvery;
unsigned rounds = 0;

struct Clocks {
    u64 counter() { return arch::rdtsc_ordered(); }
    u32 reference() { return platform::reference.read(); }
    u32 other() { return apic::counted(); }
    void relax() { arch::relax(); }
} clocks;

using clock::Sample;
Sample sample() { return clock::Sampler{clocks}.take(); }

void calibrate() {
    apic::start_counting();
    Sample a = sample();
    Sample b = clock::Sampler{clocks}.take_after(a, reference.hz, reference.mask);
    u64 ref = (b.ref - a.ref) & reference.mask;
    u64 khz = (clock::frequency(b.tsc - a.tsc, ref, reference.hz) + 500) / 1000;
    if (!khz) panic("the TSC does not count");
    apic::set_timer_frequency(clock::frequency(b.other - a.other, ref, reference.hz));
    time::start(khz, a.tsc);
    log_line("Platform timer is %llu.%03lluMHz %s", static_cast<ull>(reference.hz / 1000000),
             static_cast<ull>(reference.hz / 1000 % 1000), reference.name);
    log_line("Detected %llu.%03llu MHz processor.", static_cast<ull>(khz / 1000), static_cast<ull>(khz % 1000));
}

// Firmware that wants its own time services used denies the CMOS clock (FADT, no_rtc), which is mostly there all the
// same: what it shows is taken if it is a date.
void read_wall_clock() {
    const auto& fadt = tables().fadt;
    if (Maybe<u64> now = clock::read_rtc(fadt ? fadt->century : u8{0x32})) time::set_wall_clock(*now, 0, time::now());
    else log_warning("%s: the wall clock starts in 1970 until dom0 sets it",
                     fadt && fadt->no_rtc() ? "there is no CMOS clock" : "the CMOS clock cannot be read");
}

// A CPU that stays in one guest would show it the old parameters until the next switch.
void tell_guests() {
    for (usize cpu : cpu_online) tell_timers[cpu].set(Nanos{1});
}

clock::Refiner::Reading reading() {
    Sample s = sample();
    return {s.tsc, s.ref, time::from_tsc(s.tsc).raw()};
}

// Before half of a 24-bit counter's wrap, whatever else.
Nanos next_interval() {
    if (++rounds < kQuickRounds) return kRefineEvery;
    s64 half_wrap = clock::to_ns(reference.mask / 2, reference.hz);
    return half_wrap < kRefineAtMost.raw() ? Nanos{half_wrap} : kRefineAtMost;
}

void refine(void*) {
    u64 flags = arch::irq_save();
    clock::Refiner::Reading r = reading();
    arch::irq_restore(flags);
    refine_every = next_interval();
    u64 khz = refiner.khz_after(r, time::tsc_khz(), refine_every.raw());
    if (khz) {
        time::adjust(khz);
        tell_guests();
    }
    refine_timer.set(time::now() + refine_every.raw());
}

void dump_time(char) {
    log_line("Platform timer %s, TSC at %llu kHz, last error %lld ns, system time %lld ns", reference.name,
             static_cast<ull>(time::tsc_khz()), static_cast<long long>(refiner.last_error()),
             static_cast<long long>(time::now().raw()));
    log_line("APIC timers %s; wall clock %llu", apic::deadline_mode() ? "by TSC deadline" : "one-shot",
             static_cast<ull>(time::unix_seconds_now()));
}

// The boot CPU's counter and reference just before an AP starts.
Sample before_start{};

}  // namespace

void init_time() {
    timers::init();
    u64 flags = arch::irq_save();
    reference = clock::choose(tables());
    calibrate();
    arch::irq_restore(flags);
    apic::init_timer();
    read_wall_clock();
    for (unsigned i = 0; i < kMaxCpus; ++i)
        tell_timers[i].init([](void*) { sched::update_time(current()); }, nullptr, CpuId{i});
    console::register_key('t', dump_time, "display clock and time info");
}

void start_refinement() {
    if (!reference.lasting) return log_warning("no lasting reference clock: the TSC's first calibration stays");
    u64 flags = arch::irq_save();
    refiner.start(reference.hz, reference.mask, reading());
    arch::irq_restore(flags);
    refine_timer.init(refine, nullptr, arch::cpu_id());
    refine_timer.set(time::now() + kRefineEvery.raw());
}

void note_before_start() {
    if (reference.lasting) before_start = sample();
}

// All CPUs share one time base: a counter that started at another value is moved (SDM 3B 17.17.3).
void check_counter() {
    if (!reference.lasting) return;
    Sample now = sample();
    s64 by_ref = clock::to_ns((now.ref - before_start.ref) & reference.mask, reference.hz);
    s64 off = time::from_tsc(now.tsc) - time::from_tsc(before_start.tsc) - by_ref;
    if (off < kSkewLimit && off > -kSkewLimit) return;
    bool can_adjust = arch::cpuid(0).a >= 7 && (arch::cpuid(7).b & 2);
    log_warning("CPU %u: TSC off by %lld ns%s", arch::cpu_id().raw(), static_cast<long long>(off), can_adjust ? "; adjusted" : "");
    if (!can_adjust) return;
    s64 expected = by_ref * static_cast<s64>(time::tsc_khz() / 1000) / 1000;
    u64 target = before_start.tsc + static_cast<u64>(expected);
    arch::wrmsr(kTscAdjust, arch::rdmsr(kTscAdjust) + (target - now.tsc));
}

}  // namespace xen::platform
