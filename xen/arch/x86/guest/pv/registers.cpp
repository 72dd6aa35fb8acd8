// SPDX-License-Identifier: MIT
// Hypercalls and helpers for a PV vCPU's special registers: debug registers, segment bases, CR0.TS, CR4.
#include "arch/x86/guest/pv/registers.hpp"

#include <asm/cpu.hpp>
#include <asm/entry.hpp>
#include <asm/fpu.hpp>
#include <asm/policy.hpp>
#include <asm/pv.hpp>
#include <asm/segments.hpp>

#include "arch/x86/guest/pv/bounce.hpp"
#include "arch/x86/guest/pv/frame.hpp"

namespace xen::pv {
namespace {

constexpr u64 kDr6Ones = 0xffff0ff0, kDr6Zeros = 0x1000;
constexpr u64 kDr7One = 0x400, kDr7Zeros = 0xd800, kDr7GeneralDetect = 0x2000;
constexpr unsigned kIoBreakpoint = 2;   // R/W field of DR7 (SDM 3B 17.2.4)

bool outside_xen(u64 a) { return arch::guest_range_ok(a, 0); }

// The enable bits of breakpoints on I/O ports, which the emulation of IN and OUT watches.
Result<u64> io_enables(const Vcpu& v, u64 dr7) {
    u64 enables = 0;
    for (unsigned n = 0; n < 4; ++n) {
        if ((dr7 >> (16 + 4 * n) & 3) != kIoBreakpoint) continue;
        if (!(v.arch.cr[4] & kCr4De)) return Errno::perm;
        enables |= dr7 & (u64{3} << 2 * n);
    }
    return enables;
}

void load_breakpoints(const arch::ArchVcpu& a) {
    for (unsigned n = 0; n < 4; ++n) arch::write_dr(n, a.dr[n]);
    arch::write_dr(6, a.dr[6]);
}

Status set_control(Vcpu& v, u64 value) {
    if (value >> 32) return Errno::inval;
    value = (value & ~kDr7Zeros) | kDr7One;
    if (value & kDr7GeneralDetect) return Errno::perm;
    u64 io = 0;
    if (value & kDr7Active) io = TRY(io_enables(v, value));
    bool was_active = v.arch.dr[7] & kDr7Active;
    v.arch.dr[kIoBreakpoints] = io;
    v.arch.dr[7] = value & ~io;
    if (&v != &current()) return {};
    if (!was_active && (v.arch.dr[7] & kDr7Active)) load_breakpoints(v.arch);
    arch::write_dr(7, v.arch.dr[7]);
    return {};
}

void set_base(Vcpu& v, u64& saved, u64 base, void (*write)(u64)) {
    saved = base;
    if (&v == &current()) write(base);
}

}  // namespace

Status set_debug_register(Vcpu& v, unsigned n, u64 value) {
    if ((n == 4 || n == 5) && (v.arch.cr[4] & kCr4De)) return Errno::nodev;
    bool live = &v == &current();
    switch (n) {
    case 0: case 1: case 2: case 3:
        if (!outside_xen(value)) return Errno::perm;
        v.arch.dr[n] = value;
        if (live) arch::write_dr(n, value);
        return {};
    case 4: case 6:
        if (value >> 32) return Errno::inval;
        v.arch.dr[6] = (value & ~kDr6Zeros) | kDr6Ones;
        if (live) arch::write_dr(6, v.arch.dr[6]);
        return {};
    case 5: case 7: return set_control(v, value);
    default: return Errno::nodev;
    }
}

Result<u64> debug_register(const Vcpu& v, unsigned n) {
    if ((n == 4 || n == 5) && (v.arch.cr[4] & kCr4De)) return Errno::nodev;
    switch (n) {
    case 0: case 1: case 2: case 3: return v.arch.dr[n];
    case 4: case 6: return v.arch.dr[6];
    case 5: case 7: return v.arch.dr[7] | v.arch.dr[kIoBreakpoints];
    default: return Errno::nodev;
    }
}

void reset_debug_registers(Vcpu& v) {
    v.arch.dr = {};
    v.arch.dr[6] = kDr6Ones;
    v.arch.dr[7] = kDr7One;
}

Result<s64> set_debugreg(u32 reg, u64 value) {
    TRY(set_debug_register(current(), reg, value));
    return 0;
}

Result<s64> get_debugreg(u32 reg) { return static_cast<s64>(TRY(debug_register(current(), reg))); }

Result<s64> fpu_taskswitch(u32 set) {
    arch::set_task_switched(current(), set != 0);
    return 0;
}

Status write_segment_base(Vcpu& v, unsigned which, u64 base) {
    arch::ArchVcpu& a = v.arch;
    if (!canonical(base)) return Errno::inval;
    switch (which) {
    case SEGBASE_FS: set_base(v, a.fs_base, base, arch::write_fs_base); return {};
    case SEGBASE_GS_USER: set_base(v, a.gs_base_user, base, arch::write_shadow_gs_base); return {};
    case SEGBASE_GS_KERNEL: set_base(v, a.gs_base_kernel, base, arch::write_gs_base); return {};
    default: return Errno::inval;
    }
}

Result<s64> set_segment_base(u32 which, u64 base) {
    Vcpu& v = current();
    if (which != SEGBASE_GS_USER_SEL) {
        TRY(write_segment_base(v, which, base));
        return 0;
    }
    u16 selector = static_cast<u16>(base);
    arch::load_shadow_gs(selector > 3 ? guest_selector(selector) : selector);
    v.arch.gs_base_user = arch::read_shadow_gs_base();
    return 0;
}

namespace {

constexpr u32 kMsrTscAux = 0xc0000103, kMsrSpecCtrl = 0x48;

// What this CPU's registers hold, so that writes which change nothing are left out.
struct Loaded {
    u64 tsc_aux = ~u64{0};
    u64 spec_ctrl = 0;
};
XEN_PERCPU constinit PerCpu<Loaded> loaded;

// RDTSCP or RDPID.
bool has_tsc_aux() {
    const arch::CpuPolicy& host = policy::host();
    return (host.extended[1].d >> 27 & 1) || (host.feature[0].c >> 22 & 1);
}

}  // namespace

void load_tsc_aux(u64 value) {
    if (loaded.local().tsc_aux == value) return;
    if (arch::wrmsr_safe(kMsrTscAux, value)) loaded.local().tsc_aux = value;
}

Status load_spec_ctrl(u64 value) {
    if (loaded.local().spec_ctrl == value) return {};
    TRY(arch::wrmsr_safe(kMsrSpecCtrl, value));
    loaded.local().spec_ctrl = value;
    return {};
}

}  // namespace xen::pv

using namespace xen;

extern "C" void pv_load_registers(Vcpu& v) {
    pv::apply_cr4(v);
    if (pv::has_tsc_aux()) pv::load_tsc_aux(v.arch.msrs->tsc_aux);
    (void)pv::load_spec_ctrl(v.arch.msrs->spec_ctrl).ok();
}
