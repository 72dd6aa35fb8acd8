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
    schedop_remote_shutdown, hypfs, xsm, version, kexec, mca, profile, resource_map, vcpu_extra, device_message, count
};

// Errno::perm when the policy refuses. `object` is the domain acted upon; for operations on the host itself, the caller.
Status may(Op op, const Domain& object);
Status may(Op op, const Domain& subject, const Domain& object);
// A port of `owner` that `remote` may bind. Errno::srch: the policy has to judge the remote domain, and there is none.
// With no lock held.
Status may_open_port(const Domain& owner, DomId remote);

void init(Str policy);         // from the command line; unknown names warn and take the default
Str policy_name();

}  // namespace xen::security
