// SPDX-License-Identifier: MIT
// Sharing: entries are written by their owner while nobody uses them, as the ABI asks; handles are taken from the
// mapper's records.
#include <asm/mm.hpp>
#include <string.h>
#include <xen/memory.hpp>

#include "grant_table.hpp"
#include "guest_calls.hpp"
#include "world.hpp"

namespace xen::census {

using arch::Pte;

namespace {

constexpr u64 kMarks = GTF_reading | GTF_writing;

// Null while the entry is in use, or its page was never made.
u32* free_entry(const Domain& d, u32 ref) {
    grant::SharedEntry e = shared_entry(d, ref);
    if (!e) return nullptr;
    bool waits = (*e.header & GTF_type_mask) == GTF_accept_transfer;
    return (*e.status & kMarks) && !(waits && !e.v2) ? nullptr : e.header;
}

struct Live {
    u32 handle = 0, flags = 0, frame = 0;
    u16 granter = 0;
};

std::vector<Live> live_handles(const Domain& d) {
    std::vector<Live> list;
    const grant::MapTrack& track = d.grants->maptrack;
    for (u32 h = 0; h < track.limit(); ++h)
        if (u32 f = track.at(h).flags.load(); f & grant::Mapping::kMapped) list.push_back({h, f, track.at(h).frame, track.at(h).domid});
    return list;
}

// The L1 entry of the domain that maps the frame that way.
bool find_entry(const std::vector<Mfn>& pages, const Live& m, Mfn& table, unsigned& index) {
    for (Mfn f : pages) {
        if (page_of(f).page_type() != PageType::l1 || !page_of(f).type_uses()) continue;
        MappedPage<Pte> entries{f};
        for (unsigned i = 0; i < arch::kEntries; ++i)
            if (entries[i].present() && entries[i].mfn() == Mfn{m.frame} && entries[i].writable() == !(m.flags & GNTMAP_readonly)) {
                table = f;
                index = i;
                return true;
            }
    }
    return false;
}

}  // namespace

void World::grant(Turn& t) {
    u32 ref = t.c.below(kRefs);
    u32* header = free_entry(*t.g.d, ref);
    if (!header) return;
    u16 to = domain_id(t);
    u32 kind = t.c.of({u32{GTF_permit_access}, u32{GTF_permit_access}, u32{GTF_permit_access}, u32{GTF_accept_transfer}, u32{GTF_transitive}});
    // Pages that hold events are nobody else's to write; tables may be shared, for reading.
    Mfn f = page(t);
    bool v2 = t.g.d->grants->version() == 2;
    if (kind == GTF_transitive && !v2) kind = GTF_permit_access;
    u32 flags = kind;
    if (kind == GTF_permit_access && (t.g.keeps(f) || t.c.one_in(3))) flags |= GTF_readonly;
    if (!v2) {
        auto* e = reinterpret_cast<grant_entry_v1*>(header);
        *e = {static_cast<u16>(flags), to, kind == GTF_accept_transfer ? t.c.below(64) : static_cast<u32>(f.raw())};
        return;
    }
    auto* e = reinterpret_cast<grant_entry_v2*>(header);
    memset(e, 0, sizeof(*e));
    if (kind == GTF_transitive) {
        e->transitive.trans_domid = domain_id(t);
        e->transitive.gref = t.c.below(kRefs);
    } else if (kind == GTF_permit_access && t.c.one_in(3)) {
        flags |= GTF_sub_page;
        e->sub_page.page_off = static_cast<u16>(t.c.below(kPageSize));
        e->sub_page.length = static_cast<u16>(t.c.below(kPageSize));
        e->sub_page.frame = f.raw();
    } else {
        e->full_page.frame = f.raw();
    }
    *header = flags | u32{to} << 16;
}

// The owner takes a grant back, or makes one in use read-only.
void World::revoke(Turn& t) {
    u32 ref = t.c.below(kRefs);
    grant::SharedEntry e = shared_entry(*t.g.d, ref);
    if (!e) return;
    if (free_entry(*t.g.d, ref)) *e.header = 0;
    else *e.header |= GTF_readonly;
}

// Overwrites the entry of a mapping instead of ending it.
Call World::undo_mapping(Turn& t) {
    auto* u = t.args.make<mmu_update_t>();
    for (const Live& m : live_handles(*t.g.d)) {
        Mfn where;
        unsigned index = 0;
        if (!(m.flags & GNTMAP_host_map) || t.c.one_in(2) || !find_entry(pages_of(t.g), m, where, index)) continue;
        u->ptr = address_of(where).raw() + index * sizeof(Pte);
        u->val = t.c.one_in(2) ? 0 : entry(t);
    }
    return {__HYPERVISOR_mmu_update, {at(u), 1, 0, DOMID_SELF}};
}

// A page that is or was shared becomes a table, if nobody writes it any more.
Call World::pin_granted(Turn& t) {
    auto* op = t.args.make<mmuext_op_t>();
    op->cmd = MMUEXT_PIN_L1_TABLE;
    grant::SharedEntry e = shared_entry(*t.g.d, t.c.below(kRefs));
    if (e) op->arg1.mfn = e.frame();
    return {__HYPERVISOR_mmuext_op, {at(op), 1, 0, DOMID_SELF}};
}

Call World::map_grants(Turn& t) {
    u32 n = 1 + t.c.below(3);
    auto* list = t.args.make<gnttab_map_grant_ref>(n);
    for (u32 i = 0; i < n; ++i) {
        auto& op = list[i];
        Guest& from = t.c.one_in(12) ? t.g : other(t);
        op.dom = t.c.one_in(12) ? domain_id(t) : from.d->id.raw();
        op.ref = t.c.one_in(16) ? 5000 : t.c.below(kRefs);
        op.flags = t.c.of({u32{GNTMAP_host_map}, u32{GNTMAP_host_map}, u32{GNTMAP_device_map}, u32{GNTMAP_host_map | GNTMAP_device_map}});
        if (t.c.one_in(3)) op.flags |= GNTMAP_readonly;
        if (t.c.one_in(4)) op.flags |= GNTMAP_application_map;
        // One that is granted to us, if there is one.
        for (u32 ref = 0; ref < kRefs; ++ref) {
            grant::SharedEntry e = shared_entry(*from.d, ref);
            if (e && grant::domid_of(*e.header) == t.g.d->id && (*e.header & GTF_type_mask) == GTF_permit_access && t.c.one_in(2)) op.ref = ref;
        }
        if (!(op.flags & GNTMAP_host_map)) continue;
        if (t.c.one_in(2)) {
            op.flags |= GNTMAP_contains_pte;
            Mfn where = table(t);
            for (Mfn f : pages_of(t.g))
                if (page_of(f).page_type() == PageType::l1 && page_of(f).type_uses() && t.c.one_in(2)) where = f;
            op.host_addr = address_of(where).raw() + slot(t) * sizeof(Pte);
        } else {
            op.host_addr = address(t);
        }
    }
    return {__HYPERVISOR_grant_table_op, {GNTTABOP_map_grant_ref, at(list), n}};
}

Call World::unmap_grants(Turn& t) {
    u32 n = 1 + t.c.below(3);
    auto* list = t.args.make<gnttab_unmap_grant_ref>(n);
    auto live = live_handles(*t.g.d);
    for (u32 i = 0; i < n; ++i) {
        auto& op = list[i];
        op.handle = t.c.below(300);
        if (live.empty() || t.c.one_in(16)) continue;
        Live m = live[t.c.below(static_cast<u32>(live.size()))];
        op.handle = m.handle;
        if ((m.flags & GNTMAP_device_map) && !t.c.one_in(6)) op.dev_bus_addr = address_of(Mfn{m.frame}).raw();
        Mfn where;
        unsigned index = 0;
        if (!(m.flags & GNTMAP_host_map) || t.c.one_in(8) || !find_entry(pages_of(t.g), m, where, index)) continue;
        op.host_addr = address_of(where).raw() + index * sizeof(Pte);
        if (!(m.flags & GNTMAP_contains_pte)) op.host_addr = address_of_entry(t, where, index).value_or(address(t));
    }
    return {__HYPERVISOR_grant_table_op, {GNTTABOP_unmap_grant_ref, at(list), n}};
}

Call World::replace_grant(Turn& t) {
    auto* op = t.args.make<gnttab_unmap_and_replace>();
    op->new_addr = t.c.one_in(8) ? 0 : address(t);
    op->handle = t.c.below(300);
    for (const Live& m : live_handles(*t.g.d)) {
        Mfn where;
        unsigned index = 0;
        if (t.c.one_in(2) || (m.flags & GNTMAP_contains_pte) || !find_entry(pages_of(t.g), m, where, index)) continue;
        op->handle = m.handle;
        op->host_addr = address_of_entry(t, where, index).value_or(address(t));
    }
    return {__HYPERVISOR_grant_table_op, {GNTTABOP_unmap_and_replace, at(op), 1}};
}

Call World::copy_grants(Turn& t) {
    u32 n = 1 + t.c.below(4);
    auto* list = t.args.make<gnttab_copy>(n);
    for (u32 i = 0; i < n; ++i) {
        auto& op = list[i];
        auto side = [&](gnttab_copy::gnttab_copy_ptr& p, bool by_ref, bool writes) {
            p.offset = static_cast<u16>(t.c.one_in(8) ? t.c.below(5000) : t.c.below(64));
            p.domid = by_ref ? domain_id(t) : u16{DOMID_SELF};
            if (by_ref) p.u.ref = t.c.below(kRefs);
            else p.u.gmfn = writes ? plain_page(t).raw() : page(t).raw();
            if (!by_ref && writes) t.g.writes[t.vcpu].push_back(Mfn{p.u.gmfn});
        };
        bool from_ref = !t.c.one_in(3), to_ref = t.c.one_in(2);
        op.flags = static_cast<u16>((from_ref ? GNTCOPY_source_gref : 0) | (to_ref ? GNTCOPY_dest_gref : 0));
        side(op.source, from_ref, false);
        side(op.dest, to_ref, true);
        op.len = static_cast<u16>(t.c.one_in(8) ? t.c.below(5000) : t.c.below(64));
        // A batch mostly stays with one pair of domains, and often with a page.
        if (i && !t.c.one_in(4)) op.source = list[i - 1].source, op.flags = list[i - 1].flags, op.dest.domid = list[i - 1].dest.domid;
        if (i && !t.c.one_in(4)) op.dest = list[i - 1].dest, op.flags = list[i - 1].flags, op.source.domid = list[i - 1].source.domid;
    }
    return {__HYPERVISOR_grant_table_op, {GNTTABOP_copy, at(list), n}};
}

Call World::transfer(Turn& t) {
    u32 n = 1 + t.c.below(2);
    auto* list = t.args.make<gnttab_transfer>(n);
    for (u32 i = 0; i < n; ++i) {
        Guest& to = other(t);
        list[i].mfn = page(t).raw();
        list[i].domid = t.c.one_in(16) ? domain_id(t) : to.d->id.raw();
        list[i].ref = t.c.below(kRefs);
        for (u32 ref = 0; ref < kRefs; ++ref) {
            grant::SharedEntry e = shared_entry(*to.d, ref);
            if (e && grant::flags_of(*e.header) == GTF_accept_transfer && grant::domid_of(*e.header) == t.g.d->id) list[i].ref = ref;
        }
        // One that nothing maps: the others are refused.
        for (Mfn f : pages_of(t.g))
            if (page_of(f).references() == 1 && t.c.one_in(4)) list[i].mfn = f.raw();
    }
    return {__HYPERVISOR_grant_table_op, {GNTTABOP_transfer, at(list), n}};
}

Call World::swap_grants(Turn& t) {
    auto* op = t.args.make<gnttab_swap_grant_ref>();
    op->ref_a = t.c.one_in(16) ? 9000 : t.c.below(kRefs);
    op->ref_b = t.c.below(kRefs);
    return {__HYPERVISOR_grant_table_op, {GNTTABOP_swap_grant_ref, at(op), 1}};
}

Call World::grant_version(Turn& t) {
    auto* op = t.args.make<gnttab_set_version>();
    op->version = t.c.one_in(12) ? 3 : 1 + t.c.below(2);
    return {__HYPERVISOR_grant_table_op, {GNTTABOP_set_version, at(op), 1}};
}

Call World::grant_frames(Turn& t) {
    if (t.c.one_in(2)) {
        auto* op = t.args.make<gnttab_get_status_frames>();
        op->dom = t.c.one_in(8) ? domain_id(t) : u16{DOMID_SELF};
        op->nr_frames = t.c.below(3);
        op->frame_list.p = t.args.make<u64>(4);
        return {__HYPERVISOR_grant_table_op, {GNTTABOP_get_status_frames, at(op), 1}};
    }
    auto* op = t.args.make<gnttab_setup_table>();
    op->dom = t.c.one_in(8) ? domain_id(t) : u16{DOMID_SELF};
    op->nr_frames = t.c.below(6);
    op->frame_list.p = t.args.make<xen_pfn_t>(8);
    return {__HYPERVISOR_grant_table_op, {GNTTABOP_setup_table, at(op), 1}};
}

Call World::cache_flush(Turn& t) {
    auto* op = t.args.make<gnttab_cache_flush>();
    op->a.dev_bus_addr = address_of(page(t)).raw();
    op->length = static_cast<u16>(t.c.below(5000));
    op->op = t.c.below(4);
    return {__HYPERVISOR_grant_table_op, {GNTTABOP_cache_flush, at(op), 1}};
}

// The toolstack looks for another domain's table, which grows where it must.
Call World::acquire(Turn& t) {
    auto* r = t.args.make<xen_mem_acquire_resource>();
    r->domid = domain_id(t);
    r->type = XENMEM_resource_grant_table;
    r->id = t.c.below(2);
    r->nr_frames = t.c.below(3);
    r->frame = t.c.below(5);
    r->frame_list.p = r->nr_frames ? t.args.make<xen_pfn_t>(4) : nullptr;
    return {__HYPERVISOR_memory_op, {XENMEM_acquire_resource, at(r)}};
}

}  // namespace xen::census
