// SPDX-License-Identifier: MIT
// The domains by id: a hash for look-up and a sorted list for iteration, both read under RCU. Changed under one lock.
#pragma once

#include <xen/domain.hpp>

namespace xen::domain {

Status enlist(Domain& d);                 // Errno::exist when the id is taken
void delist(Domain& d);
bool try_ref(Domain& d);                  // false when it is on its way out

}  // namespace xen::domain
