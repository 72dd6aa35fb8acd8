// SPDX-License-Identifier: MIT
// memory_op: add_to_physmap and its relatives, which are for translated guests and refuse PV ones.
#include "page.hpp"
#include "test.hpp"
#include <public/memory.h>

namespace {

long memory(u64 command, void* argument) {
    return hypercall(__HYPERVISOR_memory_op, command, address(argument));
}

void single() {
    for (u32 space = 0; space < 8; ++space) {
        auto a = zeroed<xen_add_to_physmap>();
        a.domid = DOMID_SELF;
        a.space = space;
        a.gpfn = spare_pfn(0);
        result(join("add.space.", space), memory(XENMEM_add_to_physmap, &a));
        a.domid = 1;
        result(join("add.space.", space, ".absent"), memory(XENMEM_add_to_physmap, &a));
    }
    auto a = zeroed<xen_add_to_physmap>();
    a.domid = DOMID_SELF;
    a.space = XENMAPSPACE_gmfn_range;
    a.size = 2;
    result("add.range", memory(XENMEM_add_to_physmap, &a));
    a.domid = DOMID_IO;
    result("add.domid_io", memory(XENMEM_add_to_physmap, &a));
    a.domid = DOMID_XEN;
    result("add.domid_xen", memory(XENMEM_add_to_physmap, &a));
    for (const WildPointer& wild : wild_pointers)
        result(join("add.argument.", wild.name),
               memory(XENMEM_add_to_physmap, at<void>(wild.where)));
}

void batch() {
    u64 indexes[2] = {};
    u64 frames[2] = {spare_pfn(0), spare_pfn(1)};
    int errors[2] = {7, 7};
    for (u16 space = 0; space < 7; ++space) {
        auto b = zeroed<xen_add_to_physmap_batch>();
        b.domid = DOMID_SELF;
        b.space = space;
        b.size = 2;
        set_handle(b.idxs, indexes);
        set_handle(b.gpfns, frames);
        set_handle(b.errs, errors);
        result(join("batch.space.", space), memory(XENMEM_add_to_physmap_batch, &b));
        result(join("batch.space.", space, ".first"), errors[0]);
        b.u.foreign_domid = 1;
        result(join("batch.space.", space, ".foreign"), memory(XENMEM_add_to_physmap_batch, &b));
        b.size = 0;
        result(join("batch.space.", space, ".empty"), memory(XENMEM_add_to_physmap_batch, &b));
    }
    for (const WildPointer& wild : wild_pointers)
        result(join("batch.argument.", wild.name),
               memory(XENMEM_add_to_physmap_batch, at<void>(wild.where)));
}

void remove() {
    auto r = zeroed<xen_remove_from_physmap>();
    r.domid = DOMID_SELF;
    r.gpfn = total_pages() * 4;
    result("remove.beyond", memory(XENMEM_remove_from_physmap, &r));
    r.gpfn = ~u64{0};
    result("remove.minus1", memory(XENMEM_remove_from_physmap, &r));
    r.domid = 1;
    result("remove.absent", memory(XENMEM_remove_from_physmap, &r));
    r.domid = DOMID_XEN;
    result("remove.domid_xen", memory(XENMEM_remove_from_physmap, &r));
    for (const WildPointer& wild : wild_pointers)
        result(join("remove.argument.", wild.name),
               memory(XENMEM_remove_from_physmap, at<void>(wild.where)));
}

} // namespace

void test_physmap() {
    single();
    batch();
    remove();
}
