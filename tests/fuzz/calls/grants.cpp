// SPDX-License-Identifier: MIT
// Grant tables: entries that guests write, and the calls on them.
#include <asm/mm.hpp>
#include <public/grant_table.h>

#include "common/grant/table.hpp"
#include "world.hpp"

namespace xen::fuzz {
namespace {

template <class Op, class Fill>
void grants(Caller& c, u32 cmd, Fill fill) {
    unsigned n = c.in.one_in(8) ? c.in.below(40) : 1 + c.in.below(3);
    Op* ops = c.make<Op>(n + 1);
    for (unsigned i = 0; i < n; ++i) fill(ops[i]);
    c.call(__HYPERVISOR_grant_table_op, cmd, c.pointer(ops), c.in.one_in(64) ? c.in.take<u32>() : n);
}

u32 map_flags(Caller& c) {
    u32 f = c.in.below(32);
    return c.in.one_in(16) ? c.in.take<u32>() : f | GNTMAP_contains_pte;
}
u64 host_address(Caller& c) { return c.in.below(4) ? c.entry() : c.va(); }

// The guest's own writing into its table.
void write_entry(Caller& c) {
    grant::Table* t = c.domain().grants;
    if (!t) return;
    u32 ref = c.in.below(12);
    WriteGuard g{t->lock};
    if (!t->shared(ref).header) return;
    u16 flags = c.in.one_in(8) ? c.in.take<u16>() : static_cast<u16>(c.in.below(8));
    char* page = static_cast<char*>(arch::direct_map(t->shared_mfn(0)));
    if (t->is_v2()) {
        auto& e = reinterpret_cast<grant_entry_v2*>(page)[ref];
        e.hdr = {flags, c.dom()};
        if ((flags & GTF_type_mask) == GTF_transitive) {
            e.transitive.trans_domid = c.other();
            e.transitive.gref = c.grant();
        } else {
            e.full_page.frame = c.frame();
        }
        if (c.in.one_in(4)) {
            e.hdr.flags |= GTF_sub_page;
            e.sub_page.page_off = c.in.take<u16>();
            e.sub_page.length = c.in.take<u16>();
        }
    } else {
        reinterpret_cast<grant_entry_v1*>(page)[ref] = {flags, c.other(), static_cast<u32>(c.frame())};
    }
}

constexpr Operation kOperations[] = {
    write_entry,
    write_entry,
    [](Caller& c) {
        grants<gnttab_map_grant_ref>(c, GNTTABOP_map_grant_ref, [&](gnttab_map_grant_ref& op) {
            op.host_addr = host_address(c);
            op.flags = map_flags(c);
            op.ref = c.grant();
            op.dom = c.dom();
        });
    },
    [](Caller& c) {
        grants<gnttab_unmap_grant_ref>(c, GNTTABOP_unmap_grant_ref, [&](gnttab_unmap_grant_ref& op) {
            op.host_addr = c.in.one_in(3) ? 0 : host_address(c);
            op.dev_bus_addr = c.in.one_in(3) ? c.frame() << kPageShift : 0;
            op.handle = c.handle();
        });
    },
    [](Caller& c) {
        grants<gnttab_unmap_and_replace>(c, GNTTABOP_unmap_and_replace, [&](gnttab_unmap_and_replace& op) {
            op.host_addr = host_address(c);
            op.new_addr = c.in.one_in(3) ? 0 : c.va();
            op.handle = c.handle();
        });
    },
    [](Caller& c) {
        grants<gnttab_copy>(c, GNTTABOP_copy, [&](gnttab_copy& op) {
            op.flags = static_cast<u16>(c.in.one_in(32) ? c.in.take<u16>() : c.in.below(4));
            for (auto* side : {&op.source, &op.dest}) {
                bool by_ref = op.flags & (side == &op.source ? GNTCOPY_source_gref : GNTCOPY_dest_gref);
                if (by_ref) side->u.ref = c.grant();
                else side->u.gmfn = c.frame();
                side->domid = c.dom();
                side->offset = static_cast<u16>(c.in.one_in(2) ? c.in.below(5000) : 0);
            }
            op.len = static_cast<u16>(c.in.one_in(2) ? c.in.below(5000) : c.in.below(64));
        });
    },
    [](Caller& c) {
        grants<gnttab_transfer>(c, GNTTABOP_transfer, [&](gnttab_transfer& op) {
            op.mfn = c.frame();
            op.domid = c.dom();
            op.ref = c.grant();
        });
    },
    [](Caller& c) {
        grants<gnttab_swap_grant_ref>(c, GNTTABOP_swap_grant_ref, [&](gnttab_swap_grant_ref& op) {
            op.ref_a = c.grant();
            op.ref_b = c.grant();
        });
    },
    [](Caller& c) {
        grants<gnttab_cache_flush>(c, GNTTABOP_cache_flush | (c.in.one_in(8) ? c.in.take<u32>() << 12 : 0), [&](gnttab_cache_flush& op) {
            op.op = c.in.below(4) | (c.in.one_in(2) ? GNTTAB_CACHE_SOURCE_GREF : 0);
            if (op.op & GNTTAB_CACHE_SOURCE_GREF) op.a.ref = c.grant();
            else op.a.dev_bus_addr = c.frame() << kPageShift;
            op.offset = static_cast<u16>(c.in.below(5000));
            op.length = static_cast<u16>(c.in.below(5000));
        });
    },
    [](Caller& c) {
        auto* op = c.make<gnttab_setup_table>();
        op->dom = c.dom();
        op->nr_frames = c.in.one_in(16) ? c.in.take<u32>() : c.in.below(70);
        op->frame_list.p = c.pointer(c.make<xen_pfn_t>(80));
        c.call(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, c.pointer(op), c.in.one_in(32) ? 2 : 1);
    },
    [](Caller& c) {
        auto* op = c.make<gnttab_query_size>();
        op->dom = c.dom();
        c.call(__HYPERVISOR_grant_table_op, GNTTABOP_query_size, c.pointer(op), c.in.one_in(32) ? 2 : 1);
    },
    [](Caller& c) {
        auto* op = c.make<gnttab_set_version>();
        op->version = c.in.one_in(8) ? c.in.take<u32>() : 1 + c.in.below(2);
        c.call(__HYPERVISOR_grant_table_op, GNTTABOP_set_version, c.pointer(op), 1);
    },
    [](Caller& c) {
        auto* op = c.make<gnttab_get_version>();
        op->dom = c.dom();
        c.call(__HYPERVISOR_grant_table_op, GNTTABOP_get_version, c.pointer(op), 1);
    },
    [](Caller& c) {
        auto* op = c.make<gnttab_get_status_frames>();
        op->dom = c.dom();
        op->nr_frames = c.in.one_in(16) ? c.in.take<u32>() : c.in.below(10);
        op->frame_list.p = c.pointer(c.make<u64>(16));
        c.call(__HYPERVISOR_grant_table_op, GNTTABOP_get_status_frames, c.pointer(op), c.in.one_in(32) ? 2 : 1);
    },
    [](Caller& c) { c.call(__HYPERVISOR_grant_table_op, c.in.take<u16>(), c.noisy<u64>(8), c.in.below(3)); },
};

}  // namespace

Operations grant_operations() { return kOperations; }

}  // namespace xen::fuzz
