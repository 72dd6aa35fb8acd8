// SPDX-License-Identifier: MIT
// The one access check. Every privileged operation asks may() once: subject (the caller), operation, object.
// Policies plug in behind it: default (control and hardware domains have privileges), silo (guests talk to
// privileged domains only). Choose with `xsm=`.
#pragma once

#include <xen/domain.hpp>

#include "lib/result.hpp"
#include "lib/string.hpp"

namespace xen::security {

// One name for each guarded operation; its rule stands in common/security.
enum class Op : u8 {
    domctl, domain_info, sysctl, platform_op, console_write, console_read, console_read_clear,
    evtchn_unbound, evtchn_interdomain, evtchn_status, evtchn_reset,
    grant_map, grant_unmap, grant_setup, grant_transfer, grant_copy, grant_query,
    memory_adjust, memory_stat, memory_exchange, memory_pin, memory_claim, memory_pod, memory_map_firmware, physmap_add, physmap_remove,
    mmu_update, mmu_foreign, mmuext_foreign, va_mapping_other, io_port, io_memory, pci_config, physdev,
    schedop_remote_shutdown, hypfs, xsm, version, kexec, mca, profile, resource_map, vcpu_extra, device_message, hvm_param, count
};

// Who may, by default.
enum class Rule : u8 {
    anyone,
    on_itself,       // the object is the caller, or the caller is privileged
    privileged,      // the control domain
    hardware,        // the control or hardware domain
    store,           // the above or the domain that runs the store
    peer,            // any two domains; silo separates unprivileged ones
};

constexpr Rule rule_of(Op op) {
    switch (op) {
    case Op::evtchn_interdomain:
    case Op::grant_map:
    case Op::grant_copy:
    case Op::grant_transfer: return Rule::peer;
    case Op::grant_unmap:
    case Op::version:
    case Op::memory_pin: return Rule::anyone;
    case Op::evtchn_unbound:
    case Op::evtchn_status:
    case Op::evtchn_reset:
    case Op::grant_setup:
    case Op::grant_query:
    case Op::memory_adjust:
    case Op::memory_stat:
    case Op::memory_exchange:
    case Op::physmap_add:
    case Op::physmap_remove:
    case Op::mmu_update:
    case Op::mmu_foreign:
    case Op::mmuext_foreign:
    case Op::va_mapping_other:
    case Op::schedop_remote_shutdown:
    case Op::resource_map:
    case Op::device_message:
    case Op::hvm_param: return Rule::on_itself;
    case Op::io_port:
    case Op::io_memory:
    case Op::pci_config:
    case Op::physdev:
    case Op::console_read:
    case Op::memory_map_firmware:
    case Op::mca: return Rule::hardware;
    case Op::domain_info: return Rule::store;
    default: return Rule::privileged;
    }
}

Status judge(Rule rule, const Domain& subject, const Domain& object);
Status judge(Rule rule, const Domain& object);   // of the current domain

// Errno::perm when the policy refuses. `object` is the domain acted upon; for operations on the host itself, the caller.
// The operation is known where it is compiled, and with it the rule.
[[gnu::always_inline]] inline Status may(Op op, const Domain& subject, const Domain& object) {
    return rule_of(op) == Rule::anyone ? Status{} : judge(rule_of(op), subject, object);
}
[[gnu::always_inline]] inline Status may(Op op, const Domain& object) {
    return rule_of(op) == Rule::anyone ? Status{} : judge(rule_of(op), object);
}
// A port of `owner` that `remote` may bind. Errno::srch: the policy has to judge the remote domain, and there is none.
// With no lock held.
Status may_open_port(const Domain& owner, DomId remote);

void init(Str policy);         // from the command line; unknown names warn and take the default
Str policy_name();

}  // namespace xen::security
