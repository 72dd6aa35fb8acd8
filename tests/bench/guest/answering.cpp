// SPDX-License-Identifier: MIT
// The domain that answers: six pages, four of them its tables, and one address each for code, data and shared_info.
#include "control.hpp"
#include "event.hpp"
#include "other.hpp"
#include "page.hpp"
#include "test.hpp"
#include <public/sched.h>

extern "C" const char answer_start[], answer_end[];

namespace {

enum Place { kCode, kData, kL1, kL2, kL3, kL4, kPages };

constexpr u64 kBase = u64{2} << 21;                     // entry 2 of the L2 table
constexpr u64 at_page(u64 n) { return kBase + n * kPageSize; }

struct Data {
    sched_poll poll;
    evtchn_send send;
    evtchn_port_t port;
};

vcpu_guest_context context;
u64 frames[kPages];

// One of its pages, or its shared_info, seen by us for a moment.
template <class F> long with_page(domid_t domain, u64 frame, F change) {
    if (const long rc = map_other(domain, window(0), frame, kReadWrite)) return rc;
    change(window(0));
    window_reset(0);
    return 0;
}

long set_entry(domid_t domain, Place table, unsigned index, u64 entry) {
    return with_page(domain, frames[table], [=](u8* page) { reinterpret_cast<u64*>(page)[index] = entry; });
}

long build_tables(domid_t domain, u64 shared_frame) {
    long rc = set_entry(domain, kL1, 0, frames[kCode] << 12 | kReadOnly);
    rc |= set_entry(domain, kL1, 1, frames[kData] << 12 | kReadWrite);
    rc |= set_entry(domain, kL1, 2, shared_frame << 12 | kReadWrite);
    rc |= set_entry(domain, kL2, 2, frames[kL1] << 12 | kTable);
    rc |= set_entry(domain, kL3, 0, frames[kL2] << 12 | kTable);
    rc |= set_entry(domain, kL4, 0, frames[kL3] << 12 | kTable);
    return rc ? rc : mmuext(MMUEXT_PIN_L4_TABLE, frames[kL4], 0, domain);
}

long fill(domid_t domain, u32 port) {
    const long rc = with_page(domain, frames[kCode], [](u8* page) {
        memcpy(page, answer_start, static_cast<std::size_t>(answer_end - answer_start));
    });
    return rc ? rc : with_page(domain, frames[kData], [=](u8* page) {
        auto& data = *reinterpret_cast<Data*>(page);
        set_handle(data.poll.ports, at_page(1) + offsetof(Data, port));
        data.poll.nr_ports = 1;
        data.send.port = data.port = port;
    });
}

// Flat segments, no callbacks: it polls, and takes no events.
long set_registers(domid_t domain, u32 port) {
    memset(static_cast<void*>(&context), 0, sizeof(context));
    context.flags = VGCF_IN_KERNEL | VGCF_online;
    auto& r = context.user_regs;
    r.rip = at_page(0);
    r.rsp = context.kernel_sp = at_page(2);
    r.cs = FLAT_KERNEL_CS;
    r.ss = FLAT_KERNEL_SS;
    context.kernel_ss = FLAT_KERNEL_SS;
    r.ds = r.es = FLAT_KERNEL_DS;
    r.rflags = 0x200;
    r.rbx = at_page(2) + offsetof(shared_info, evtchn_pending);
    r.r12 = u64{1} << port;
    r.r13 = at_page(1) + offsetof(Data, poll);
    r.r14 = at_page(1) + offsetof(Data, send);
    context.ctrlreg[3] = frames[kL4] << 12;
    auto& x = make_dom(XEN_DOMCTL_setvcpucontext, domain).u.vcpucontext;
    set_handle(x.ctxt, &context);
    return call_dom();
}

// Both ends masked: they are polled, never delivered.
long connect(domid_t domain, u64 shared_frame, u32& remote, u32& local) {
    evtchn_alloc_unbound a = {domain, DOMID_SELF, 0};
    if (const long rc = event_op(EVTCHNOP_alloc_unbound, &a)) return rc;
    evtchn_bind_interdomain b = {domain, a.port, 0};
    if (const long rc = event_op(EVTCHNOP_bind_interdomain, &b)) return rc;
    remote = a.port;
    local = b.local_port;
    set_mask(local, true);
    clear_pending(local);
    if (remote >= 64) return -1;
    return with_page(domain, shared_frame, [=](u8* page) {
        auto& info = *reinterpret_cast<shared_info*>(page);
        info.evtchn_mask[0] |= u64{1} << remote;
    });
}

} // namespace

long start_answering(domid_t domain, u32& local) {
    if (const long rc = populate_other(domain, frames, kPages)) return rc;
    if (const long rc = call_dom(XEN_DOMCTL_getdomaininfo, domain)) return rc;
    const u64 shared_frame = dom.u.getdomaininfo.shared_info_frame;
    u32 remote = 0;
    if (const long rc = connect(domain, shared_frame, remote, local)) return rc;
    if (const long rc = fill(domain, remote)) return rc;
    if (const long rc = build_tables(domain, shared_frame)) return rc;
    if (const long rc = set_registers(domain, remote)) return rc;
    return call_dom(XEN_DOMCTL_unpausedomain, domain);
}
