// SPDX-License-Identifier: MIT
// Every operation of the calls that take a command, on a structure that is all zeros, all ones or all the same small byte.
// Left out is what ends the run or sleeps for ever.
#include "page.hpp"
#include "test.hpp"
#include <public/callback.h>
#include <public/event_channel.h>
#include <public/physdev.h>
#include <public/platform.h>
#include <public/sched.h>
#include <public/vcpu.h>

namespace {

constexpr u8 kFills[] = {0, 0xff, 1};
u8* page;

struct Call {
    const char* name;
    u64 number;
    u64 commands;
    u64 third; // an argument behind the structure, or before it with `second`
    bool (*left_out)(u64 command, u8 fill);
};

bool none(u64, u8) { return false; }

bool sched(u64 command, u8 fill) {
    const bool sleeps = command == SCHEDOP_block || (command == SCHEDOP_poll && fill == 0);
    const bool ends = command == SCHEDOP_shutdown || (command == SCHEDOP_remote_shutdown && fill == 0) ||
                      (command == SCHEDOP_watchdog && fill != 0xff);
    return sleeps || ends || command == SCHEDOP_shutdown_code;
}

// Entries elsewhere would be called at the next trap; the first three are in test_callback.cpp.
bool callback(u64, u8 fill) { return fill == 1; }

bool event(u64 command, u8) { return command == EVTCHNOP_reset || command == 14; }

// Prepared and released MSI-X of a device that has none ends Xen 4.17.
bool physdev(u64 command, u8 fill) {
    return fill == 0 && (command == PHYSDEVOP_prepare_msix || command == PHYSDEVOP_release_msix);
}

// Xen 4.17 follows the list of a nonsense image of version 1 to its own end.
bool kexec(u64 command, u8 fill) { return command == 1 && fill != 0; }

bool memory(u64 command, u8 fill) { return command == 13 && fill == 0; }

constexpr Call calls[] = {
    {"memory", __HYPERVISOR_memory_op, 32, 0, memory},
    {"version", __HYPERVISOR_xen_version, 0, 0, none},
    {"sched", __HYPERVISOR_sched_op, 10, 0, sched},
    {"callback", __HYPERVISOR_callback_op, 4, 0, callback},
    {"event", __HYPERVISOR_event_channel_op, 16, 0, event},
    {"physdev", __HYPERVISOR_physdev_op, 36, 0, physdev},
    {"hvm", __HYPERVISOR_hvm_op, 28, 0, none},
    {"kexec", __HYPERVISOR_kexec_op, 9, 0, kexec},
    {"xenoprof", __HYPERVISOR_xenoprof_op, 18, 0, none},
    {"pmu", __HYPERVISOR_xenpmu_op, 9, 0, none},
};

void sweep(const Call& call) {
    for (u8 fill : kFills)
        for (u64 command = 0; command < call.commands; ++command) {
            if (call.left_out(command, fill)) continue;
            memset(page, fill, kPageSize);
            result(join(join(call.name, ".", ""), fill, join(".", command)),
                   hypercall(call.number, command, address(page)));
        }
}

void grants() {
    for (u8 fill : kFills)
        for (u64 command = 0; command < 14; ++command)
            for (u64 count : {u64{1}, u64{2}}) {
                if (command == 8 && fill == 1) continue; // set_version
                memset(page, fill, kPageSize);
                const long rc = hypercall(__HYPERVISOR_grant_table_op, command, address(page), count);
                result(join(join("grant.", fill, "."), command, join(".", count)), rc);
            }
}

void vcpus() {
    for (u8 fill : kFills)
        for (u64 command = 2; command < 17; ++command)
            for (u64 vcpu : {u64{0}, u64{1}}) {
                const bool nmi = command == VCPUOP_send_nmi;
                const bool down = command == VCPUOP_down && vcpu == 0;
                // The first one's info must stay where the traps look.
                const bool info = command == VCPUOP_register_vcpu_info;
                // Answered where the vCPU can run nowhere else: on a machine with one processor.
                const bool place = command == VCPUOP_get_physid;
                if (nmi || down || info || place) continue;
                memset(page, fill, kPageSize);
                const long rc = hypercall(__HYPERVISOR_vcpu_op, command, vcpu, address(page));
                result(join(join("vcpu.", fill, "."), command, join(".", vcpu)), rc);
            }
    memset(page, 0, kPageSize);
    for (u64 area : {VCPUOP_register_runstate_memory_area, VCPUOP_register_vcpu_time_memory_area})
        for (u64 vcpu : {u64{0}, u64{1}}) hypercall(__HYPERVISOR_vcpu_op, area, vcpu, address(page));
    hypercall(__HYPERVISOR_vcpu_op, VCPUOP_stop_periodic_timer, 0, 0);
    hypercall(__HYPERVISOR_vcpu_op, VCPUOP_stop_periodic_timer, 1, 0);
    hypercall(__HYPERVISOR_set_timer_op, 0);
}

// Takes its command inside the structure. Those that change the clock, the cores or the power are left out.
void platform() {
    for (u32 command = 1; command < 66; ++command) {
        const bool harmful = command == XENPF_settime32 || command == XENPF_enter_acpi_sleep ||
                             command == XENPF_core_parking;
        if (harmful) continue;
        memset(page, 0xff, kPageSize);
        auto& op = *reinterpret_cast<xen_platform_op*>(page);
        op.cmd = command;
        op.interface_version = XENPF_INTERFACE_VERSION;
        result(join("platform.255.", command), hypercall(__HYPERVISOR_platform_op, address(page)));
    }
}

void others() {
    for (u8 fill : kFills) {
        memset(page, fill, kPageSize);
        result(join("xsm.", fill), hypercall(__HYPERVISOR_xsm_op, address(page)));
        for (u64 command = 0; command < 9; ++command) {
            memset(page, fill, kPageSize);
            *reinterpret_cast<u32*>(page) = static_cast<u32>(command);
            reinterpret_cast<u32*>(page)[1] = 0x03000003; // interface version of machine checks
            result(join(join("mca.", fill, "."), command), hypercall(__HYPERVISOR_arch_0, address(page)));
        }
        for (u64 buffers : {u64{0}, u64{1}, u64{3}, u64{4}})
            for (u64 domain : {u64{0}, u64{0x7ff0}, u64{999}}) {
                memset(page, fill, kPageSize);
                result(join(join("dm.", fill, "."), buffers, join(".", domain)),
                       hypercall(__HYPERVISOR_dm_op, domain, buffers, address(page)));
            }
        memset(page, fill, kPageSize);
        result(join("paging_continued.", fill), hypercall(__HYPERVISOR_arch_1, address(page)));
    }
}

// A list of requests of one kind, all nonsense: how many count as done.
void lists() {
    for (u8 fill : kFills)
        for (u64 number : {u64{__HYPERVISOR_mmu_update}, u64{__HYPERVISOR_mmuext_op}, u64{__HYPERVISOR_multicall}}) {
            memset(page, fill, kPageSize);
            u32 done = 77;
            const bool list = number != __HYPERVISOR_multicall;
            if (!list && fill == 1) continue;
            const long rc = hypercall(number, address(page), 2, list ? address(&done) : 0, DOMID_SELF);
            result(join(join("list.", number, "."), fill), rc);
            value(join(join("list.", number, "."), fill, ".done"), done);
        }
}

} // namespace

void test_filled() {
    page = new_page();
    for (const Call& call : calls) sweep(call);
    install_callbacks();
    grants();
    vcpus();
    platform();
    others();
    lists();
    install_traps();
    free_page(page);
}
