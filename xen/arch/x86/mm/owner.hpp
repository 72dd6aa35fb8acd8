// SPDX-License-Identifier: MIT
// The domains that an MMU hypercall names: itself, a foreign one that its access check allows, or a special one.
#pragma once

#include <xen/domain.hpp>
#include <xen/guest_access.hpp>

namespace xen::mm {

// foreigndom of mmu_update and mmuext_op (public/xen.h). Errno::srch for what cannot be named.
Result<DomainRef> page_owner_of(u16 domid);

// The CPUs whose TLBs may hold entries of the vCPUs in a guest's bitmap.
Result<CpuMask> vcpu_cpus(const Domain& d, GuestIn<u64> mask);

}  // namespace xen::mm
