// SPDX-License-Identifier: MIT
// Page-table typing: pinning at each level, what an entry of each level may point to, tables that
// refer to themselves, and a switch to a tree built from scratch.
#include "page.hpp"
#include "test.hpp"

namespace {

// A tree for one address in an unused part of the address space, filled while still plain memory.
struct Tree {
    u64* l1 = reinterpret_cast<u64*>(new_page());
    u64* l2 = reinterpret_cast<u64*>(new_page());
    u64* l3 = reinterpret_cast<u64*>(new_page());
    u64* l4 = reinterpret_cast<u64*>(new_page());
    u8* leaf = new_page();

    void link() {
        l1[0] = mfn_of(leaf) << 12 | kReadWrite;
        l2[0] = mfn_of(l1) << 12 | kTable;
        l3[0] = mfn_of(l2) << 12 | kTable;
        l4[0] = mfn_of(l3) << 12 | kTable;
    }
    u64* level(unsigned n) { return n == 1 ? l1 : n == 2 ? l2 : n == 3 ? l3 : l4; }
    void read_only() {
        for (unsigned n = 1; n <= 4; ++n) protect(level(n), kReadOnly);
    }
    void writable() {
        for (unsigned n = 1; n <= 4; ++n) protect(level(n), kReadWrite);
    }
    void release() {
        for (unsigned n = 1; n <= 4; ++n) free_page(reinterpret_cast<u8*>(level(n)));
        free_page(leaf);
    }
};

constexpr u32 pin_command[] = {0, MMUEXT_PIN_L1_TABLE, MMUEXT_PIN_L2_TABLE, MMUEXT_PIN_L3_TABLE,
                               MMUEXT_PIN_L4_TABLE};

// Pins top down and bottom up, and shows what each step allows.
void pinning() {
    Tree t;
    t.link();
    for (unsigned n = 1; n <= 4; ++n)
        result(join("pin.writable.l", n), mmuext(pin_command[n], mfn_of(t.level(n))));
    t.read_only();
    for (unsigned n = 1; n <= 4; ++n) {
        result(join("pin.l", n), mmuext(pin_command[n], mfn_of(t.level(n))));
        result(join("pin.again.l", n), mmuext(pin_command[n], mfn_of(t.level(n))));
        result(join("pin.mapped_writable.l", n), protect(t.level(n), kReadWrite));
        for (unsigned other = 1; other <= 4; ++other)
            if (other != n)
                result(join(join("pin.l", n, ".as_l"), other),
                       mmuext(pin_command[other], mfn_of(t.level(n))));
    }
    // The hypervisor's slots appear in an L4 when it is validated.
    value("l4.slot_256", (t.l4[256] & kPresent));
    value("l4.slot_0", t.l4[0] & ~kFrameMask);
    value("l4.slot_272", t.l4[272]);
    value("l3.slot_0", t.l3[0] & ~kFrameMask);
    value("l2.slot_0", t.l2[0] & ~kFrameMask);
    value("l1.slot_0", t.l1[0] & ~kFrameMask);
    for (unsigned n = 4; n >= 1; --n)
        result(join("unpin.l", n), mmuext(MMUEXT_UNPIN_TABLE, mfn_of(t.level(n))));
    for (unsigned n = 1; n <= 4; ++n) {
        result(join("unpin.again.l", n), mmuext(MMUEXT_UNPIN_TABLE, mfn_of(t.level(n))));
        result(join("writable_again.l", n), protect(t.level(n), kReadWrite));
    }
    value("l4.slot_256.after", (t.l4[256] & kPresent));
    t.release();
}

void pin_errors() {
    u8* page = new_page();
    result("unpin.data_page", mmuext(MMUEXT_UNPIN_TABLE, mfn_of(page)));
    result("unpin.beyond", mmuext(MMUEXT_UNPIN_TABLE, u64{1} << 39));
    result("unpin.minus1", mmuext(MMUEXT_UNPIN_TABLE, ~u64{0}));
    result("unpin.frame_0", mmuext(MMUEXT_UNPIN_TABLE, 0));
    result("unpin.boot_tree", mmuext(MMUEXT_UNPIN_TABLE, root_mfn()));
    result("pin.boot_tree", mmuext(MMUEXT_PIN_L4_TABLE, root_mfn()));
    for (unsigned n = 1; n <= 4; ++n) {
        result(join("pin.beyond.l", n), mmuext(pin_command[n], u64{1} << 39));
        result(join("pin.frame_0.l", n), mmuext(pin_command[n], 0));
        result(join("pin.foreign.l", n), mmuext(pin_command[n], mfn_of(page), 0, DOMID_IO));
        result(join("pin.absent.l", n), mmuext(pin_command[n], mfn_of(page), 0, 1));
    }
    // A page full of not-present entries is a table of any level.
    protect(page, kReadOnly);
    for (unsigned n = 1; n <= 4; ++n) {
        result(join("pin.empty.l", n), mmuext(pin_command[n], mfn_of(page)));
        result(join("unpin.empty.l", n), mmuext(MMUEXT_UNPIN_TABLE, mfn_of(page)));
    }
    protect(page, kReadWrite);
    free_page(page);
}

struct Wrong {
    const char* name;
    u64 entry;
};

// One bad entry in an otherwise empty table: the pin must fail and the page must stay plain memory.
void validation() {
    u64* table = reinterpret_cast<u64*>(new_page());
    u8* data = new_page();
    const u64 frame = mfn_of(data) << 12;
    for (unsigned n = 1; n <= 4; ++n) {
        for (const Wrong& w :
             {Wrong{"plain_page", frame | kTable},
              Wrong{"plain_page_no_user", frame | kPresent | kWrite},
              Wrong{"large", frame | kTable | kLarge}, Wrong{"global", frame | kTable | 0x100},
              Wrong{"cache_disabled", frame | kTable | 0x10},
              Wrong{"available", frame | kTable | 0xe00},
              Wrong{"no_execute", frame | kTable | u64{1} << 63},
              Wrong{"bit_52", frame | kTable | u64{1} << 52},
              Wrong{"bit_59", frame | kTable | u64{1} << 59}, Wrong{"not_present_junk", ~u64{1}},
              Wrong{"beyond", u64{1} << 50 | kTable},
              Wrong{"beyond_memory", u64{0xf} << 32 | kTable}, Wrong{"frame_0", kTable},
              Wrong{"writable_l4", root_mfn() << 12 | kTable},
              Wrong{"itself", mfn_of(table) << 12 | kTable},
              Wrong{"itself_read_only", mfn_of(table) << 12 | kPresent | kUser}}) {
            protect(table, kReadWrite);
            table[3] = w.entry;
            protect(table, kReadOnly);
            const long rc = mmuext(pin_command[n], mfn_of(table));
            result(join("entry.l", n, join(".", w.name)), rc);
            if (rc == 0) {
                value(join("entry.l", n, join(".", w.name, ".reads")), table[3] & ~kFrameMask);
                mmuext(MMUEXT_UNPIN_TABLE, mfn_of(table));
            }
        }
    }
    check("entry.plain_again", protect(table, kReadWrite) == 0);
    free_page(reinterpret_cast<u8*>(table));
    free_page(data);
}

// Updates of upper levels in a live tree.
void upper_updates() {
    Tree t;
    t.link();
    t.read_only();
    const u64 l4 = mfn_of(t.l4) << 12;
    const u64 l3 = mfn_of(t.l3) << 12;
    const u64 l2 = mfn_of(t.l2) << 12;
    result("upper.pin", mmuext(MMUEXT_PIN_L4_TABLE, mfn_of(t.l4)));
    result("upper.l4_slot", mmu_update_one(l4 | 5 * 8, mfn_of(t.l3) << 12 | kTable));
    result("upper.l4_slot_clear", mmu_update_one(l4 | 5 * 8, 0));
    result("upper.l4_wrong_level", mmu_update_one(l4 | 5 * 8, mfn_of(t.l2) << 12 | kTable));
    result("upper.l4_hypervisor_slot", mmu_update_one(l4 | 256 * 8, mfn_of(t.l3) << 12 | kTable));
    result("upper.l4_hypervisor_slot_last", mmu_update_one(l4 | 271 * 8, 0));
    result("upper.l4_slot_272", mmu_update_one(l4 | 272 * 8, mfn_of(t.l3) << 12 | kTable));
    result("upper.l4_linear_read_only", mmu_update_one(l4 | 6 * 8, l4 | kPresent | kUser));
    result("upper.l4_linear_writable", mmu_update_one(l4 | 7 * 8, l4 | kTable));
    result("upper.l4_linear_other",
           mmu_update_one(l4 | 8 * 8, root_mfn() << 12 | kPresent | kUser));
    result("upper.l4_linear_clear", mmu_update_one(l4 | 6 * 8, 0));
    mmu_update_one(l4 | 8 * 8, 0);
    result("upper.l3_slot", mmu_update_one(l3 | 5 * 8, mfn_of(t.l2) << 12 | kTable));
    result("upper.l3_wrong_level", mmu_update_one(l3 | 6 * 8, mfn_of(t.l1) << 12 | kTable));
    result("upper.l3_linear", mmu_update_one(l3 | 7 * 8, l3 | kPresent | kUser));
    result("upper.l2_slot", mmu_update_one(l2 | 5 * 8, mfn_of(t.l1) << 12 | kTable));
    result("upper.l2_large", mmu_update_one(l2 | 6 * 8, mfn_of(t.leaf) << 12 | kTable | kLarge));
    result("upper.l2_linear", mmu_update_one(l2 | 7 * 8, l2 | kPresent | kUser));
    result("upper.l2_flags_only", mmu_update_one(l2 | 0 * 8, mfn_of(t.l1) << 12 | kTable | 0x200));
    value("upper.l2_flags_only.reads", t.l2[0] & ~kFrameMask);
    result("upper.preserve_ad",
           mmu_update_one(l2 | 0 * 8, mfn_of(t.l1) << 12 | kPresent | kWrite | kUser,
                          MMU_PT_UPDATE_PRESERVE_AD));
    value("upper.preserve_ad.reads", t.l2[0] & ~kFrameMask);
    result("upper.l1_from_linear", protect(t.l1, kReadWrite));
    result("upper.unpin", mmuext(MMUEXT_UNPIN_TABLE, mfn_of(t.l4)));
    t.writable();
    check("upper.plain_again", (t.l4[0] = 0) == 0);
    t.release();
}

// A table in use cannot be given away, cleared or granted a writable mapping.
void in_use() {
    Tree t;
    t.link();
    t.read_only();
    result("in_use.pin", mmuext(MMUEXT_PIN_L3_TABLE, mfn_of(t.l3)));
    for (unsigned n = 1; n <= 3; ++n) {
        result(join("in_use.writable.l", n), protect(t.level(n), kReadWrite));
        result(join("in_use.clear.l", n), mmuext(MMUEXT_CLEAR_PAGE, mfn_of(t.level(n))));
    }
    const Fault f = catch_fault([&t] { *static_cast<volatile u64*>(&t.l1[9]) = 0; });
    fault("in_use.direct_write", f);
    result("in_use.unpin", mmuext(MMUEXT_UNPIN_TABLE, mfn_of(t.l3)));
    t.writable();
    t.release();
}

// The kernel moves to a copy of its L4 and back.
void switch_tree() {
    u64* l4 = reinterpret_cast<u64*>(new_page());
    memcpy(l4, at<void>(boot_info->pt_base), kPageSize);
    result("switch.not_read_only", mmuext(MMUEXT_NEW_BASEPTR, mfn_of(l4)));
    protect(l4, kReadOnly);
    const u64 old = root_mfn();
    result("switch.to_copy", mmuext(MMUEXT_NEW_BASEPTR, mfn_of(l4)));
    u64 cr3 = 0;
    asm volatile("mov %%cr3, %0" : "=r"(cr3));
    check("switch.cr3", cr3 >> 12 == mfn_of(l4));
    result("switch.live_writable", protect(l4, kReadWrite));
    result("switch.live_slot", mmu_update_one(mfn_of(l4) << 12 | 3 * 8, 0));
    result("switch.back", mmuext(MMUEXT_NEW_BASEPTR, old));
    asm volatile("mov %%cr3, %0" : "=r"(cr3));
    check("switch.cr3_back", cr3 >> 12 == old);
    result("switch.copy_is_plain", protect(l4, kReadWrite));
    free_page(reinterpret_cast<u8*>(l4));
}

// With the emulation of page-table writes: a store to a live L1 through a read-only mapping works.
void emulated_writes() {
    u8* page = new_page();
    const u64 old = entry_of(page, 1);
    u64* slot = const_cast<u64*>(table_of(page, 1)) + (address(page) >> 12 & 511);
    const Fault off = catch_fault([&] { *static_cast<volatile u64*>(slot) = old & ~kWrite; });
    fault("emulated.assist_off", off);
    result("emulated.enable",
           hypercall(__HYPERVISOR_vm_assist, VMASST_CMD_enable, VMASST_TYPE_writable_pagetables));
    const Fault set = catch_fault([&] { *static_cast<volatile u64*>(slot) = old & ~kWrite; });
    fault("emulated.store", set);
    value("emulated.store.writable", entry_of(page, 1) & kWrite);
    const Fault exchange = catch_fault([&] { __atomic_exchange_n(slot, old, __ATOMIC_SEQ_CST); });
    fault("emulated.xchg", exchange);
    value("emulated.xchg.writable", entry_of(page, 1) & kWrite);
    const Fault bit = catch_fault([&] { asm volatile("lock btrq $1, %0" : "+m"(*slot)); });
    fault("emulated.btr", bit);
    value("emulated.btr.writable", entry_of(page, 1) & kWrite);
    const Fault bad =
        catch_fault([&] { *static_cast<volatile u64*>(slot) = root_mfn() << 12 | kReadWrite; });
    fault("emulated.refused", bad);
    const Fault half =
        catch_fault([&] { *reinterpret_cast<volatile u32*>(slot) = static_cast<u32>(old); });
    fault("emulated.half", half);
    value("emulated.half.writable", entry_of(page, 1) & kWrite);
    const Fault upper = catch_fault([&] { *const_cast<volatile u64*>(table_of(page, 2)) = 0; });
    fault("emulated.l2", upper);
    hypercall(__HYPERVISOR_vm_assist, VMASST_CMD_disable, VMASST_TYPE_writable_pagetables);
    protect(page, kReadWrite);
    free_page(page);
}

} // namespace

void test_pagetable() {
    pinning();
    pin_errors();
    validation();
    upper_updates();
    in_use();
    switch_tree();
    emulated_writes();
}
