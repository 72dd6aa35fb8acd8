// SPDX-License-Identifier: MIT
// createdomain with every wrong or unusual setting, and the first steps of a domain's life.
#include "control.hpp"
#include "test.hpp"
#include <public/sched.h>

namespace {

domid_t next = 100; // a number is free again only some time after its domain is gone

// A domain that came into being goes at once.
void tried(const char* name) {
    const domid_t asked = dom.domain;
    const long rc = call_dom();
    result(name, rc);
    if (rc) return;
    if (asked && asked < DOMID_FIRST_RESERVED) check(join(name, ".number"), dom.domain == asked);
    const domid_t made = dom.domain;
    result(join(name, ".destroy"), call_dom(XEN_DOMCTL_destroydomain, made));
}

xen_domctl_createdomain& fresh() { return make_create(next++); }

void flags() {
    for (u32 bit = 0; bit < 9; ++bit) {
        if (bit == _XEN_DOMCTL_CDF_hvm || bit == 5 /* iommu */) continue;
        fresh().flags = 1u << bit;
        tried(join("flag.", bit));
    }
    fresh().flags = 1u << 31;
    tried("flag.31");
    fresh().iommu_opts = 1;
    tried("iommu_opts.1");
    fresh().iommu_opts = 2;
    tried("iommu_opts.2");
    for (u32 version : {0u, 1u, 2u, 3u, 15u, 16u, 0x80000001u}) {
        fresh().grant_opts = version;
        tried(join("grant_opts.", version));
    }
    fresh().vmtrace_size = 4096;
    tried("vmtrace_size");
    fresh().ssidref = 12345;
    tried("ssidref");
}

void limits() {
    for (u32 vcpus : {0u, 1u, 128u, 8193u, ~0u}) {
        fresh().max_vcpus = vcpus;
        tried(join("max_vcpus.", vcpus));
    }
    for (u32 port : {0u, 1u, 127u, 0x1ffffu, 0x20000u, 0x7fffffffu, 0x80000000u, ~0u}) {
        fresh().max_evtchn_port = port;
        tried(join("max_evtchn_port.", port));
    }
    for (s64 frames : {s64{0}, s64{1}, s64{64}, s64{65}, s64{1024}, s64{1025}, s64{0x7fffffff}, s64{-1}, s64{-2}}) {
        fresh().max_grant_frames = static_cast<int32_t>(frames);
        tried(join("max_grant_frames.", static_cast<u32>(frames)));
        fresh().max_maptrack_frames = static_cast<int32_t>(frames);
        tried(join("max_maptrack_frames.", static_cast<u32>(frames)));
    }
    for (u32 pool : {1u, 77u, ~0u}) {
        fresh().cpupool_id = pool;
        tried(join("cpupool.", pool));
    }
}

void machine() {
    for (u32 bit = 0; bit < 12; ++bit) {
        fresh().arch.emulation_flags = 1u << bit;
        tried(join("emulation.", bit));
    }
    for (u32 misc : {1u, 2u, 0x80000000u}) {
        fresh().arch.misc_flags = misc;
        tried(join("misc.", misc));
    }
    for (u32 number : {1u, 0x7fefu, 0x7ff0u, 0x7ff1u, 0x7ff2u, 0x7ff4u, 0x8000u, 0xffffu}) {
        make_create(static_cast<domid_t>(number));
        tried(join("number.", number));
    }
    make_dom(XEN_DOMCTL_createdomain, 100, 0xff);
    tried("ones");
}

void show_info(const char* when, domid_t domain) {
    result(join(when, ".info"), call_dom(XEN_DOMCTL_getdomaininfo, domain));
    const auto& d = dom.u.getdomaininfo;
    value(join(when, ".flags"), d.flags);
    value(join(when, ".tot_pages"), d.tot_pages);
    value(join(when, ".max_pages"), d.max_pages);
    value(join(when, ".other_pages"), d.outstanding_pages + d.shr_pages + d.paged_pages);
    value(join(when, ".online"), d.nr_online_vcpus);
    value(join(when, ".max_vcpu"), d.max_vcpu_id);
    value(join(when, ".pool"), d.cpupool);
    value(join(when, ".address_bits"), d.gpaddr_bits);
    value(join(when, ".emulation"), d.arch_config.emulation_flags);
    value(join(when, ".misc"), d.arch_config.misc_flags);
}

void first_steps() {
    const domid_t d = next++;
    make_create(d).handle[3] = 0x5a;
    result("create", call_dom());
    make_create(d);
    result("create.again", call_dom());
    show_info("new", d);
    value("new.handle", dom.u.getdomaininfo.handle[3]);
    for (u32 vcpus : {0u, 1u, 3u, ~0u}) {
        make_dom(XEN_DOMCTL_max_vcpus, d).u.max_vcpus.max = vcpus;
        result(join("max_vcpus.set.", vcpus), call_dom());
    }
    result("unpause.no_vcpus", call_dom(XEN_DOMCTL_unpausedomain, d));
    result("getvcpuinfo.none", call_dom(XEN_DOMCTL_getvcpuinfo, d));
    make_dom(XEN_DOMCTL_max_vcpus, d).u.max_vcpus.max = 2;
    result("max_vcpus.set", call_dom());
    make_dom(XEN_DOMCTL_max_vcpus, d).u.max_vcpus.max = 2;
    result("max_vcpus.set.again", call_dom());
    for (u64 kilobytes : {u64{0}, u64{4}, u64{4096}, ~u64{0}, u64{4096}}) {
        make_dom(XEN_DOMCTL_max_mem, d).u.max_mem.max_memkb = kilobytes;
        result(join("max_mem.", kilobytes), call_dom());
    }
    show_info("with_vcpus", d);
    result("pause", call_dom(XEN_DOMCTL_pausedomain, d));
    result("pause.twice", call_dom(XEN_DOMCTL_pausedomain, d));
    result("resume.running", call_dom(XEN_DOMCTL_resumedomain, d));
    sched_remote_shutdown_t down = {d, 99};
    result("remote_shutdown.reason", hypercall(__HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, address(&down)));
    show_info("shut", d);
    down.reason = SHUTDOWN_suspend;
    result("remote_shutdown.again", hypercall(__HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, address(&down)));
    show_info("shut_again", d);
    result("resume", call_dom(XEN_DOMCTL_resumedomain, d));
    show_info("resumed", d);
    result("destroy", call_dom(XEN_DOMCTL_destroydomain, d));
    const long rc = call_dom(XEN_DOMCTL_getdomaininfo, d);
    check("destroy.gone", rc == -3 || dom.u.getdomaininfo.flags & XEN_DOMINF_dying);
}

} // namespace

void test_create() {
    flags();
    limits();
    machine();
    first_steps();
}
