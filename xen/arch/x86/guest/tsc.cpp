// SPDX-License-Identifier: MIT
#include <asm/cpu.hpp>
#include <asm/guest_tsc.hpp>
#include <asm/policy.hpp>
#include <xen/arch_domain.hpp>
#include <xen/arch_vcpu.hpp>
#include <xen/domain.hpp>

#include <public/arch-x86/cpufeatureset.h>

namespace xen::arch {
namespace {

constexpr u64 kTicksPerKhz = 1000000;   // nanoseconds in which 1 kHz counts one

u32 host_khz() { return static_cast<u32>(time::tsc_khz()); }

// A native TSC will do when it never stops nor changes its pace, and has the domain's.
bool must_emulate(const GuestTsc& t) {
    if (t.mode == TscMode::native) return false;
    if (t.mode == TscMode::emulated) return true;
    return t.khz != host_khz() || !policy::host().features().has(XEN_X86_FEATURE_ITSC);
}

// The toolstack gives any number for what has elapsed: it wraps around.
u64 since_start(const GuestTsc& t, Nanos now) { return static_cast<u64>(now.raw()) - static_cast<u64>(t.start.raw()); }

// What it reads at a time, which may be before it began: then the count is below 0.
u64 ticks_at(const GuestTsc& t, Nanos when) {
    u64 since = since_start(t, when);
    return static_cast<s64>(since) < 0 ? -ticks_of(-since, t.khz) : ticks_of(since, t.khz);
}

}  // namespace

// Fixed point with 32 fraction bits: exact to a tick in four seconds at 4 GHz, and no division of 128 bits.
u64 ticks_of(u64 nanoseconds, u32 khz) {
    u64 per_nanosecond = (u64{khz} << 32) / kTicksPerKhz;
    return static_cast<u64>(static_cast<unsigned __int128>(nanoseconds) * per_nanosecond >> 32);
}

void init_tsc(Domain& d) { (void)set_tsc(d, 0, 0, 0, 0).ok(); }   // mode 0 exists

Status set_tsc(Domain& d, u32 mode, u32 khz, u64 elapsed, u32 incarnation) {
    if (mode > static_cast<u32>(TscMode::native)) return Errno::inval;
    GuestTsc& t = d.arch.tsc;
    t.mode = static_cast<TscMode>(mode);
    t.khz = khz ? khz : host_khz();
    t.incarnation = incarnation + 1;   // of a new domain: 1
    t.start = Nanos{static_cast<s64>(static_cast<u64>(time::now().raw()) - elapsed)};
    t.emulated = !d.is_hardware && must_emulate(t);
    return {};
}

u64 tsc_elapsed(const Domain& d) {
    const GuestTsc& t = d.arch.tsc;
    if (t.mode == TscMode::native) return 0;
    if (t.emulated) return since_start(t, time::now());
    return time::scaled(rdtsc(), time::tsc_scale());
}

u64 guest_tsc(const Domain& d) {
    const GuestTsc& t = d.arch.tsc;
    return t.emulated ? ticks_at(t, time::now()) : rdtsc();
}

// The guest computes system time from what it reads. The stamp may be older than the domain.
void show_guest_time(const Domain& d, time::Stamp& stamp, time::Scale& scale) {
    const GuestTsc& t = d.arch.tsc;
    if (!t.emulated) return;
    stamp.tsc = ticks_at(t, stamp.system);
    scale = time::scale_for(t.khz);
}

}  // namespace xen::arch
