// SPDX-License-Identifier: MIT
// callback_op, set_callbacks, stack_switch and nmi_op: entry points of the kernel and their errors.
#include "event.hpp"
#include "test.hpp"
#include <public/callback.h>
#include <public/nmi.h>
#include <public/vcpu.h>

extern "C" void event_entry(), failsafe_entry(), syscall_entry(), nmi_entry();

namespace {

void registration() {
    for (u16 type = 0; type < 10; ++type) {
        callback_register_t r = {type, 0, address(&event_entry)};
        result(join("register.", type),
               hypercall(__HYPERVISOR_callback_op, CALLBACKOP_register, address(&r)));
        r.address = kNonCanonical;
        result(join("register.non_canonical.", type),
               hypercall(__HYPERVISOR_callback_op, CALLBACKOP_register, address(&r)));
        r.flags = 0xfffe;
        r.address = address(&event_entry);
        result(join("register.flags.", type),
               hypercall(__HYPERVISOR_callback_op, CALLBACKOP_register, address(&r)));
        callback_unregister_t u = {type, 0};
        result(join("unregister.", type),
               hypercall(__HYPERVISOR_callback_op, CALLBACKOP_unregister, address(&u)));
    }
    for (const WildPointer& wild : wild_pointers) {
        result(join("register.", wild.name), hypercall(__HYPERVISOR_callback_op, 0, wild.where));
        result(join("unregister.", wild.name), hypercall(__HYPERVISOR_callback_op, 1, wild.where));
        result(join("command.", wild.name), hypercall(__HYPERVISOR_callback_op, 2, wild.where));
    }
    install_callbacks();
}

void entry_points() {
    result("set_callbacks.non_canonical",
           hypercall(__HYPERVISOR_set_callbacks, kNonCanonical, kNonCanonical, kNonCanonical));
    result("set_callbacks.one_bad", hypercall(__HYPERVISOR_set_callbacks, address(&event_entry),
                                              kNonCanonical, address(&syscall_entry)));
    result("set_callbacks.zero", hypercall(__HYPERVISOR_set_callbacks, 0, 0, 0));
    result("stack_switch.null_ss", hypercall(__HYPERVISOR_stack_switch, 0, kUnmapped));
    result("stack_switch.bad_ss", hypercall(__HYPERVISOR_stack_switch, 0x7ff8, kUnmapped));
    result("stack_switch.hypervisor_ss", hypercall(__HYPERVISOR_stack_switch, 0xe008, kUnmapped));
    result("stack_switch.non_canonical",
           hypercall(__HYPERVISOR_stack_switch, FLAT_KERNEL_SS, kNonCanonical));
    result("stack_switch.hypervisor",
           hypercall(__HYPERVISOR_stack_switch, FLAT_KERNEL_SS, kHypervisor));
    install_callbacks();
}

void non_maskable() {
    xennmi_callback cb = {address(&nmi_entry), 0};
    result("nmi.register", hypercall(__HYPERVISOR_nmi_op, XENNMI_register_callback, address(&cb)));
    fault("nmi.to_self", catch_fault([] {
              hypercall(__HYPERVISOR_vcpu_op, VCPUOP_send_nmi, 0, 0);
              asm volatile("nop");
          }));
    result("nmi.unregister", hypercall(__HYPERVISOR_nmi_op, XENNMI_unregister_callback, 0));
    cb.handler_address = kNonCanonical;
    result("nmi.bad_entry", hypercall(__HYPERVISOR_nmi_op, XENNMI_register_callback, address(&cb)));
    result("nmi.unknown", hypercall(__HYPERVISOR_nmi_op, 2, 0));
    for (const WildPointer& wild : wild_pointers)
        result(join("nmi.", wild.name), hypercall(__HYPERVISOR_nmi_op, 0, wild.where));
    install_traps();
}

// An upcall that was pending when the mask opened is delivered on the way out of a hypercall.
void upcall() {
    const u32 ipi = static_cast<u32>(bind_ipi());
    send_port(ipi);
    value("upcall.opened", upcalls_while_open());
    value("upcall.once", upcalls_while_open());
    clear_pending(ipi);
    close_port(ipi);
}

} // namespace

void test_callback() {
    registration();
    entry_points();
    non_maskable();
    upcall();
}
