// SPDX-License-Identifier: MIT
// Page tables, base pointers, descriptor tables.
#include <asm/mm.hpp>
#include <string.h>
#include <xen/memory.hpp>

#include "guest_calls.hpp"
#include "world.hpp"

namespace xen::census {

using arch::Pte;

Call World::mmu_update(Turn& t) {
    u32 n = 1 + t.c.below(3);
    auto* list = t.args.make<mmu_update_t>(n);
    for (u32 i = 0; i < n; ++i) {
        Mfn f = table(t);
        unsigned index = slot(t);
        u64 kind = t.c.of({u64{MMU_NORMAL_PT_UPDATE}, u64{MMU_NORMAL_PT_UPDATE}, u64{MMU_PT_UPDATE_PRESERVE_AD}, u64{MMU_MACHPHYS_UPDATE}, u64{3}});
        if (t.g.keeps(f)) kind = MMU_MACHPHYS_UPDATE;   // its words are the event model's
        t.g.writes[t.vcpu].push_back(f);
        list[i] = {address_of(f).raw() + index * sizeof(Pte) + kind, entry(t)};
    }
    auto* done = t.args.make<unsigned>();
    return {__HYPERVISOR_mmu_update, {at(list), n, t.c.one_in(2) ? at(done) : 0, DOMID_SELF}};
}

// A page of another domain: for the privileged one only.
Call World::foreign_entry(Turn& t) {
    auto* u = t.args.make<mmu_update_t>();
    Guest& o = other(t);
    auto theirs = pages_of(o);
    Mfn f = theirs.empty() ? Mfn{0} : theirs[t.c.below(static_cast<u32>(theirs.size()))];
    Mfn where = table(t);
    if (t.g.keeps(where)) where = Mfn{0};
    t.g.writes[t.vcpu].push_back(where);
    *u = {address_of(where).raw() + slot(t) * sizeof(Pte), Pte::make(f, flags(t)).raw};
    return {__HYPERVISOR_mmu_update, {at(u), 1, 0, o.d->id.raw()}};
}

Call World::update_va(Turn& t) {
    u64 how = t.c.of({u64{UVMF_NONE}, u64{UVMF_TLB_FLUSH} | UVMF_LOCAL, u64{UVMF_TLB_FLUSH} | UVMF_ALL, u64{UVMF_INVLPG} | UVMF_ALL});
    return {__HYPERVISOR_update_va_mapping, {address(t), entry(t), how}};
}

Call World::pin(Turn& t) {
    u32 n = 1 + t.c.below(2);
    auto* list = t.args.make<mmuext_op_t>(n);
    for (u32 i = 0; i < n; ++i) {
        Mfn f = page(t);
        PageType type = mfn_valid(f) ? page_of(f).page_type() : PageType::none;
        // A page that is a table already is mostly pinned as what it is.
        unsigned level = is_table(type) && !t.c.one_in(4) ? static_cast<unsigned>(type) - 1 : t.c.below(4);
        list[i].cmd = MMUEXT_PIN_L1_TABLE + level;
        list[i].arg1.mfn = f.raw();
    }
    return {__HYPERVISOR_mmuext_op, {at(list), n, 0, DOMID_SELF}};
}

Call World::unpin(Turn& t) {
    auto* op = t.args.make<mmuext_op_t>();
    op->cmd = MMUEXT_UNPIN_TABLE;
    op->arg1.mfn = table(t).raw();
    for (Mfn f : pages_of(t.g))
        if ((page_of(f).type.load() & PageInfo::kPinned) && t.c.one_in(3)) op->arg1.mfn = f.raw();
    return {__HYPERVISOR_mmuext_op, {at(op), 1, 0, DOMID_SELF}};
}

Call World::base(Turn& t) {
    auto* op = t.args.make<mmuext_op_t>();
    op->cmd = t.c.one_in(3) ? MMUEXT_NEW_USER_BASEPTR : MMUEXT_NEW_BASEPTR;
    op->arg1.mfn = page(t).raw();
    for (Mfn f : pages_of(t.g))
        if (page_of(f).page_type() == PageType::l4 && t.c.one_in(2)) op->arg1.mfn = f.raw();
    if (op->cmd == MMUEXT_NEW_USER_BASEPTR && t.c.one_in(3)) op->arg1.mfn = 0;
    return {__HYPERVISOR_mmuext_op, {at(op), 1, 0, DOMID_SELF}};
}

Call World::set_ldt(Turn& t) {
    auto* op = t.args.make<mmuext_op_t>();
    op->cmd = MMUEXT_SET_LDT;
    op->arg1.linear_addr = address(t);
    op->arg2.nr_ents = t.c.of({0u, 1u, 512u, 600u, 9000u});
    return {__HYPERVISOR_mmuext_op, {at(op), 1, 0, DOMID_SELF}};
}

Call World::flush(Turn& t) {
    auto* op = t.args.make<mmuext_op_t>();
    op->cmd = t.c.of({MMUEXT_TLB_FLUSH_LOCAL, MMUEXT_INVLPG_LOCAL, MMUEXT_TLB_FLUSH_ALL, MMUEXT_INVLPG_ALL, MMUEXT_TLB_FLUSH_MULTI,
                      MMUEXT_INVLPG_MULTI, MMUEXT_FLUSH_CACHE});
    op->arg1.linear_addr = address(t);
    if (op->cmd == MMUEXT_TLB_FLUSH_MULTI || op->cmd == MMUEXT_INVLPG_MULTI) {
        auto* mask = t.args.make<u64>();
        *mask = t.c.below(4);
        op->arg2.vcpumask.p = mask;
    }
    return {__HYPERVISOR_mmuext_op, {at(op), 1, 0, DOMID_SELF}};
}

Call World::whole_page(Turn& t) {
    auto* op = t.args.make<mmuext_op_t>();
    op->cmd = t.c.one_in(2) ? MMUEXT_CLEAR_PAGE : MMUEXT_COPY_PAGE;
    Mfn to = page(t);
    op->arg1.mfn = t.g.keeps(to) ? 0 : to.raw();
    t.g.writes[t.vcpu].push_back(to);
    op->arg2.src_mfn = page(t).raw();
    return {__HYPERVISOR_mmuext_op, {at(op), 1, 0, DOMID_SELF}};
}

Call World::set_gdt(Turn& t) {
    u32 n = t.c.below(3);
    auto* list = t.args.make<xen_ulong_t>(3);
    for (u32 i = 0; i < n; ++i) {
        Mfn f = plain_page(t);
        // Descriptors first, in a page that is nothing else: tables are full of what no descriptor may be.
        if (f != Mfn{0} && !t.c.one_in(4)) memset(arch::direct_map(f), 0, kPageSize);
        list[i] = f.raw();
    }
    return {__HYPERVISOR_set_gdt, {at(list), n * 512}};
}

Call World::descriptor(Turn& t) {
    constexpr u64 kData = 0x00cff3000000ffff, kCode = 0x00af9b000000ffff, kGate = 0x00008c0000080000, kTask = 0x0000890000000067;
    Mfn f = page(t);
    for (Mfn g : pages_of(t.g))
        if (page_of(g).page_type() == PageType::seg_desc && t.c.one_in(2)) f = g;
    if (t.g.keeps(f)) f = Mfn{0};
    return {__HYPERVISOR_update_descriptor, {address_of(f).raw() + t.c.below(512) * 8, t.c.of({kData, kCode, kGate, kTask, u64{0}})}};
}

// The guest writes an entry into a page that is no table yet.
void World::poke(Turn& t) {
    Mfn f = plain_page(t);
    if (f == Mfn{0}) return;
    auto* entries = static_cast<u64*>(arch::direct_map(f));
    if (t.c.one_in(6)) memset(entries, 0, kPageSize);
    for (u32 n = 1 + t.c.below(2); n--;) entries[slot(t)] = entry(t);
}

// A new address space, built in plain pages and then loaded: what keeps a guest's tables from thinning out.
Call World::build(Turn& t) {
    Mfn f[4];
    for (Mfn& m : f) m = plain_page(t);
    for (unsigned level = 0; level < 4; ++level) {
        auto* entries = static_cast<Pte*>(arch::direct_map(f[level]));
        if (f[level] == Mfn{0}) return flush(t);
        memset(static_cast<void*>(entries), 0, kPageSize);
        if (level < 3) entries[t.c.below(2)] = Pte::make(f[level + 1], kReadWrite);
        else
            for (unsigned i = 0; i < 4; ++i) entries[i] = Pte::make(page(t), t.c.of({kReadWrite, kReadOnly, u64{0}}));
    }
    auto* op = t.args.make<mmuext_op_t>();
    op->cmd = t.c.one_in(3) ? MMUEXT_PIN_L4_TABLE : MMUEXT_NEW_BASEPTR;
    op->arg1.mfn = f[0].raw();
    return {__HYPERVISOR_mmuext_op, {at(op), 1, 0, DOMID_SELF}};
}

// The processor looks for a descriptor in an LDT page that is not there (arch/x86/guest/pv/page_fault.cpp).
void World::ldt_fault(Turn& t) {
    switch_to(t.v());
    unsigned i = t.c.below(2);
    const Pte* there = mm::perdomain_slot(*t.g.d, arch::ldt_address(t.vcpu) + i * kPageSize);
    if (!there->present()) mm::map_ldt_page(t.v(), i);
}

// A write to a table that is mapped read-only, which the hypervisor carries out.
void World::table_write(Turn& t) {
    switch_to(t.v());
    if (!t.v().arch.guest_table) return;
    u64 a = address(t) | slot(t) * sizeof(Pte);
    if (!mm::is_writable_table_fault(t.v(), a)) return;
    unsigned bytes = t.c.of({8u, 8u, 4u, 2u, 1u});
    (void)mm::emulated_write(t.v(), {a, entry(t), t.c.word(), bytes, t.c.one_in(4)}, nullptr).ok();
}

Call World::multicall(Turn& t) {
    constexpr Prepare kParts[] = {&World::mmu_update, &World::update_va, &World::pin, &World::unpin, &World::base, &World::flush,
                                  &World::whole_page, &World::set_ldt, &World::map_grants, &World::unmap_grants, &World::copy_grants};
    u32 n = 2 + t.c.below(3);
    auto* list = t.args.make<multicall_entry>(n);
    for (u32 i = 0; i < n; ++i) {
        Call c = (this->*t.c.of(kParts))(t);
        list[i].op = c.number;
        for (unsigned a = 0; a < 6; ++a) list[i].args[a] = c.args[a];
    }
    return {__HYPERVISOR_multicall, {at(list), n}};
}

}  // namespace xen::census
