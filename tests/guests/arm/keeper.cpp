// SPDX-License-Identifier: MIT
// dom0 beside the hostile guest: makes it from its own image, and looks that its own time goes on, that the host forgets
// nothing, and that another guest can be made when this one is gone.
#include "hostile.hpp"

#include <public/domctl.h>
#include <public/memory.h>
#include <public/sched.h>
#include <public/sysctl.h>

extern "C" [[gnu::visibility("hidden")]] char start, file_end;

namespace hostile {
namespace {

constexpr u64 kWindow = 0xb000, kReportWindow = 0xb001, kPage = 4096;    // frames that have nothing behind them
constexpr unsigned kRounds = 1, kVcpus = 2, kLong = 20;     // seconds without a step: it hangs
xen_domctl dom;
xen_sysctl sys;
vcpu_guest_context context;
u64 frames[kPages];
domid_t number = 1;

template <class T>
u64 address(T& t) {
    return reinterpret_cast<u64>(&t);
}

xen_domctl& make(u32 command) {
    __builtin_memset(&dom, 0, sizeof dom);
    dom.cmd = command;
    dom.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    dom.domain = number;
    return dom;
}
s64 call() { return hypercall(__HYPERVISOR_domctl, address(dom)); }

s64 map(u64 frame, u64 at) {
    xen_add_to_physmap_batch op{};
    xen_ulong_t from = frame;
    xen_pfn_t to = at;
    int error = 0;
    op.domid = DOMID_SELF;
    op.space = XENMAPSPACE_gmfn_foreign;
    op.size = 1;
    op.u.foreign_domid = number;
    set_xen_guest_handle(op.idxs, &from);
    set_xen_guest_handle(op.gpfns, &to);
    set_xen_guest_handle(op.errs, &error);
    s64 rc = hypercall(__HYPERVISOR_memory_op, XENMEM_add_to_physmap_batch, address(op));
    return rc ? rc : error;
}

s64 unmap(u64 at) {
    xen_remove_from_physmap op{DOMID_SELF, at};
    return hypercall(__HYPERVISOR_memory_op, XENMEM_remove_from_physmap, address(op));
}

s64 create() {
    auto& c = make(XEN_DOMCTL_createdomain).u.createdomain;
    c.flags = XEN_DOMCTL_CDF_hvm | XEN_DOMCTL_CDF_hap;
    c.max_vcpus = kVcpus;
    c.max_evtchn_port = 1023;
    c.max_grant_frames = c.max_maptrack_frames = -1;
    c.grant_opts = XEN_DOMCTL_GRANT_version(1);
    c.arch.nr_spis = 64;
    if (s64 rc = call()) return rc;
    make(XEN_DOMCTL_max_mem).u.max_mem.max_memkb = kPages * 4 + 1024;
    if (s64 rc = call()) return rc;
    make(XEN_DOMCTL_max_vcpus).u.max_vcpus.max = kVcpus;
    if (s64 rc = call()) return rc;
    u64 first = kMemory / kPage;
    asm("" : "+r"(first));
    for (u64 i = 0; i < kPages; ++i) frames[i] = first + i;
    xen_memory_reservation r{};
    set_xen_guest_handle(r.extent_start, frames);
    r.nr_extents = kPages;
    r.domid = number;
    s64 done = hypercall(__HYPERVISOR_memory_op, XENMEM_populate_physmap, address(r));
    return done == static_cast<s64>(kPages) ? 0 : -1;
}

s64 load_image() {
    auto* from = &start;
    for (u64 frame = kMemory / kPage; from < &file_end; ++frame, from += kPage) {
        if (s64 rc = map(frame, kWindow)) return rc;
        __builtin_memcpy(reinterpret_cast<void*>(kWindow * kPage), from, kPage);
        if (s64 rc = unmap(kWindow)) return rc;
    }
    return map(kReport / kPage, kReportWindow);
}

s64 begin(u64 seed) {
    auto& seen = *reinterpret_cast<volatile Report*>(kReportWindow * kPage);
    seen.seed = seed;
    __builtin_memset(&context, 0, sizeof context);
    context.flags = VGCF_online;
    context.user_regs.pc64 = kMemory;
    context.user_regs.cpsr = 0x3c5;
    context.user_regs.x0 = kMagic;
    context.sctlr = 0xc50078;
    auto& x = make(XEN_DOMCTL_setvcpucontext).u.vcpucontext;
    set_xen_guest_handle(x.ctxt, &context);
    if (s64 rc = call()) return rc;
    return make(XEN_DOMCTL_unpausedomain), call();
}

u64 free_pages() {
    __builtin_memset(&sys, 0, sizeof sys);
    sys.cmd = XEN_SYSCTL_physinfo;
    sys.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return hypercall(__HYPERVISOR_sysctl, address(sys)) ? 0 : sys.u.physinfo.free_pages;
}

void sleep(u64 ticks) {
    WRITE_REGISTER(cntv_tval_el0, ticks);
    WRITE_REGISTER(cntv_ctl_el0, u64{1});
    asm volatile("wfi\n msr daifclr, #2\n isb\n nop\n msr daifset, #2" ::: "memory");
    WRITE_REGISTER(cntv_ctl_el0, u64{0});
}

u32 flags() {
    make(XEN_DOMCTL_getdomaininfo);
    return call() || dom.domain != number ? XEN_DOMINF_dying : dom.u.getdomaininfo.flags;
}

// Until it has been through all of its modes; how long it may take is what the runner of the tests says.
void watch() {
    auto& seen = *reinterpret_cast<volatile Report*>(kReportWindow * kPage);
    u64 late = 0, second = READ_REGISTER(cntfrq_el0), last = ~u64{0}, begun = READ_REGISTER(cntvct_el0), moved = begun, now = begun;
    while (seen.rounds < kRounds && !(flags() & (XEN_DOMINF_dying | XEN_DOMINF_shutdown)) && now - moved < kLong * second) {
        u64 until = READ_REGISTER(cntvct_el0) + second / 200;
        sleep(second / 200);
        now = READ_REGISTER(cntvct_el0);
        if (now > until && now - until > late) late = now - until;
        u64 here = seen.mode << 32 | seen.step;
        if (here != last) moved = now;
        last = here;
    }
    print("mode ");
    print_number(seen.mode);
    print(" step ");
    print_number(seen.step);
    print(" word ");
    print_number(seen.word);
    print(", caught ");
    print_number(seen.faults);
    print(", the second vCPU did ");
    print_number(seen.second);
    print(", flags: ");
    print_number(flags());
    print(", seconds: ");
    print_number((now - begun) / second);
    print(", latest timer, ms: ");
    print_number(late * 1000 / second);
    print("\n");
    for (u32 v = 0; v < kVcpus; ++v) {
        auto& x = make(XEN_DOMCTL_getvcpucontext).u.vcpucontext;
        x.vcpu = v;
        set_xen_guest_handle(x.ctxt, &context);
        call();
        print("vCPU at ");
        print_number(context.user_regs.pc64);
        print(", x16 ");
        print_number(context.user_regs.x16);
        print(", x30 ");
        print_number(context.user_regs.x30);
        print(", its last exception came from ");
        print_number(context.user_regs.elr_el1);
        print("\n");
    }
    check("it has been through its rounds", seen.rounds >= kRounds, 1);
    check("it caught what it did wrong", seen.faults > 100000, 1);
    check("its second vCPU came along", seen.second > 100, 1);
    check("our timer was never a second late", late < second, 1);
}

s64 destroy() {
    unmap(kReportWindow);
    make(XEN_DOMCTL_destroydomain);
    return call();
}

void life(u64 seed) {
    check("the hostile guest is made", static_cast<u64>(create()), 0);
    check("it has its image", static_cast<u64>(load_image()), 0);
    check("it runs", static_cast<u64>(begin(seed)), 0);
    watch();
    check("it is destroyed", static_cast<u64>(destroy()), 0);
    for (unsigned i = 0; i < 20; ++i) sleep(READ_REGISTER(cntfrq_el0) / 100);
    ++number;
}

}  // namespace

void keeper() {
    gic::init();
    life(0x9e3779b97f4a7c15);
    u64 before = free_pages();      // what memory a first domain takes once for all is taken
    life(0xd1b54a32d192ed03);
    constexpr u64 kFew = 8;         // heap pages that stay for the next allocation of their size
    check("the host forgot no memory", free_pages() + kFew >= before, 1);
    finish();
}

}  // namespace hostile

extern "C" void guest_main(u64 context_of_start) {
    if (context_of_start == hostile::kMagic) hostile::guest();
    WRITE_REGISTER(daif, u64{0x3c0});
    print("== keeper of the hostile guest\n");
    hostile::keeper();
}
