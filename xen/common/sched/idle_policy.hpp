// SPDX-License-Identifier: MIT
// The policy of CPUs outside every pool: they run nothing. It has no state, one object serves all of them.
#pragma once

#include "common/sched/policy.hpp"

namespace xen::sched {

SchedPolicy& idle_policy();

}  // namespace xen::sched
