// SPDX-License-Identifier: MIT
// Birth: every subsystem builds its part of a domain and of its vCPUs, or none stays.
#include <bit>

#include <public/domctl.h>
#include <xen/arch_domain.hpp>
#include <xen/event.hpp>
#include <xen/grant.hpp>
#include <xen/memory.hpp>
#include <xen/option.hpp>
#include <xen/rangeset.hpp>
#include <xen/sched.hpp>
#include <xen/time.hpp>
#include <xen/trace.hpp>

#include "common/domain/free.hpp"
#include "common/domain/registry.hpp"
#include "lib/string.hpp"

namespace xen::domain {
namespace {

constexpr u32 kSharedVcpus = XEN_LEGACY_MAX_VCPUS;  // these have their vcpu_info in shared_info

// Page-aligned, so that a frame number names it (PageInfo::owner_index).
Domain* allocate_domain() {
    void* p = memory::allocate_heap_pages(kDomainOrder);
    if (!p) return nullptr;
    memset(p, 0, kPageSize << kDomainOrder.raw());
    return ::new (p) Domain();
}

void describe(Domain& d, const CreateInfo& info) {
    d.id = info.id;
    d.max_vcpus = info.max_vcpus;
    d.create_flags = info.flags;
    d.ssid = info.ssid;
    memcpy(d.handle, info.handle, sizeof(d.handle));
    d.is_privileged = info.privileged;
    d.is_hardware = info.hardware;
    d.is_store = info.flags & XEN_DOMCTL_CDF_xs_domain;
    d.controller_pauses = 1;
}

Status make_ranges(Domain& d) {
    for (RangeSet** set : {&d.io_ports, &d.io_memory, &d.irqs}) {
        auto box = TRY(Box<RangeSet>::create());
        *set = box.leak();
    }
    return {};
}

Status make_shared_info(Domain& d) {
    void* page = memory::allocate_heap_pages(Order{0});
    if (!page) return Errno::nomem;
    memset(page, 0, kPageSize);
    d.shared = static_cast<shared_info*>(page);
    for (auto& info : d.shared->vcpu_info) arch::set_upcall_mask(info, true);
    memory::share_heap_page(page, d, true);
    d.arch.shared_info_mfn = arch::direct_map_mfn(page);
    time::publish_wall_clock(d);
    return {};
}

u32 or_default(u32 asked, u32 fallback) { return asked ? asked : fallback; }

Status build(Domain& d, const CreateInfo& info) {
    auto vcpus = TRY(Array<Vcpu*>::create(info.max_vcpus));
    d.vcpus = std::move(vcpus);
    TRY(make_ranges(d));
    TRY(arch::init_domain(d, info));
    TRY(make_shared_info(d));
    TRY(event::init_domain(d, info.max_evtchn_port));
    const option::Values& o = option::values();
    TRY(grant::init_domain(d, or_default(info.max_grant_frames, o.gnttab_max_frames),
                           or_default(info.max_maptrack_frames, o.gnttab_max_maptrack_frames), info.grant_version));
    return sched::init_domain(d, info.cpupool);
}

Status build_vcpu(Vcpu& v) {
    TRY(arch::init_vcpu(v));
    if (v.domain->is_idle) return {};
    if (v.id.raw() < kSharedVcpus) v.info = &v.domain->shared->vcpu_info[v.id.raw()];
    TRY(event::init_vcpu(v));
    return sched::init_vcpu(v);
}

}  // namespace

Result<Domain&> create(const CreateInfo& info) {
    if (info.max_vcpus == 0 || info.max_vcpus > kMaxVcpus) return Errno::inval;
    Domain* d = allocate_domain();
    if (!d) return Errno::nomem;
    describe(*d, info);
    Status s = build(*d, info);
    if (s) s = enlist(*d);
    if (!s) {
        free_parts(*d);
        return s.error();
    }
    trace::put(TRC_DOM0_DOM_ADD, d->id.raw());
    if (!dom0 && info.hardware) dom0 = d;
    return *d;
}

Result<Vcpu&> create_vcpu(Domain& d, VcpuId id) {
    if (id.raw() >= d.max_vcpus) return Errno::inval;
    if (d.vcpus[id.raw()]) return Errno::exist;
    auto box = TRY(Box<Vcpu>::create());
    Vcpu* v = box.leak();
    v->domain = &d;
    v->id = id;
    v->domain_is_idle = d.is_idle;
    if (Status s = build_vcpu(*v); !s) {
        free_vcpu(*v);
        return s.error();
    }
    d.vcpus[id.raw()] = v;
    return *v;
}

}  // namespace xen::domain
