// SPDX-License-Identifier: MIT
// Descriptor tables: set_gdt, update_descriptor, the LDT, and which descriptors are accepted.
#include "page.hpp"
#include "test.hpp"

namespace {

constexpr u64 kData = 0x00cff3000000ffff;   // writable data, DPL 3, flat
constexpr u64 kCode64 = 0x00affb000000ffff; // 64-bit code, DPL 3

long set_gdt(const u64* frames, u64 entries) {
    return hypercall(__HYPERVISOR_set_gdt, address(frames), entries);
}

long update(u64 machine, u64 descriptor) {
    return hypercall(__HYPERVISOR_update_descriptor, machine, descriptor);
}

Fault load_ds(u16 selector) {
    const Fault f = catch_fault([selector] { asm volatile("mov %0, %%ds" : : "r"(selector)); });
    asm volatile("mov %0, %%ds" : : "r"(u16{0}));
    return f;
}

void global() {
    u64* page = reinterpret_cast<u64*>(new_page());
    page[4] = kData;
    page[5] = kCode64;
    u64 frames[16] = {mfn_of(page)};
    result("set_gdt.mapped_writable", set_gdt(frames, 512));
    protect(page, kReadOnly);
    result("set_gdt", set_gdt(frames, 512));
    fault("load.data", load_ds(4 * 8 | 3));
    fault("load.code64", load_ds(5 * 8 | 3));
    fault("load.empty", load_ds(6 * 8 | 3));
    fault("load.rpl_0", load_ds(4 * 8));
    result("gdt.writable_while_used", protect(page, kReadWrite));
    result("update.data", update(mfn_of(page) << 12 | 7 * 8, kData));
    fault("update.data.load", load_ds(7 * 8 | 3));
    check("update.data.reads", (page[7] & ~(u64{1} << 40)) == (kData & ~(u64{1} << 40)));
    result("update.clear", update(mfn_of(page) << 12 | 7 * 8, 0));
    fault("update.clear.load", load_ds(7 * 8 | 3));
    result("set_gdt.drop", set_gdt(frames, 0));
    fault("load.after_drop", load_ds(4 * 8 | 3));
    result("gdt.writable_again", protect(page, kReadWrite));
    free_page(reinterpret_cast<u8*>(page));
}

void errors() {
    u64* page = reinterpret_cast<u64*>(new_page());
    protect(page, kReadOnly);
    u64 frames[16] = {};
    for (u64& frame : frames) frame = mfn_of(page);
    result("set_gdt.largest", set_gdt(frames, 7168));
    result("set_gdt.too_many", set_gdt(frames, 7169));
    result("set_gdt.minus1", set_gdt(frames, ~u64{0}));
    frames[0] = u64{1} << 39;
    result("set_gdt.bad_frame", set_gdt(frames, 8));
    frames[0] = root_mfn();
    result("set_gdt.page_table", set_gdt(frames, 8));
    frames[0] = 0;
    result("set_gdt.frame_0", set_gdt(frames, 8));
    for (const WildPointer& wild : wild_pointers)
        result(join("set_gdt.", wild.name), set_gdt(at<u64>(wild.where), 8));
    result("set_gdt.drop_null", set_gdt(nullptr, 0));
    protect(page, kReadWrite);
    result("update.plain_page", update(mfn_of(page) << 12 | 8, kData));
    result("update.plain_page_bad", update(mfn_of(page) << 12 | 8, 0x0000e50000000000));
    result("update.misaligned", update(mfn_of(page) << 12 | 4, kData));
    result("update.beyond", update(u64{1} << 51, kData));
    result("update.page_table", update(root_mfn() << 12, kData));
    result("update.frame_0", update(8, kData));
    free_page(reinterpret_cast<u8*>(page));
}

struct Case {
    const char* name;
    u64 descriptor;
};

constexpr Case cases[] = {{"data_dpl0", 0x00cf93000000ffff},
                          {"code64_dpl0", 0x00af9b000000ffff},
                          {"code32", 0x00cffb000000ffff},
                          {"code_conforming", 0x00cfff000000ffff},
                          {"data_expand_down", 0x00cff7000000ffff},
                          {"not_present", 0x00cf73000000ffff},
                          {"base_high", 0xffcff300ffffffff},
                          {"limit_small", 0x0040f30000000001},
                          {"tss", 0x0000890000000067},
                          {"ldt", 0x0000820000000067},
                          {"call_gate", 0x0000ec00e0330000},
                          {"interrupt_gate", 0x0000ee0000000000},
                          {"task_gate", 0x0000e50000000000},
                          {"code_both_lb", 0x00effb000000ffff},
                          {"empty_with_bits", 0x0000000000001234},
                          {"system_not_present", 0x0000090000000067}};

// Each by update_descriptor into a live table, and as content when the table is set.
void descriptors() {
    u64* page = reinterpret_cast<u64*>(new_page());
    protect(page, kReadOnly);
    u64 frame = mfn_of(page);
    set_gdt(&frame, 512);
    for (const Case& c : cases) {
        const long rc = update(frame << 12 | 9 * 8, c.descriptor);
        result(join("descriptor.", c.name), rc);
        if (rc == 0) value(join("descriptor.", c.name, ".reads"), page[9] & ~(u64{1} << 40));
    }
    update(frame << 12 | 9 * 8, 0);
    set_gdt(nullptr, 0);
    for (const Case& c : cases) {
        protect(page, kReadWrite);
        page[9] = c.descriptor;
        protect(page, kReadOnly);
        const long rc = set_gdt(&frame, 512);
        result(join("content.", c.name), rc);
        if (rc == 0) value(join("content.", c.name, ".reads"), page[9] & ~(u64{1} << 40));
        set_gdt(nullptr, 0);
    }
    result("content.writable_again", protect(page, kReadWrite));
    free_page(reinterpret_cast<u8*>(page));
}

void local() {
    u64* page = reinterpret_cast<u64*>(new_page());
    page[2] = kData;
    result("ldt.set", mmuext(MMUEXT_SET_LDT, address(page), 512));
    fault("ldt.load_while_writable", load_ds(2 * 8 | 7));
    protect(page, kReadOnly);
    fault("ldt.load", load_ds(2 * 8 | 7));
    fault("ldt.load_empty", load_ds(3 * 8 | 7));
    fault("ldt.load_beyond", load_ds(600 * 8 | 7));
    result("ldt.writable_while_used", protect(page, kReadWrite));
    result("ldt.drop", mmuext(MMUEXT_SET_LDT, 0, 0));
    fault("ldt.load_after_drop", load_ds(2 * 8 | 7));
    result("ldt.writable_again", protect(page, kReadWrite));
    free_page(reinterpret_cast<u8*>(page));
}

} // namespace

void test_gdt() {
    global();
    errors();
    descriptors();
    local();
}
