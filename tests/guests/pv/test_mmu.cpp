// SPDX-License-Identifier: MIT
// mmu_update and update_va_mapping: what a leaf entry may hold, and who may change which entry.
#include "page.hpp"
#include "test.hpp"

namespace {

long update_va(u64 where, u64 entry, u64 flags) {
    return hypercall(__HYPERVISOR_update_va_mapping, where, entry, flags);
}

void normal() {
    u8* page = new_page();
    const u64 entry = mfn_of(page) << 12 | kReadOnly;
    result("update.read_only", mmu_update_one(entry_machine(page, 1), entry));
    mmuext(MMUEXT_INVLPG_LOCAL, address(page));
    const Fault f = catch_fault([page] { *static_cast<volatile u8*>(page) = 1; });
    fault("update.read_only.write", f);
    check("update.read_only.cr2", f.cr2 == address(page));
    result("update.writable", mmu_update_one(entry_machine(page, 1), entry | kWrite));
    *static_cast<volatile u8*>(page) = 1;
    result("update.clear", mmu_update_one(entry_machine(page, 1), 0));
    mmuext(MMUEXT_INVLPG_LOCAL, address(page));
    const Fault g = catch_fault([page] { (void)*static_cast<volatile u8*>(page); });
    fault("update.clear.read", g);
    result("update.not_present_junk", mmu_update_one(entry_machine(page, 1), 0xfffffffffffffffe));
    result("update.restore", mmu_update_one(entry_machine(page, 1), entry | kWrite));
    check("update.kept_data", *page == 1);
    free_page(page);
}

void flags_kept() {
    u8* page = new_page();
    const u64 machine = entry_machine(page, 1);
    const u64 base = mfn_of(page) << 12;
    for (u64 bits : {u64{1}, u64{5}, u64{0x21}, u64{0x61}, u64{0x101}, u64{0x201}, u64{0x801},
                     u64{0x11}, u64{0x9}, u64{0x19}, u64{0x81}, u64{0xe63}, u64{0x8000000000000001},
                     u64{0x0010000000000001}, u64{0x4000000000000001}, u64{0x0400000000000001}}) {
        result(join("flags.", bits), mmu_update_one(machine, base | bits));
        value(join("flags.", bits, ".reads"), entry_of(page, 1) & ~kFrameMask);
    }
    mmu_update_one(machine, base | kReadWrite);
    // Accessed and dirty bits that the processor set meanwhile survive this form.
    mmu_update_one(machine, base | kPresent | kWrite | kUser);
    mmuext(MMUEXT_INVLPG_LOCAL, address(page));
    *static_cast<volatile u8*>(page) = 1;
    result("preserve_ad",
           mmu_update_one(machine, base | kPresent | kUser | kWrite, MMU_PT_UPDATE_PRESERVE_AD));
    value("preserve_ad.reads", entry_of(page, 1) & (kAccessed | kDirty));
    result("no_translate", mmu_update_one(machine, base | kReadWrite, MMU_PT_UPDATE_NO_TRANSLATE));
    protect(page, kReadWrite);
    free_page(page);
}

void refused_leaves() {
    u8* page = new_page();
    const u64 machine = entry_machine(page, 1);
    const u64 table = mfn_of(table_of(page, 1));
    struct Case {
        const char* name;
        u64 entry;
    };
    for (const Case& c :
         {Case{"l1_table_writable", table << 12 | kReadWrite},
          Case{"l4_table_writable", root_mfn() << 12 | kReadWrite},
          Case{"frame_0_read_only", kReadOnly}, Case{"local_apic", u64{0xfee00000} | kReadWrite},
          Case{"beyond_memory", u64{0x0000000f00000000} | kReadWrite},
          Case{"beyond_physical", u64{0x000f000000000000} | kReadWrite}}) {
        result(join("leaf.", c.name), mmu_update_one(machine, c.entry));
        result(join("leaf.", c.name, ".by_va"), update_va(address(page), c.entry, UVMF_INVLPG));
        mmu_update_one(machine, mfn_of(page) << 12 | kReadWrite);
    }
    result("leaf.l1_table_read_only", mmu_update_one(machine, table << 12 | kReadOnly));
    result("leaf.l4_table_read_only", mmu_update_one(machine, root_mfn() << 12 | kReadOnly));
    protect(page, kReadWrite);
    free_page(page);
}

void bad_targets() {
    u8* page = new_page();
    const u64 entry = mfn_of(page) << 12 | kReadWrite;
    const u64 machine = entry_machine(page, 1);
    result("target.misaligned_4", mmu_update_one(machine + 4, entry));
    result("target.misaligned_reserved", mmu_update_one(machine, entry, 3));
    result("target.plain_page", mmu_update_one(mfn_of(page) << 12, entry));
    result("target.beyond", mmu_update_one(u64{0x0000ffffffff0000}, entry));
    result("target.wild", mmu_update_one(~u64{7}, entry));
    result("target.zero", mmu_update_one(0, entry));
    result("m2p.own", mmu_update_one(mfn_of(page) << 12, pfn_of(page), MMU_MACHPHYS_UPDATE));
    result("m2p.beyond", mmu_update_one(u64{0x0000ffffffff0000}, 0, MMU_MACHPHYS_UPDATE));
    result("m2p.frame_0", mmu_update_one(0, 0, MMU_MACHPHYS_UPDATE));
    check("m2p.unchanged", pfn_of_mfn(mfn_of(page)) == pfn_of(page));
    result("m2p.other", mmu_update_one(mfn_of(page) << 12, 0x1234, MMU_MACHPHYS_UPDATE));
    check("m2p.other.reads", pfn_of_mfn(mfn_of(page)) == 0x1234);
    mmu_update_one(mfn_of(page) << 12, pfn_of(page), MMU_MACHPHYS_UPDATE);
    free_page(page);
}

void domains() {
    u8* page = new_page();
    const u64 entry = mfn_of(page) << 12 | kReadWrite;
    const u64 machine = entry_machine(page, 1);
    struct Case {
        const char* name;
        u64 domain;
    };
    for (const Case& c : {Case{"self_by_number", 0}, Case{"absent", 1}, Case{"domid_io", DOMID_IO},
                          Case{"domid_xen", DOMID_XEN}, Case{"domid_cow", DOMID_COW},
                          Case{"invalid", DOMID_INVALID}, Case{"pt_self", 1u << 16 | DOMID_SELF},
                          Case{"pt_domain_0", 1u << 16}, Case{"pt_absent", 2u << 16 | DOMID_SELF},
                          Case{"pt_domain_0_fd_io", 1u << 16 | DOMID_IO}}) {
        result(join("domain.", c.name), mmu_update_one(machine, entry, 0, c.domain));
        result(join("domain.", c.name, ".mmio"),
               mmu_update_one(machine, u64{0xfed00000} | kReadWrite, 0, c.domain));
        result(join("domain.", c.name, ".other_va"),
               hypercall(__HYPERVISOR_update_va_mapping_otherdomain, address(page), entry,
                         UVMF_INVLPG, c.domain));
        protect(page, kReadWrite);
    }
    free_page(page);
}

void batches() {
    u8* page = new_page();
    const u64 machine = entry_machine(page, 1);
    const u64 base = mfn_of(page) << 12;
    mmu_update_t list[3] = {{machine, base | kReadOnly}, {machine + 4, base}, {machine, 0}};
    u32 done = 77;
    result("batch.second_bad",
           hypercall(__HYPERVISOR_mmu_update, address(list), 3, address(&done), DOMID_SELF));
    value("batch.second_bad.done", done);
    value("batch.second_bad.entry", entry_of(page, 1) & kWrite);
    done = 77;
    result("batch.none",
           hypercall(__HYPERVISOR_mmu_update, address(list), 0, address(&done), DOMID_SELF));
    value("batch.none.done", done);
    list[0].val = base | kReadWrite;
    result("batch.done_unwritable",
           hypercall(__HYPERVISOR_mmu_update, address(list), 1, kUnmapped, DOMID_SELF));
    done = 77;
    for (const WildPointer& wild : wild_pointers) {
        result(join("batch.list.", wild.name),
               hypercall(__HYPERVISOR_mmu_update, wild.where, 1, address(&done), DOMID_SELF));
        value(join("batch.list.", wild.name, ".done"), done);
    }
    result("batch.huge",
           hypercall(__HYPERVISOR_mmu_update, kUnmapped, 0x7fffffff, address(&done), DOMID_SELF));
    result("batch.preempted_bit_only",
           hypercall(__HYPERVISOR_mmu_update, kUnmapped, 0x80000000, address(&done), DOMID_SELF));
    result("batch.preempted_bit_list", hypercall(__HYPERVISOR_mmu_update, address(list), 0x80000001,
                                                 address(&done), DOMID_SELF));
    protect(page, kReadWrite);
    free_page(page);
}

// A long list with a restart somewhere inside: all of it must be done.
void long_batch() {
    static mmu_update_t list[2048];
    u8* page = new_page();
    for (unsigned i = 0; i < 2048; ++i)
        list[i] = {entry_machine(page, 1), mfn_of(page) << 12 | (i & 1 ? kReadWrite : kReadOnly)};
    u32 done = 0;
    result("batch.long",
           hypercall(__HYPERVISOR_mmu_update, address(list), 2048, address(&done), DOMID_SELF));
    value("batch.long.done", done);
    value("batch.long.entry", entry_of(page, 1) & kWrite);
    free_page(page);
}

void by_address() {
    u8* page = new_page();
    const u64 entry = mfn_of(page) << 12;
    u64 mask = 1;
    struct Case {
        const char* name;
        u64 flags;
    };
    for (const Case& c : {Case{"none", UVMF_NONE}, Case{"invlpg_local", UVMF_INVLPG | UVMF_LOCAL},
                          Case{"invlpg_all", UVMF_INVLPG | UVMF_ALL},
                          Case{"invlpg_mask", UVMF_INVLPG | address(&mask)},
                          Case{"tlb_local", UVMF_TLB_FLUSH | UVMF_LOCAL},
                          Case{"tlb_all", UVMF_TLB_FLUSH | UVMF_ALL},
                          Case{"tlb_mask", UVMF_TLB_FLUSH | address(&mask)},
                          Case{"mask_unmapped", UVMF_TLB_FLUSH | kUnmapped}, Case{"type_3", 3},
                          Case{"type_3_all", 3 | UVMF_ALL}})
        result(join("va.", c.name), update_va(address(page), entry | kReadWrite, c.flags));
    result("va.no_table", update_va(kUnmapped, entry | kReadWrite, 0));
    result("va.hypervisor", update_va(kHypervisor, entry | kReadWrite, 0));
    result("va.m2p", update_va(MACH2PHYS_VIRT_START, entry | kReadWrite, 0));
    result("va.non_canonical", update_va(kNonCanonical, entry | kReadWrite, 0));
    result("va.misaligned", update_va(address(page) + 0x123, entry | kReadWrite, UVMF_INVLPG));
    free_page(page);
}

} // namespace

void test_mmu() {
    normal();
    flags_kept();
    refused_leaves();
    bad_targets();
    domains();
    batches();
    long_batch();
    by_address();
}
