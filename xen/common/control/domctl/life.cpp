// SPDX-License-Identifier: MIT
#include <xen/arch_control.hpp>
#include <xen/event.hpp>
#include <xen/option.hpp>
#include <xen/refusal.hpp>

#include "common/control/domctl/domctl.hpp"
#include "lib/string.hpp"

namespace xen::control::domctls {
namespace {

u16 last_id;

bool usable(u16 id) { return id != 0 && id < kFirstReservedDom; }

// The id that was asked for, or the next free one.
Result<DomId> choose_id(u16 asked) {
    if (usable(asked)) {
        if (domain::find(DomId{asked})) return refuse(Errno::exist, "domain: there is a d%u", asked);
        return DomId{asked};
    }
    for (u16 i = 1; i < kFirstReservedDom; ++i) {
        u16 id = static_cast<u16>((last_id + i) % kFirstReservedDom);
        if (!usable(id) || domain::find(DomId{id})) continue;
        last_id = id;
        return DomId{id};
    }
    return refuse(Errno::nomem, "domain: all %u ids are in use", kFirstReservedDom - 1);
}

u32 limit(s32 asked, u32 fallback) { return asked < 0 ? fallback : static_cast<u32>(asked); }

}  // namespace

Status create(xen_domctl& op) {
    xen_domctl_createdomain& x = op.u.createdomain;
    if (x.flags & ~u32{XEN_DOMCTL_CDF_MAX * 2 - 1}) return refuse(Errno::inval, "flags is %#x: unknown bits", x.flags);
    if (x.iommu_opts & ~u32{XEN_DOMCTL_IOMMU_MAX * 2 - 1})
        return refuse(Errno::inval, "iommu_opts is %#x: unknown bits", x.iommu_opts);
    if (x.iommu_opts && !(x.flags & XEN_DOMCTL_CDF_iommu))
        return refuse(Errno::inval, "iommu_opts is %#x, and flags asks for no IOMMU", x.iommu_opts);
    if (x.grant_opts & ~u32{XEN_DOMCTL_GRANT_version_mask})
        return refuse(Errno::inval, "grant_opts is %#x: unknown bits", x.grant_opts);
    if (x.max_grant_frames == 0) return refuse(Errno::inval, "max_grant_frames is 0");
    if (x.max_vcpus < 1 || x.max_vcpus > kMaxVcpus)
        return refuse(Errno::inval, "max_vcpus is %u, possible are 1 to %u", x.max_vcpus, kMaxVcpus);
    TRY(arch::check_create(x));
    domain::CreateInfo info;
    info.id = TRY(choose_id(op.domain));
    info.max_vcpus = x.max_vcpus;
    info.flags = x.flags;
    info.ssid = x.ssidref;
    memcpy(info.handle, x.handle, sizeof(info.handle));
    info.max_evtchn_port = x.max_evtchn_port;
    info.max_grant_frames = limit(x.max_grant_frames, option::values().gnttab_max_frames);
    info.max_maptrack_frames = limit(x.max_maptrack_frames, option::values().gnttab_max_maptrack_frames);
    info.grant_version = XEN_DOMCTL_GRANT_version(x.grant_opts);
    info.cpupool = x.cpupool_id;
    info.arch = x.arch;
    Domain& d = TRY(domain::create(info));
    op.domain = d.id.raw();
    return {};
}

// The number was fixed at creation; now the vCPUs are made.
Status max_vcpus(Domain& d, const xen_domctl_max_vcpus& x) {
    TRY(not_itself(d));
    if (x.max != d.max_vcpus) return refuse(Errno::inval, "max is %u, the domain was created for %u", x.max, d.max_vcpus);
    for (u32 i = 0; i < x.max; ++i) {
        if (d.vcpus[i]) continue;
        if (!domain::create_vcpu(d, VcpuId{i})) return refuse(Errno::nomem, "no memory for vCPU %u", i);
    }
    return {};
}

Status max_memory(Domain& d, const xen_domctl_max_mem& x) {
    u64 pages = x.max_memkb >> (kPageShift - 10);
    Guard g{d.page_lock};
    d.max_pages = pages < (u64{1} << 32) ? pages : (u64{1} << 32) - 1;
    return {};
}

Status set_handle(Domain& d, const xen_domctl_setdomainhandle& x) {
    memcpy(d.handle, x.handle, sizeof(d.handle));
    return {};
}

Status set_time_offset(Domain& d, const xen_domctl_settimeoffset& x) {
    d.time_offset_seconds = x.time_offset_seconds;
    return {};
}

Status set_virq_handler(Domain& d, const xen_domctl_set_virq_handler& x) { return event::set_virq_handler(d, x.virq); }

}  // namespace xen::control::domctls
