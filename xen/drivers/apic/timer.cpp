// SPDX-License-Identifier: MIT
// The local APIC's timer (SDM 3A 10.5.4), one-shot or TSC deadline. It may fire early by rounding, or because the
// interval was longer than the counter: the timer softirq then sets it again.
#include <asm/cpu.hpp>
#include <asm/interrupt.hpp>
#include <asm/vectors.hpp>
#include <xen/apic.hpp>
#include <xen/arch_platform.hpp>
#include <xen/percpu.hpp>
#include <xen/softirq.hpp>
#include <xen/time.hpp>

#include "drivers/apic/interval.hpp"
#include "drivers/apic/local.hpp"
#include "drivers/apic/registers.hpp"

namespace xen::apic {
namespace {

constexpr u32 kDivideBy1 = 0xb;
constexpr u32 kModeDeadline = 2 << 17;
constexpr u32 kDeadlineMsr = 0x6e0;

u64 frequency = 0;
bool use_deadline = false;

// What the hardware is set to; 0: nothing.
XEN_PERCPU constinit PerCpu<Nanos> programmed{};

void on_timer() {
    programmed.local() = Nanos{};
    softirq::raise(softirq::Kind::timer);
}

void stop() {
    if (use_deadline) arch::wrmsr(kDeadlineMsr, 0);
    else write(kTimerInitial, 0);
}

}  // namespace

void start_counting() {
    write(kTimerDivide, kDivideBy1);
    write(kLvtTimer, kMasked | vectors::kTimer);
    write(kTimerInitial, ~0u);
}

u32 counted() { return ~read(kTimerCurrent); }

void set_timer_frequency(u64 hz) {
    frequency = hz;
    use_deadline = arch::cpuid(1).c & (1u << 24);
}

bool deadline_mode() { return use_deadline; }

// In deadline mode a write of the MSR right after the LVT's could come first (SDM 3A 10.5.4.1): the fence orders them.
void init_timer() {
    irq::set_direct_handler(vectors::kTimer, on_timer);
    write(kTimerDivide, kDivideBy1);
    write(kLvtTimer, vectors::kTimer | (use_deadline ? kModeDeadline : 0));
    static_cast<void>(arch::rdtsc_ordered());
    stop();
    programmed.local() = Nanos{};
}

}  // namespace xen::apic

namespace xen::arch {

bool program_timer(Nanos deadline) {
    Nanos& set = apic::programmed.local();
    if (deadline == set) return true;
    if (!deadline.raw()) {
        apic::stop();
        set = deadline;
        return true;
    }
    s64 left = deadline - time::now();
    if (left <= 0) return false;
    if (apic::use_deadline) {
        u64 now = arch::rdtsc();
        arch::wrmsr(apic::kDeadlineMsr, now + apic::ticks_for(static_cast<u64>(left), time::tsc_khz() * 1000));
    } else {
        u64 ticks = apic::ticks_for(static_cast<u64>(left), apic::frequency);
        apic::write(apic::kTimerInitial, apic::clamp_count(ticks));
    }
    set = deadline;
    return true;
}

}  // namespace xen::arch
