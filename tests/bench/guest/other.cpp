// SPDX-License-Identifier: MIT
#include "other.hpp"
#include "control.hpp"
#include "page.hpp"
#include "test.hpp"
#include <public/memory.h>
#include <public/sched.h>

namespace {

constexpr unsigned kYields = 4;

long memory_op(u32 command, void* argument) { return hypercall(__HYPERVISOR_memory_op, command, address(argument)); }

} // namespace

domid_t new_number() {
    static domid_t next = 100;
    return next++;
}

long make_other(domid_t domain) {
    xen_domctl_createdomain& c = make_create(domain);
    c.max_vcpus = 1;
    c.max_grant_frames = c.max_maptrack_frames = -1;
    if (const long rc = call_dom()) return rc;
    make_dom(XEN_DOMCTL_max_mem, domain).u.max_mem.max_memkb = kMostPages * kPageSize / 1024;
    if (const long rc = call_dom()) return rc;
    make_dom(XEN_DOMCTL_max_vcpus, domain).u.max_vcpus.max = 1;
    return call_dom();
}

long populate_other(domid_t domain, u64* frames, u64 count) {
    for (u64 i = 0; i < count; ++i) frames[i] = i;
    auto r = zeroed<xen_memory_reservation>();
    set_handle(r.extent_start, frames);
    r.nr_extents = count;
    r.domid = domain;
    const long done = memory_op(XENMEM_populate_physmap, &r);
    return done == static_cast<long>(count) ? 0 : -1;
}

long destroy_other(domid_t domain) { return call_dom(XEN_DOMCTL_destroydomain, domain); }

void let_it_end() {
    for (unsigned i = 0; i < kYields; ++i) hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield);
}

u64 free_host_pages() {
    if (call_sys(XEN_SYSCTL_physinfo)) return 0;
    return sys.u.physinfo.free_pages;
}

long map_other(domid_t domain, const void* where, u64 frame, u64 flags) {
    return hypercall(__HYPERVISOR_update_va_mapping_otherdomain, address(where), frame << 12 | flags, UVMF_INVLPG, domain);
}

u64 grant_frame_of(domid_t domain) {
    u64 frame = 0;
    auto r = zeroed<xen_mem_acquire_resource>();
    r.domid = domain;
    r.type = XENMEM_resource_grant_table;
    r.nr_frames = 1;
    set_handle(r.frame_list, &frame);
    return memory_op(XENMEM_acquire_resource, &r) ? 0 : frame;
}
