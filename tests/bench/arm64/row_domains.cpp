// SPDX-License-Identifier: MIT
// Other domains: made and destroyed, given memory, and what each costs the host.
#include "measure.hpp"
#include <public/domctl.h>
#include <public/memory.h>
#include <public/sched.h>
#include <public/sysctl.h>

namespace {

constexpr u64 kMostPages = 1024, kFirstFrame = 0x40000;
constexpr unsigned kYields = 4, kBare = 64;
xen_domctl dom;
xen_sysctl sys;
u64 frames[kMostPages];
domid_t number = 100;

xen_domctl& make(u32 command) {
    clear(&dom, sizeof dom);
    dom.cmd = command;
    dom.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    dom.domain = number;
    return dom;
}
s64 call_dom() { return call(__HYPERVISOR_domctl, address(dom)); }

// As xl makes them: with one vCPU and the default limits, and no memory yet. The requests are ready before counting begins.
xen_domctl requests[3];
xen_memory_reservation reservation;
void prepare() {
    clear(&reservation, sizeof reservation);
    set_xen_guest_handle(reservation.extent_start, frames);
    reservation.nr_extents = kMostPages;
    reservation.domid = number;
    auto& c = make(XEN_DOMCTL_createdomain).u.createdomain;
    c.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap;
    c.max_vcpus = 1;
    c.max_evtchn_port = 1023;
    c.max_grant_frames = c.max_maptrack_frames = -1;
    c.grant_opts = XEN_DOMCTL_GRANT_version(1);
    __builtin_memcpy(&requests[0], &dom, sizeof dom);
    make(XEN_DOMCTL_max_mem).u.max_mem.max_memkb = kMostPages * 4;
    __builtin_memcpy(&requests[1], &dom, sizeof dom);
    make(XEN_DOMCTL_max_vcpus).u.max_vcpus.max = 1;
    __builtin_memcpy(&requests[2], &dom, sizeof dom);
}
s64 create() {
    for (xen_domctl& r : requests)
        if (s64 rc = call(__HYPERVISOR_domctl, address(r))) return rc;
    return 0;
}

s64 populate() {
    s64 done = call(__HYPERVISOR_memory_op, XENMEM_populate_physmap, address(reservation));
    return done == static_cast<s64>(kMostPages) ? 0 : -1;
}

s64 destroy() { return make(XEN_DOMCTL_destroydomain), call_dom(); }
// What is done later of a destruction: some yields give it the time.
void let_it_end() {
    for (unsigned i = 0; i < kYields; ++i) call(__HYPERVISOR_sched_op, SCHEDOP_yield);
}
u64 free_pages() {
    clear(&sys, sizeof sys);
    sys.cmd = XEN_SYSCTL_physinfo;
    sys.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return call(__HYPERVISOR_sysctl, address(sys)) ? 0 : sys.u.physinfo.free_pages;
}

void next() {
    ++number;
    prepare();
}
void end() {
    destroy();
    let_it_end();
    next();
}

void life() {
    next();
    s64 rc = create();      // what it takes of memory once for all is taken now
    end();
    if (rc) return no_row("domain_create", rc);
    u64 free = free_pages();
    row("domain_create", lowest([] { create(); }, end));
    row("domain_create_destroy", lowest([] {
            create();
            destroy();
            let_it_end();
        }, next));
    if (free_pages() != free) no_row("domain_destroy_leak", static_cast<s64>(free_pages() - free));
}

void pages() {
    u64 first = kFirstFrame;
    asm("" : "+r"(first));              // else the compiler makes a constant of the list's place, which nobody relocates
    for (u64 i = 0; i < kMostPages; ++i) frames[i] = first + i;
    create();
    s64 rc = populate();
    auto renew = [] {
        end();
        create();
    };
    renew();
    if (rc) return no_row("domain_populate", rc);
    row("domain_populate", lowest([] { populate(); }, renew), kMostPages);
    populate();
    row("domain_destroy_page", lowest([] { destroy(); }, [] {
            let_it_end();
            next();
            create();
            populate();
        }), kMostPages);
    end();
}

void memory_of_bare() {
    u64 before = free_pages();
    domid_t first = number;
    for (unsigned i = 0; i < kBare; ++i, next()) create();
    row("domain_kib", (before - free_pages()) * 4, kBare, Runs::none);
    for (domid_t last = number; first != last; ++first) {
        number = first;
        destroy();
        number = last;
    }
    let_it_end();
}

}  // namespace

void domains() {
    life();
    pages();
    memory_of_bare();
}
