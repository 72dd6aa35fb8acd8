// SPDX-License-Identifier: MIT
// Start of the benchmark guest: it prints one line for each row and reboots.
#include "mark.hpp"
#include "page.hpp"
#include "print.hpp"
#include "rows.hpp"
#include "trap.hpp"
#include <public/sched.h>
#include <public/vcpu.h>

start_info* boot_info;
shared_info* shared;

namespace {
alignas(kPageSize) Page shared_page;
}

extern "C" void guest_main(start_info* info) {
    const u64 started = end_count();    // the plugin counts from the reset to here
    boot_info = info;
    hypercall(__HYPERVISOR_update_va_mapping, address(shared_page), info->shared_info | kReadWrite, UVMF_INVLPG);
    shared = reinterpret_cast<shared_info*>(shared_page);
    set_upcall_mask(true);
    install_traps();
    install_callbacks();
    hypercall(__HYPERVISOR_vcpu_op, VCPUOP_stop_periodic_timer, 0, 0);
    print("== bench\n");
    machine(started);
    calls();
    events();
    traps();
    tables();
    grants();
    memory();
    vcpus();
    domains();
    grants_between();
    delays();
    print("== done\n");
    sched_shutdown_t off = {SHUTDOWN_reboot};
    hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, address(&off));
}
