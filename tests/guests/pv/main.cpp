// SPDX-License-Identifier: MIT
// Start of the guest and the list of its test groups, in the order in which they run.
#include "page.hpp"
#include "test.hpp"
#include <public/sched.h>

start_info* boot_info;
shared_info* shared;

#define GROUP(name) void test_##name();
#include "groups.inc"
#undef GROUP

#define GROUP(name) {#name, test_##name},
const Group groups[] = {
#include "groups.inc"
};
const unsigned group_count = sizeof(groups) / sizeof(groups[0]);

namespace {
alignas(kPageSize) Page shared_page;
}

extern "C" void guest_main(start_info* info) {
    boot_info = info;
    print("pv-test: started by {}\n", info->magic);
    const long mapped = hypercall(__HYPERVISOR_update_va_mapping, address(shared_page),
                                  info->shared_info | kReadWrite, UVMF_INVLPG);
    shared = reinterpret_cast<shared_info*>(shared_page);
    if (mapped) print("FAIL shared_info not mapped: {}\n", mapped);
    set_upcall_mask(true);
    install_traps();
    install_callbacks();
    run_groups(reinterpret_cast<const char*>(info->cmd_line));
    sched_shutdown_t off = {SHUTDOWN_reboot};
    hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, address(&off));
    print("FAIL still running after shutdown\n");
}
