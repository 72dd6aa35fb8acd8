// SPDX-License-Identifier: MIT
// Page tables pinned, changed and flushed; memory given back and asked for.
#include "page.hpp"
#include "storm.hpp"
#include <public/memory.h>

namespace {

constexpr unsigned kUpdates = 512, kExtents = 64;
u64* tables[5];
u8* leaf;
mmu_update_t updates[kUpdates];
mmuext_op_t flushes[64];
u64 extents[kExtents];

long memory(u64 command, void* argument) { return hypercall(__HYPERVISOR_memory_op, command, address(argument)); }

xen_memory_reservation reservation(u64* list, u64 count, u32 order = 0) {
    auto r = zeroed<xen_memory_reservation>();
    set_handle(r.extent_start, list);
    r.nr_extents = count;
    r.extent_order = order;
    r.domid = DOMID_SELF;
    return r;
}

// Those of our frames whose place is not in the initial mapping are given back; new ones come in their place.
void give_back(u64 count) {
    for (u64 i = 0; i < count; ++i) extents[i] = mfn_of_pfn(spare_pfn(i));
    auto r = reservation(extents, count);
    memory(XENMEM_decrease_reservation, &r);
}

void take(u64 count) {
    for (u64 i = 0; i < count; ++i) extents[i] = spare_pfn(i);
    auto r = reservation(extents, count);
    const long got = memory(XENMEM_populate_physmap, &r);
    for (long i = 0; i < got; ++i) set_mfn(spare_pfn(static_cast<u64>(i)), extents[i]);
}

} // namespace

// Four tables of a second address space; the lowest is full.
void prepare_memory() {
    for (unsigned level = 1; level <= 4; ++level) tables[level] = reinterpret_cast<u64*>(new_page());
    leaf = new_page();
    for (unsigned i = 0; i < 512; ++i) tables[1][i] = mfn_of(leaf) << 12 | kReadOnly;
    tables[2][2] = mfn_of(tables[1]) << 12 | kTable;
    tables[3][0] = mfn_of(tables[2]) << 12 | kTable;
    tables[4][0] = mfn_of(tables[3]) << 12 | kTable;
    for (unsigned level = 1; level <= 4; ++level) protect(tables[level], kReadOnly);
    hypercall(__HYPERVISOR_vm_assist, VMASST_CMD_enable, VMASST_TYPE_writable_pagetables);
}

void turn_pins() {
    const u64 root = mfn_of(tables[4]);
    for (unsigned i = 0; i < 16; ++i) {
        mmuext(MMUEXT_PIN_L4_TABLE, root);
        mmuext(MMUEXT_NEW_USER_BASEPTR, root);
        mmuext(MMUEXT_PIN_L3_TABLE, mfn_of(tables[2]));
        mmuext(MMUEXT_NEW_USER_BASEPTR, 0);
        mmuext(MMUEXT_UNPIN_TABLE, root);
        mmuext(MMUEXT_PIN_L1_TABLE, mfn_of(leaf));
        mmuext(MMUEXT_PIN_L1_TABLE, mfn_of(tables[1]));
        mmuext(MMUEXT_UNPIN_TABLE, mfn_of(tables[1]));
        mmuext(MMUEXT_UNPIN_TABLE, root);
    }
}

// Long lists of good entries, of bad ones, and one without an end.
void turn_mmu_updates() {
    const u64 table = mfn_of(tables[1]) << 12;
    mmuext(MMUEXT_PIN_L4_TABLE, mfn_of(tables[4]));
    for (u64 flags : {kReadWrite, kReadOnly, u64{0}, kReadOnly}) {
        for (unsigned i = 0; i < kUpdates; ++i) updates[i] = {table | i * 8, flags ? mfn_of(leaf) << 12 | flags : 0};
        hypercall(__HYPERVISOR_mmu_update, address(updates), kUpdates, 0, DOMID_SELF);
    }
    for (unsigned i = 0; i < 32; ++i) {
        updates[i] = {table | i * 8, (random_number() & kFrameMask & 0xfffffffff) | kReadWrite};
        hypercall(__HYPERVISOR_mmu_update, address(&updates[i]), 1, 0, DOMID_SELF);
        mmu_update_one(table | i * 8, mfn_of(leaf) << 12 | kReadOnly);
    }
    hypercall(__HYPERVISOR_mmu_update, address(updates), ~u32{0} >> 1, 0, DOMID_SELF);
    mmuext(MMUEXT_UNPIN_TABLE, mfn_of(tables[4]));
}

void turn_flushes() {
    static u64 every = ~u64{0};
    for (unsigned i = 0; i < 64; ++i) {
        flushes[i] = zeroed<mmuext_op_t>();
        flushes[i].cmd = i % 3 == 0 ? MMUEXT_TLB_FLUSH_ALL : i % 3 == 1 ? MMUEXT_TLB_FLUSH_MULTI : MMUEXT_INVLPG_ALL;
        flushes[i].arg1.linear_addr = address(leaf);
        set_handle(flushes[i].arg2.vcpumask, &every);
    }
    hypercall(__HYPERVISOR_mmuext_op, address(flushes), 64, 0, DOMID_SELF);
    mmuext(MMUEXT_FLUSH_CACHE, 0);
    mmuext(MMUEXT_FLUSH_CACHE_GLOBAL, 0);
}

// Some pages go and come; then more than the domain may have, one at a time and in pieces that are too large.
void turn_memory() {
    give_back(kExtents);
    take(kExtents);
    u64 pfn = total_pages();
    for (unsigned i = 0; i < 32; ++i) {
        u64 extent = pfn + i;
        auto r = reservation(&extent, 1, i % 20);
        const long got = memory(XENMEM_populate_physmap, &r);
        r = reservation(&extent, 1, i % 20);
        if (got == 1) memory(XENMEM_decrease_reservation, &r);
        extent = 0;
        r = reservation(&extent, u64{1} << 40);
        memory(XENMEM_decrease_reservation, &r);
    }
}

void turn_exchange() {
    for (unsigned i = 0; i < 32; ++i) {
        u64 in = mfn_of_pfn(spare_pfn(i)), out = spare_pfn(i);
        auto x = zeroed<xen_memory_exchange>();
        x.in = reservation(&in, 1);
        x.out = reservation(&out, 1);
        if (!memory(XENMEM_exchange, &x)) set_mfn(spare_pfn(i), out);
        u64 used = mfn_of(leaf), place = pfn_of(leaf);
        x.in = reservation(&used, 1);
        x.out = reservation(&place, 1);
        x.nr_exchanged = 0;
        memory(XENMEM_exchange, &x);
    }
}

// Entries of a table that is in use, written as if it were ordinary memory.
void turn_table_writes() {
    volatile u64* table = tables[1];
    mmuext(MMUEXT_PIN_L4_TABLE, mfn_of(tables[4]));
    for (unsigned i = 0; i < 64; ++i) {
        catch_fault([=] { table[i] = 0; });
        catch_fault([=] { table[i] = u64{0xdead} << 12 | kReadWrite; });
        catch_fault([=] { table[i] = mfn_of(leaf) << 12 | kReadOnly; });
    }
    mmuext(MMUEXT_UNPIN_TABLE, mfn_of(tables[4]));
}
