// SPDX-License-Identifier: MIT
// The use of a grant for copying: no handle and no mapping, only the entry's count and a page reference for as
// long as the copy needs them. Follows one step of a transitive grant.
#pragma once

#include "common/grant/table.hpp"

namespace xen::grant {

struct Acquired {
    PageRef page{};
    u16 start = 0, length = 0;   // the part that may be copied
    Domain* via = nullptr;       // a transitive grant: whose grant is behind it,
    u32 via_ref = 0;             // and which
};

// GNTST_*, or kTryAgain when the entry changed under a transitive grant: the caller starts over.
inline constexpr s16 kTryAgain = 1;
s16 acquire(Domain& granter, u32 ref, DomId by, bool read_only, bool follow, Acquired& out);
// Ends the use; the page reference is the caller's to drop, before.
void release(Domain& granter, u32 ref, bool read_only, Acquired& use);

}  // namespace xen::grant
