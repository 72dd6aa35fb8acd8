// SPDX-License-Identifier: MIT
// mmuext_op: flushes, page clearing and copying, base pointers and the errors of each operation.
#include "page.hpp"
#include "test.hpp"

namespace {

void flushes() {
    u8* page = new_page();
    u64 mask = 1;
    u64 both = 3;
    result("tlb_flush_local", mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0));
    result("tlb_flush_all", mmuext(MMUEXT_TLB_FLUSH_ALL, 0));
    result("tlb_flush_multi", mmuext(MMUEXT_TLB_FLUSH_MULTI, 0, address(&mask)));
    result("tlb_flush_multi.two", mmuext(MMUEXT_TLB_FLUSH_MULTI, 0, address(&both)));
    result("invlpg_local", mmuext(MMUEXT_INVLPG_LOCAL, address(page)));
    result("invlpg_all", mmuext(MMUEXT_INVLPG_ALL, address(page)));
    result("invlpg_multi", mmuext(MMUEXT_INVLPG_MULTI, address(page), address(&mask)));
    result("invlpg_local.non_canonical", mmuext(MMUEXT_INVLPG_LOCAL, kNonCanonical));
    result("invlpg_all.hypervisor", mmuext(MMUEXT_INVLPG_ALL, kHypervisor));
    for (const WildPointer& wild : wild_pointers) {
        result(join("tlb_flush_multi.", wild.name), mmuext(MMUEXT_TLB_FLUSH_MULTI, 0, wild.where));
        result(join("invlpg_multi.", wild.name),
               mmuext(MMUEXT_INVLPG_MULTI, address(page), wild.where));
    }
    result("flush_cache", mmuext(MMUEXT_FLUSH_CACHE, 0));
    result("flush_cache_global", mmuext(MMUEXT_FLUSH_CACHE_GLOBAL, 0));
    result("tlb_flush_local.foreign", mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0, 0, DOMID_IO));
    result("flush_cache.foreign", mmuext(MMUEXT_FLUSH_CACHE, 0, 0, DOMID_IO));
    free_page(page);
}

void copy_and_clear() {
    u8* from = new_page();
    u8* to = new_page();
    memset(from, 0x5a, kPageSize);
    result("copy", mmuext(MMUEXT_COPY_PAGE, mfn_of(to), mfn_of(from)));
    check("copy.data", memcmp(from, to, kPageSize) == 0);
    result("copy.itself", mmuext(MMUEXT_COPY_PAGE, mfn_of(to), mfn_of(to)));
    result("clear", mmuext(MMUEXT_CLEAR_PAGE, mfn_of(to)));
    check("clear.data", to[0] == 0 && memcmp(to, to + 1, kPageSize - 1) == 0);
    const u64 table = mfn_of(table_of(from, 1));
    result("clear.page_table", mmuext(MMUEXT_CLEAR_PAGE, table));
    result("copy.to_page_table", mmuext(MMUEXT_COPY_PAGE, table, mfn_of(from)));
    result("copy.from_page_table", mmuext(MMUEXT_COPY_PAGE, mfn_of(to), table));
    result("clear.beyond", mmuext(MMUEXT_CLEAR_PAGE, u64{1} << 39));
    result("clear.minus1", mmuext(MMUEXT_CLEAR_PAGE, ~u64{0}));
    result("clear.frame_0", mmuext(MMUEXT_CLEAR_PAGE, 0));
    result("copy.from_beyond", mmuext(MMUEXT_COPY_PAGE, mfn_of(to), u64{1} << 39));
    result("copy.to_beyond", mmuext(MMUEXT_COPY_PAGE, u64{1} << 39, mfn_of(to)));
    result("clear.foreign", mmuext(MMUEXT_CLEAR_PAGE, mfn_of(to), 0, DOMID_IO));
    result("copy.foreign", mmuext(MMUEXT_COPY_PAGE, mfn_of(to), mfn_of(from), DOMID_XEN));
    free_page(from);
    free_page(to);
}

