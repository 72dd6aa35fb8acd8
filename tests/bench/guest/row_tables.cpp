// SPDX-License-Identifier: MIT
// Page tables: single entries, batches, whole tables, flushes, base pointers.
#include "lib.hpp"
#include "measure.hpp"
#include "page.hpp"
#include "rows.hpp"
#include "table.hpp"

namespace {

constexpr unsigned kBatch = 32;
mmu_update_t batch[kBatch];

// Each run changes the dirty bit, back and forth.
struct Flip {
    u64 entry;
    u64 next() { return entry ^= kDirty; }
};

void mappings() {
    u8* page = new_page();
    Flip flip{mfn_of(page) << 12 | kReadWrite};
    row("va_mapping", lowest([&] { hypercall(__HYPERVISOR_update_va_mapping, address(page), flip.next(), 0); }));
    row("va_mapping_invlpg",
        lowest([&] { hypercall(__HYPERVISOR_update_va_mapping, address(page), flip.next(), UVMF_INVLPG); }));
    free_page(page);
}

void updates() {
    u8* page = new_page();
    Flip flip{mfn_of(page) << 12 | kReadWrite};
    const u64 slot = entry_machine(page, 1);
    mmu_update_t one = {slot, 0};
    row("mmu_update", lowest([&] {
            one.val = flip.next();
            hypercall(__HYPERVISOR_mmu_update, address(&one), 1, 0, DOMID_SELF);
        }));
    row("mmu_update_of_32",
        lowest([&] { hypercall(__HYPERVISOR_mmu_update, address(batch), kBatch, 0, DOMID_SELF); }), kBatch);
    free_page(page);
}

// 32 updates of one entry: mapped and unmapped by turns.
void fill_batch() {
    u8* page = window(0);
    const u64 slot = entry_machine(page, 1);
    for (unsigned i = 0; i < kBatch; ++i) batch[i] = {slot, i % 2 ? mfn_of(page) << 12 | kReadWrite : 0};
}

void pins(const char* pin_name, const char* both_name, bool full) {
    const Table table{full};
    row(pin_name, lowest([&] { table.pin(); }, [&] { table.unpin(); }));
    row(both_name, lowest([&] {
            table.pin();
            table.unpin();
        }));
}

} // namespace

void tables() {
    fill_batch();
    mappings();
    updates();
    pins("pin_empty", "pin_unpin_empty", false);
    pins("pin_full", "pin_unpin_full", true);
    row("tlb_flush", lowest([] { mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0); }));
    row("invlpg", lowest([] { mmuext(MMUEXT_INVLPG_LOCAL, kVirtBase); }));
    row("new_baseptr", lowest([] { mmuext(MMUEXT_NEW_BASEPTR, root_mfn()); }));
}
