// SPDX-License-Identifier: MIT
// The part of the tree below /cpupool: one directory for each pool, as the pools are now. The caller has the lock of the
// tree; what pools() gives holds until it is called again.
#pragma once

#include "common/hypfs/node.hpp"

namespace xen::hypfs {

Result<const Node&> pools();

}  // namespace xen::hypfs
