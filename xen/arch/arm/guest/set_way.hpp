// SPDX-License-Identifier: MIT
// Maintenance of caches by set and way (DC ISW, CSW, CISW; ARM D7.5.9.4), for a vCPU that runs now here, now there. It means
// every line of a cache, in a loop over its sets and ways, when a kernel turns its caches off or on. So each line of the first
// level's data cache stands for a share of the domain's address space, and what is mapped there is cleaned and invalidated by
// address, to memory, on all CPUs: once around is all of it. Other levels have nothing left to do.
#pragma once

#include <xen/domain.hpp>

namespace xen::guest {

// The instruction, for the current vCPU. False: it has done a part and is to be executed again; interrupts come in between.
bool maintain_by_set_and_way(Vcpu& v, u64 operand);

}  // namespace xen::guest
