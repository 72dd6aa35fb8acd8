// SPDX-License-Identifier: MIT
// Sets and ways of a cache, and what each line of it stands for (set_way.hpp). Pure.
#pragma once

#include "lib/maybe.hpp"

namespace xen::guest {

struct CacheShape {
    u32 sets = 1, ways = 1;
    unsigned line_shift = 6;          // log2 of a line's bytes
    u64 lines() const { return u64{sets} * ways; }
};
// CCSIDR_EL1 in one of its two forms (D19.2.26, FEAT_CCIDX).
CacheShape shape_of(u64 ccsidr, bool wide);
// The line that an operand names, counted from 0; nothing: of another level, or none that there is.
Maybe<u64> line_of(const CacheShape& c, u64 operand);
struct Share {
    u64 first = 0, end = 0;
};
Share share_of(u64 line, u64 lines, u64 frames);

}  // namespace xen::guest
