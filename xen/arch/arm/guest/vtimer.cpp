// SPDX-License-Identifier: MIT
#include "arch/arm/guest/vtimer.hpp"

#include <asm/guest_el1.hpp>
#include <asm/vgic.hpp>
#include <xen/heap.hpp>
#include <xen/sched.hpp>
#include <xen/time.hpp>
#include <xen/timer.hpp>

namespace xen::vtimer {

struct State {
    Timer wake;       // the virtual timer of a vCPU that sleeps
    Timer physical;
};

namespace {

// CNTx_CTL (ARM D19.12).
constexpr u32 kEnable = 1, kMasked = 2, kStatus = 4;

// A software timer goes off at the latest after this, and finds out that it was too early.
constexpr u64 kFarthestSeconds = 1000;

Nanos time_of(u64 counter) {
    u64 now = time::counter(), farthest = time::tsc_khz() * 1000 * kFarthestSeconds;
    if (counter > now && counter - now > farthest) counter = now + farthest;
    return time::from_tsc(counter);
}

bool armed(u32 control) { return (control & (kEnable | kMasked)) == kEnable; }

void wake(void* vcpu) { sched::notify(*static_cast<Vcpu*>(vcpu)); }

bool physical_expired(const Vcpu& v) { return time::counter() >= v.arch.timer.physical_compare; }

// The physical timer's line as it is now, and when to look again.
void settle_physical(Vcpu& v) {
    u32 control = v.arch.timer.physical_control;
    bool expired = physical_expired(v);
    vgic::set_line(v, kPhysicalPpi, armed(control) && expired);
    if (armed(control) && !expired) v.arch.vtimer->physical.set(time_of(v.arch.timer.physical_compare));
    else v.arch.vtimer->physical.stop();
}

void physical_due(void* vcpu) { settle_physical(*static_cast<Vcpu*>(vcpu)); }

u64 read(const Vcpu& v, unsigned which) {
    const arch::TimerState& t = v.arch.timer;
    switch (which) {
    case 0: return static_cast<u32>(t.physical_compare - time::counter());
    case 1: return t.physical_control | ((t.physical_control & kEnable) && physical_expired(v) ? kStatus : 0);
    default: return t.physical_compare;
    }
}

void write(Vcpu& v, unsigned which, u64 value) {
    arch::TimerState& t = v.arch.timer;
    switch (which) {
    case 0: t.physical_compare = time::counter() + static_cast<u64>(s64{static_cast<s32>(value)}); break;
    case 1: t.physical_control = static_cast<u32>(value) & (kEnable | kMasked); break;
    default: t.physical_compare = value; break;
    }
    settle_physical(v);
}

}  // namespace

Status init_vcpu(Vcpu& v) {
    auto box = TRY(Box<State>::create());
    CpuId cpu = arch::cpu_id();
    box->wake.init(wake, &v, cpu);
    box->physical.init(physical_due, &v, cpu);
    v.arch.vtimer = box.leak();
    return {};
}

void destroy_vcpu(Vcpu& v) {
    State* s = std::exchange(v.arch.vtimer, nullptr);
    if (!s) return;
    s->wake.kill();
    s->physical.kill();
    Box<State>::adopt(s).reset();
}

void reset_vcpu(Vcpu& v) {
    v.arch.timer = {};
    v.arch.vtimer->wake.stop();
    v.arch.vtimer->physical.stop();
    vgic::set_line(v, kPhysicalPpi, false);
}

void fired(Vcpu& v) { vgic::physical_private(v, kVirtualPpi); }

bool line() { return (arch::guest_cntv_ctl() & (kEnable | kMasked | kStatus)) == (kEnable | kStatus); }

// One that can run gets its interrupt from the processor when it does.
void switched_out(Vcpu& v) {
    if (!armed(v.arch.timer.virtual_control) || !sched::is_blocked(v)) return;
    Timer& t = v.arch.vtimer->wake;
    if (t.cpu() != arch::cpu_id()) t.migrate(arch::cpu_id());
    t.set(time_of(v.arch.timer.virtual_compare + v.domain->arch.counter_offset));
}

void switching_in(Vcpu& v) {
    if (v.arch.vtimer->wake.active()) v.arch.vtimer->wake.stop();
}

bool access(Vcpu& v, unsigned which, bool is_read, u64& value) {
    if (is_read) value = read(v, which);
    else write(v, which, value);
    return true;
}

}  // namespace xen::vtimer
