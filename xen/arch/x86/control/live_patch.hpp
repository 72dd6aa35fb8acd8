// SPDX-License-Identifier: MIT
// XEN_SYSCTL_livepatch_op: there is no loader for payloads, so the list is empty and no name is found.
#pragma once

#include <public/sysctl.h>

#include "lib/result.hpp"

namespace xen::arch {

Status live_patch(xen_sysctl_livepatch_op& x);

}  // namespace xen::arch
