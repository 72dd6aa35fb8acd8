// SPDX-License-Identifier: MIT
// multicall: each entry's result, entries that fail, nesting, faults and long lists.
#include "page.hpp"
#include "test.hpp"
#include <public/version.h>

namespace {

multicall_entry call(u64 op, u64 a = 0, u64 b = 0, u64 c = 0, u64 d = 0) {
    auto e = zeroed<multicall_entry>();
    e.op = op;
    e.args[0] = a;
    e.args[1] = b;
    e.args[2] = c;
    e.args[3] = d;
    e.result = 77;
    return e;
}

long run(multicall_entry* list, u64 count) {
    return hypercall(__HYPERVISOR_multicall, address(list), count);
}

void results() {
    multicall_entry list[6] = {call(__HYPERVISOR_xen_version, XENVER_pagesize),
                               call(63),
                               call(1000),
                               call(~u64{0}),
                               call(__HYPERVISOR_sched_op, 99),
                               call(__HYPERVISOR_xen_version, XENVER_version)};
    result("list", run(list, 6));
    for (unsigned i = 0; i < 6; ++i) result(join("list.", i), static_cast<long>(list[i].result));
    value("list.op_kept", list[0].op);
    result("none", run(list, 0));
    multicall_entry inner = call(__HYPERVISOR_xen_version, XENVER_pagesize);
    multicall_entry outer[2] = {call(__HYPERVISOR_multicall, address(&inner), 1),
                                call(__HYPERVISOR_xen_version, XENVER_pagesize)};
    result("nested", run(outer, 2));
    result("nested.inner_call", static_cast<long>(outer[0].result));
    result("nested.inner", static_cast<long>(inner.result));
    result("nested.next", static_cast<long>(outer[1].result));
}

void mapping() {
    u8* page = new_page();
    const u64 frame = mfn_of(page) << 12;
    multicall_entry list[3] = {
        call(__HYPERVISOR_update_va_mapping, address(page), frame | kReadOnly, UVMF_INVLPG),
        call(__HYPERVISOR_update_va_mapping, address(page), root_mfn() << 12 | kReadWrite,
             UVMF_INVLPG),
        call(__HYPERVISOR_update_va_mapping, address(page), frame | kReadWrite, UVMF_INVLPG)};
    result("mapping", run(list, 3));
    for (unsigned i = 0; i < 3; ++i) result(join("mapping.", i), static_cast<long>(list[i].result));
    free_page(page);
}

void faults() {
    for (const WildPointer& wild : wild_pointers) {
        result(join("wild.", wild.name), run(at<multicall_entry>(wild.where), 1));
        result(join("wild.", wild.name, ".none"), run(at<multicall_entry>(wild.where), 0));
        result(join("wild.", wild.name, ".huge"), run(at<multicall_entry>(wild.where), ~u64{0}));
    }
    // The second entry lies in a page that is not there; the first one is done.
    u8* page = new_page();
    multicall_entry* last = reinterpret_cast<multicall_entry*>(page + kPageSize) - 1;
    *last = call(__HYPERVISOR_xen_version, XENVER_pagesize);
    map_at(window(0), mfn_of(page), kReadWrite);
    map_at(window(1), 0, 0);
    multicall_entry* there = reinterpret_cast<multicall_entry*>(window(0) + kPageSize) - 1;
    result("cut_off", run(there, 2));
    result("cut_off.first", static_cast<long>(last->result));
    last->result = 77;
    map_at(window(0), mfn_of(page), kReadOnly);
    result("read_only_list", run(there, 1));
    result("read_only_list.first", static_cast<long>(last->result));
    window_reset(0);
    window_reset(1);
    free_page(page);
}

void long_list() {
    static multicall_entry list[1500];
    for (multicall_entry& e : list) e = call(__HYPERVISOR_xen_version, XENVER_pagesize);
    result("long", run(list, 1500));
    bool good = true;
    for (const multicall_entry& e : list) good = good && e.result == kPageSize;
    check("long.results", good);
}

} // namespace

void test_multicall() {
    results();
    mapping();
    faults();
    long_list();
}
