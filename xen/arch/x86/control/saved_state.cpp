// SPDX-License-Identifier: MIT
// XEN_DOMCTL_getvcpuextstate, get_vcpu_msrs and the ways back. The first carries XCR0 as it is, all that was ever set in it, and
// the XSAVE area in its standard format (SDM volume 1, 13.4).
#include <asm/features.hpp>
#include <asm/fpu.hpp>
#include <asm/policy.hpp>
#include <public/arch-x86/cpufeatureset.h>
#include <xen/arch_vcpu.hpp>
#include <xen/refusal.hpp>
#include <xen/sched.hpp>

#include "arch/x86/control/vcpu_state.hpp"
#include "lib/string.hpp"

namespace xen::arch {
namespace {

constexpr usize kStateHeader = 2 * sizeof(u64), kXsaveHeader = 512;
constexpr u64 kX87 = 1, kSse = 2, kAvx = 4;
using ull = unsigned long long;   // as printed

Result<Vcpu&> stopped_vcpu(Domain& d, u32 id) {
    if (id >= d.max_vcpus || !d.vcpus[id]) return refuse(Errno::srch, "vcpu is %u: there is no such one", id);
    if (d.vcpus[id] == &current()) return refuse(Errno::inval, "vcpu is %u: the caller itself", id);
    return *d.vcpus[id];
}

// Off its CPU, its registers in memory, for as long as this lives.
class Paused {
public:
    explicit Paused(Vcpu& v) : v_{v} {
        sched::pause(v);
        sync_vcpu(v);
    }
    ~Paused() { sched::unpause(v_); }
    Paused(const Paused&) = delete;
    Paused& operator=(const Paused&) = delete;

private:
    Vcpu& v_;
};

u64 state_bytes(u64 accumulated) { return kStateHeader + (accumulated ? policy::xsave_bytes(accumulated) : 0); }

bool valid(u64 xcr0, u64 accumulated, const u8* area) {
    if (accumulated & ~features.xcr0 || xcr0 & ~accumulated || !(xcr0 & kX87)) return false;
    if ((xcr0 & kAvx) && !(xcr0 & kSse)) return false;
    u64 header[8];   // the components that are there, the compacted format, and what must be zero
    memcpy(header, area + kXsaveHeader, sizeof(header));
    u64 others = 0;
    for (unsigned i = 1; i < 8; ++i) others |= header[i];
    return !(header[0] & ~accumulated) && !others;
}

}  // namespace

Status get_extended_state(Domain& d, xen_domctl_vcpuextstate& x) {
    Vcpu& v = TRY(stopped_vcpu(d, x.vcpu));
    Paused pause{v};
    const FpuState& f = *v.arch.fpu;
    u64 to = reinterpret_cast<u64>(x.buffer.p);
    if ((!x.size && !x.xfeature_mask) || !to) {
        x.xfeature_mask = features.xcr0;
        x.size = state_bytes(features.xcr0);   // the most that there can be
        return {};
    }
    u64 size = state_bytes(f.xcr0_accum);
    if (x.size < size || x.xfeature_mask != features.xcr0)
        return refuse(Errno::inval, "size is %llu of %llu, xfeature_mask %#llx, the processor's %#llx", ull{x.size}, ull{size},
                      ull{x.xfeature_mask}, ull{features.xcr0});
    TRY(guest::copy_out(to, &f.xcr0, sizeof(f.xcr0)));
    TRY(guest::copy_out(to + sizeof(u64), &f.xcr0_accum, sizeof(f.xcr0_accum)));
    x.size = size;
    return guest::copy_out(to + kStateHeader, f.area, static_cast<usize>(size - kStateHeader));
}

Status set_extended_state(Domain& d, const xen_domctl_vcpuextstate& x) {
    Vcpu& v = TRY(stopped_vcpu(d, x.vcpu));
    if (x.size < kStateHeader || x.size > state_bytes(features.xcr0))
        return refuse(Errno::inval, "size is %llu, possible are %llu to %llu", ull{x.size}, ull{kStateHeader},
                      ull{state_bytes(features.xcr0)});
    auto image = TRY(Array<u8>::create(static_cast<usize>(state_bytes(features.xcr0))));
    TRY(guest::copy_in(&image[0], reinterpret_cast<u64>(x.buffer.p), static_cast<usize>(x.size)));
    u64 xcr0 = 0, accumulated = 0;
    memcpy(&xcr0, &image[0], sizeof(xcr0));
    memcpy(&accumulated, &image[sizeof(u64)], sizeof(accumulated));
    if (x.size != state_bytes(accumulated))
        return refuse(Errno::inval, "size is %llu, and xcr0_accum %#llx makes it %llu", ull{x.size}, ull{accumulated},
                      ull{state_bytes(accumulated)});
    if (!accumulated && !xcr0) return {};
    if (!accumulated || !valid(xcr0, accumulated, &image[kStateHeader]))
        return refuse(Errno::inval, "xcr0 %#llx, xcr0_accum %#llx or the XSAVE header is wrong", ull{xcr0}, ull{accumulated});
    Paused pause{v};
    FpuState& f = *v.arch.fpu;
    f.xcr0 = xcr0;
    f.xcr0_accum = accumulated;
    memset(f.area, 0, f.size);
    memcpy(f.area, &image[kStateHeader], static_cast<usize>(x.size) - kStateHeader);
    return {};
}

namespace {

struct SavedMsr {
    u32 index;
    u16 feature;   // that a vCPU has it with, 0 for always
    u64 (*get)(const PvMsrs& m);
    bool (*set)(PvMsrs& m, u64 value);
};

template <unsigned kIndex>
constexpr SavedMsr dr_mask(u32 index) {
    return {index, XEN_X86_FEATURE_DBEXT, [](const PvMsrs& m) { return u64{m.dr_mask[kIndex]}; },
            [](PvMsrs& m, u64 value) {
                m.dr_mask[kIndex] = static_cast<u32>(value);
                return value >> 32 == 0;
            }};
}

constexpr u64 kSpecCtrlBits = 0x87, kCpuidFaulting = u64{1} << 31;
constexpr u32 kMiscFeatures = 0x140;
constexpr SavedMsr kSaved[] = {
    {0x48, XEN_X86_FEATURE_IBRSB, [](const PvMsrs& m) { return m.spec_ctrl; },
     [](PvMsrs& m, u64 value) {
         m.spec_ctrl = value;
         return (value & ~kSpecCtrlBits) == 0;
     }},
    {kMiscFeatures, 0, [](const PvMsrs& m) { return u64{m.cpuid_faulting}; },
     [](PvMsrs& m, u64 value) {
         m.cpuid_faulting = value & 1;
         return value <= 1;
     }},
    {0xc0000103, XEN_X86_FEATURE_RDTSCP, [](const PvMsrs& m) { return m.tsc_aux; },
     [](PvMsrs& m, u64 value) {
         m.tsc_aux = value;
         return value >> 32 == 0;
     }},
    dr_mask<0>(0xc0011027), dr_mask<1>(0xc0011019), dr_mask<2>(0xc001101a), dr_mask<3>(0xc001101b),
};
constexpr u32 kSavedMsrs = sizeof(kSaved) / sizeof(kSaved[0]);

bool has(const Vcpu& v, const SavedMsr& m) { return !m.feature || v.domain->arch.policy->features().has(m.feature); }

Status set_one(Vcpu& v, const xen_domctl_vcpu_msr& from) {
    if (from.reserved) return Errno::inval;
    bool faults = v.domain->arch.policy->platform_info & kCpuidFaulting;
    if (from.index == kMiscFeatures && from.value && !faults) return Errno::inval;
    for (const SavedMsr& m : kSaved) {
        if (m.index != from.index || !has(v, m)) continue;
        PvMsrs changed = *v.arch.msrs;
        if (!m.set(changed, from.value)) return Errno::inval;
        *v.arch.msrs = changed;
        return {};
    }
    return Errno::inval;
}

}  // namespace

// Only those that are not zero are told.
Status get_msrs(Domain& d, xen_domctl_vcpu_msrs& x) {
    Vcpu& v = TRY(stopped_vcpu(d, x.vcpu));
    auto to = guest_out(x.msrs);
    if (to.is_null()) {
        x.msr_count = kSavedMsrs;
        return {};
    }
    Paused pause{v};
    u32 n = 0, room = x.msr_count;
    for (const SavedMsr& m : kSaved) {
        u64 value = has(v, m) ? m.get(*v.arch.msrs) : 0;
        if (!value) continue;
        if (n < room) TRY(to.copy_out(xen_domctl_vcpu_msr{m.index, 0, value}, n));
        ++n;
    }
    x.msr_count = n;
    return n > room ? Errno::nobufs : Status{};
}

// After a failure the count is the number of the one that was refused.
Status set_msrs(Domain& d, xen_domctl_vcpu_msrs& x) {
    Vcpu& v = TRY(stopped_vcpu(d, x.vcpu));
    Paused pause{v};
    for (u32 i = 0; i < x.msr_count; ++i) {
        xen_domctl_vcpu_msr one = TRY(guest_in(x.msrs).copy_in(i));
        Status s = set_one(v, one);
        if (s) continue;
        x.msr_count = i;
        return refuse(s.error(), "msrs[%u]: MSR %#x is not %#llx", i, one.index, ull{one.value});
    }
    return {};
}

}  // namespace xen::arch
