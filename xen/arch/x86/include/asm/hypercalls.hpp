// SPDX-License-Identifier: MIT
// The hypercalls that x86 adds to the common ones (public/xen.h), as a list for the table.
#pragma once

#include <asm/mm.hpp>
#include <asm/pv.hpp>
#include <xen/control.hpp>
#include <xen/event.hpp>
#include <xen/sched.hpp>

#define XEN_ARCH_HYPERCALLS(X)                                              \
    X(__HYPERVISOR_set_timer_op, sched::set_timer_op)                       \
    X(__HYPERVISOR_event_channel_op_compat, event::event_channel_op_compat) \
    X(__HYPERVISOR_physdev_op_compat, control::physdev_op_compat)           \
    X(__HYPERVISOR_physdev_op, control::physdev_op)                         \
    X(__HYPERVISOR_xenoprof_op, control::xenoprof_op)                       \
    X(__HYPERVISOR_kexec_op, control::kexec_op)                             \
    X(__HYPERVISOR_set_trap_table, pv::set_trap_table)                      \
    X(__HYPERVISOR_mmu_update, mm::mmu_update)                              \
    X(__HYPERVISOR_set_gdt, mm::set_gdt)                                    \
    X(__HYPERVISOR_stack_switch, pv::stack_switch)                          \
    X(__HYPERVISOR_set_callbacks, pv::set_callbacks)                        \
    X(__HYPERVISOR_fpu_taskswitch, pv::fpu_taskswitch)                      \
    X(__HYPERVISOR_set_debugreg, pv::set_debugreg)                          \
    X(__HYPERVISOR_get_debugreg, pv::get_debugreg)                          \
    X(__HYPERVISOR_update_descriptor, mm::update_descriptor)                \
    X(__HYPERVISOR_update_va_mapping, mm::update_va_mapping)                \
    X(__HYPERVISOR_update_va_mapping_otherdomain, mm::update_va_mapping_otherdomain) \
    X(__HYPERVISOR_iret, pv::iret)                                          \
    X(__HYPERVISOR_set_segment_base, pv::set_segment_base)                  \
    X(__HYPERVISOR_mmuext_op, mm::mmuext_op)                                \
    X(__HYPERVISOR_nmi_op, pv::nmi_op)                                      \
    X(__HYPERVISOR_callback_op, pv::callback_op)                            \
    X(__HYPERVISOR_arch_0, control::machine_check_op)                         \
    X(__HYPERVISOR_arch_1, control::paging_continued)                       \
    X(__HYPERVISOR_hvm_op, control::hvm_op)                                 \
    X(__HYPERVISOR_dm_op, control::device_model_op)                         \
    X(__HYPERVISOR_xenpmu_op, control::pmu_op)

// Those that do something else inside a multicall.
#define XEN_ARCH_NESTED(X) X(__HYPERVISOR_iret, pv::iret_in_multicall)

namespace xen::hypercall {
constexpr bool has_vcpu_op(u32) { return true; }
}
