// SPDX-License-Identifier: MIT
// memory_op: reservations, exchanges, maps, resources.
#include <public/arch-x86/hvm/start_info.h>
#include <public/memory.h>

#include "world.hpp"

namespace xen::fuzz {
namespace {

void memory(Caller& c, u64 cmd, const void* op) {
    u64 start = c.in.one_in(32) ? u64{c.in.below(64)} << 6 : 0;   // a continuation that nobody began
    c.call(__HYPERVISOR_memory_op, cmd | start, c.pointer(op));
}

u32 order(Caller& c) { return c.in.one_in(16) ? c.in.take<u32>() : c.in.one_in(4) ? c.in.below(14) : 0; }
u32 memory_flags(Caller& c) {
    switch (c.in.below(6)) {
    case 0: return c.in.below(70);                                  // address bits
    case 1: return (1 + c.in.below(3)) << 8 | c.in.below(2) << 17;  // node
    case 2: return c.in.take<u32>();
    default: return 0;
    }
}

void fill(Caller& c, xen_memory_reservation& r, unsigned n, xen_pfn_t* list) {
    for (unsigned i = 0; i < n; ++i) list[i] = c.frame();
    r.extent_start.p = c.in.one_in(8) ? nullptr : c.pointer(list);
    r.nr_extents = c.in.one_in(16) ? c.number() : n;
    r.extent_order = order(c);
    r.mem_flags = memory_flags(c);
    r.domid = c.dom();
}

void reservation(Caller& c, u64 cmd) {
    unsigned n = c.in.one_in(4) ? c.in.below(40) : 1 + c.in.below(3);
    auto* list = c.make<xen_pfn_t>(n + 1);
    auto* r = c.make<xen_memory_reservation>();
    fill(c, *r, n, list);
    memory(c, cmd, r);
}

constexpr Operation kOperations[] = {
    [](Caller& c) { reservation(c, XENMEM_increase_reservation); },
    [](Caller& c) { reservation(c, XENMEM_decrease_reservation); },
    [](Caller& c) { reservation(c, XENMEM_populate_physmap); },
    [](Caller& c) { reservation(c, XENMEM_claim_pages); },
    [](Caller& c) {
        unsigned n = 1 + c.in.below(4);
        auto* in = c.make<xen_pfn_t>(16);
        auto* out = c.make<xen_pfn_t>(16);
        auto* x = c.make<xen_memory_exchange>();
        fill(c, x->in, n, in);
        fill(c, x->out, n, out);
        if (c.in.below(8)) {
            x->out.domid = x->in.domid;
            x->in.extent_order = c.in.below(2), x->out.extent_order = c.in.below(3);
            x->in.nr_extents = u64{n} << (x->out.extent_order > x->in.extent_order ? x->out.extent_order - x->in.extent_order : 0);
            x->out.nr_extents = x->in.nr_extents << x->in.extent_order >> x->out.extent_order;
        }
        if (c.in.one_in(8)) x->nr_exchanged = c.number();
        memory(c, XENMEM_exchange, x);
    },
    [](Caller& c) {
        constexpr u64 kAsk[] = {XENMEM_maximum_ram_page, XENMEM_current_reservation, XENMEM_maximum_reservation, XENMEM_maximum_gpfn,
                                XENMEM_get_sharing_freed_pages, XENMEM_get_sharing_shared_pages};
        auto* d = c.make<xen_memory_domain>();
        d->domid = c.dom();
        memory(c, c.in.of(kAsk), d);
    },
    [](Caller& c) {
        auto* op = c.make<xen_machphys_mfn_list>();
        op->max_extents = static_cast<u32>(c.number());
        op->extent_start.p = c.pointer(c.make<xen_pfn_t>(64));
        memory(c, c.in.below(2) ? XENMEM_machphys_mfn_list : XENMEM_machphys_compat_mfn_list, op);
    },
    [](Caller& c) { memory(c, XENMEM_machphys_mapping, c.make<xen_machphys_mapping>()); },
    [](Caller& c) {
        auto* op = c.make<xen_add_to_physmap>();
        *op = {c.dom(), c.in.take<u8>(), c.in.below(7), c.number(), c.frame()};
        memory(c, XENMEM_add_to_physmap, op);
    },
    [](Caller& c) {
        auto* op = c.make<xen_add_to_physmap_batch>();
        op->domid = c.dom();
        op->space = static_cast<u16>(c.in.below(7));
        op->size = static_cast<u16>(c.in.below(20));
        op->u.foreign_domid = c.in.one_in(2) ? 0 : c.dom();
        op->idxs.p = c.pointer(c.make<xen_ulong_t>(20));
        op->gpfns.p = c.pointer(c.make<xen_pfn_t>(20));
        op->errs.p = c.pointer(c.make<int>(20));
        memory(c, XENMEM_add_to_physmap_batch, op);
    },
    [](Caller& c) {
        auto* op = c.make<xen_remove_from_physmap>();
        *op = {c.dom(), c.frame()};
        memory(c, XENMEM_remove_from_physmap, op);
    },
    [](Caller& c) {
        auto* op = c.make<xen_memory_map>();
        op->nr_entries = c.in.one_in(8) ? c.in.take<u32>() : c.in.below(20);
        op->buffer.p = c.pointer(c.make<u8>(20 * 20));
        memory(c, c.in.below(2) ? XENMEM_memory_map : XENMEM_machine_memory_map, op);
    },
    [](Caller& c) {
        auto* op = c.make<xen_foreign_memory_map>();
        op->domid = c.dom();
        op->map.nr_entries = c.in.one_in(8) ? c.in.take<u32>() : c.in.below(20);
        op->map.buffer.p = c.pointer(c.noisy<u8>(20 * 20));
        memory(c, XENMEM_set_memory_map, op);
    },
    [](Caller& c) {
        auto* op = c.make<xen_pod_target>();
        op->domid = c.dom();
        op->target_pages = c.number();
        memory(c, c.in.below(2) ? XENMEM_set_pod_target : XENMEM_get_pod_target, op);
    },
    [](Caller& c) {
        auto* op = c.noisy<xen_mem_access_op>();
        op->domid = c.dom();
        op->op = static_cast<u8>(c.in.below(6));
        memory(c, XENMEM_access_op, op);
    },
    [](Caller& c) {
        auto* op = c.make<xen_reserved_device_memory_map>();
        op->flags = c.in.below(4);
        op->nr_entries = c.in.below(4);
        op->buffer.p = c.pointer(c.make<xen_reserved_device_memory_t>(4));
        memory(c, XENMEM_reserved_device_memory_map, op);
    },
    [](Caller& c) {
        auto* op = c.make<xen_mem_acquire_resource>();
        op->domid = c.dom();
        op->type = static_cast<u16>(c.in.below(4));
        op->id = c.in.one_in(8) ? c.in.take<u32>() : c.in.below(3);
        op->nr_frames = c.in.one_in(8) ? c.in.take<u32>() : c.in.below(40);
        op->pad = c.in.one_in(16);
        op->frame = c.in.one_in(8) ? c.in.take<u64>() : c.in.below(8);
        op->frame_list.p = c.in.one_in(4) ? nullptr : c.pointer(c.make<xen_pfn_t>(64));
        memory(c, XENMEM_acquire_resource, op);
    },
    [](Caller& c) {
        auto* op = c.noisy<xen_vnuma_topology_info>();
        op->domid = c.dom();
        memory(c, XENMEM_get_vnumainfo, op);
    },
    [](Caller& c) { memory(c, c.in.below(64), c.noisy<u64>(12)); },
};

}  // namespace

Operations memory_operations() { return kOperations; }

}  // namespace xen::fuzz