void base_pointers() {
    u8* page = new_page();
    result("new_baseptr.same", mmuext(MMUEXT_NEW_BASEPTR, root_mfn()));
    result("new_baseptr.data_page", mmuext(MMUEXT_NEW_BASEPTR, mfn_of(page)));
    result("new_baseptr.l3", mmuext(MMUEXT_NEW_BASEPTR, mfn_of(table_of(page, 3))));
    result("new_baseptr.zero", mmuext(MMUEXT_NEW_BASEPTR, 0));
    result("new_baseptr.beyond", mmuext(MMUEXT_NEW_BASEPTR, u64{1} << 39));
    result("new_baseptr.foreign", mmuext(MMUEXT_NEW_BASEPTR, root_mfn(), 0, DOMID_IO));
    result("new_user_baseptr.zero", mmuext(MMUEXT_NEW_USER_BASEPTR, 0));
    result("new_user_baseptr.data_page", mmuext(MMUEXT_NEW_USER_BASEPTR, mfn_of(page)));
    result("new_user_baseptr.beyond", mmuext(MMUEXT_NEW_USER_BASEPTR, u64{1} << 39));
    result("new_user_baseptr.kernel_root", mmuext(MMUEXT_NEW_USER_BASEPTR, root_mfn()));
    result("new_user_baseptr.again", mmuext(MMUEXT_NEW_USER_BASEPTR, root_mfn()));
    result("new_user_baseptr.drop", mmuext(MMUEXT_NEW_USER_BASEPTR, 0));
    result("new_user_baseptr.foreign", mmuext(MMUEXT_NEW_USER_BASEPTR, root_mfn(), 0, DOMID_IO));
    free_page(page);
}

void batches() {
    mmuext_op_t list[4] = {};
    for (mmuext_op_t& op : list) op.cmd = MMUEXT_TLB_FLUSH_LOCAL;
    list[2].cmd = 99;
    u32 done = 77;
    result("batch",
           hypercall(__HYPERVISOR_mmuext_op, address(list), 2, address(&done), DOMID_SELF));
    value("batch.done", done);
    result("batch.third_bad",
           hypercall(__HYPERVISOR_mmuext_op, address(list), 4, address(&done), DOMID_SELF));
    value("batch.third_bad.done", done);
    result("batch.done_unwritable",
           hypercall(__HYPERVISOR_mmuext_op, address(list), 1, kUnmapped, DOMID_SELF));
    result("batch.none",
           hypercall(__HYPERVISOR_mmuext_op, address(list), 0, address(&done), DOMID_SELF));
    value("batch.none.done", done);
    for (const WildPointer& wild : wild_pointers)
        result(join("batch.list.", wild.name),
               hypercall(__HYPERVISOR_mmuext_op, wild.where, 1, 0, DOMID_SELF));
    for (u64 domain : {u64{0}, u64{1}, u64{DOMID_IO}, u64{DOMID_XEN}, u64{DOMID_INVALID}}) {
        result(join("domain.", domain),
               hypercall(__HYPERVISOR_mmuext_op, address(list), 1, 0, domain));
        result(join("domain.", domain, ".empty"),
               hypercall(__HYPERVISOR_mmuext_op, address(list), 0, 0, domain));
    }
    result("batch.preempted_bit", hypercall(__HYPERVISOR_mmuext_op, address(list), 0x80000002,
                                            address(&done), DOMID_SELF));
}

void local_descriptor_table() {
    u8* page = new_page();
    result("set_ldt.none", mmuext(MMUEXT_SET_LDT, 0, 0));
    result("set_ldt.one_page", mmuext(MMUEXT_SET_LDT, address(page), 512));
    result("set_ldt.same_again", mmuext(MMUEXT_SET_LDT, address(page), 512));
    result("set_ldt.misaligned", mmuext(MMUEXT_SET_LDT, address(page) + 8, 8));
    result("set_ldt.too_many", mmuext(MMUEXT_SET_LDT, address(page), 8193));
    result("set_ldt.largest", mmuext(MMUEXT_SET_LDT, address(page), 8192));
    result("set_ldt.hypervisor", mmuext(MMUEXT_SET_LDT, kHypervisor, 8));
    result("set_ldt.foreign", mmuext(MMUEXT_SET_LDT, address(page), 8, DOMID_IO));
    result("set_ldt.drop", mmuext(MMUEXT_SET_LDT, 0, 0));
    free_page(page);
}

void unknown() {
    for (u32 command : {14u, 19u, 20u, 21u, 22u, 100u, ~0u}) {
        result(join("command.", command), mmuext(command, 0));
        result(join("command.", command, ".foreign"), mmuext(command, 0, 0, DOMID_IO));
    }
    result("mark_super.own", mmuext(MMUEXT_MARK_SUPER, root_mfn() & ~u64{511}));
}

} // namespace

void test_mmuext() {
    flushes();
    copy_and_clear();
    base_pointers();
    batches();
    local_descriptor_table();
    unknown();
}
