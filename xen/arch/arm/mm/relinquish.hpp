// SPDX-License-Identifier: MIT
#pragma once

#include <xen/domain.hpp>

namespace xen::mm {

Status relinquish(Domain& d);   // Errno::restart between batches

}  // namespace xen::mm
