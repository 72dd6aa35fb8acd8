// SPDX-License-Identifier: MIT
#include "arch/arm/guest/cache_shape.hpp"

#include <bit>

namespace xen::guest {
namespace {

unsigned log2_up(u32 n) { return static_cast<unsigned>(std::bit_width(n - 1)); }

}  // namespace

CacheShape shape_of(u64 ccsidr, bool wide) {
    CacheShape c;
    c.line_shift = (ccsidr & 7) + 4;
    c.ways = static_cast<u32>(ccsidr >> 3 & (wide ? 0x1fffff : 0x3ff)) + 1;
    c.sets = static_cast<u32>(wide ? ccsidr >> 32 & 0xffffff : ccsidr >> 13 & 0x7fff) + 1;
    return c;
}

// C5.3.14: the level from bit 1 on, sets from the size of a line on, ways at the top of 32 bits.
Maybe<u64> line_of(const CacheShape& c, u64 operand) {
    auto o = static_cast<u32>(operand);
    unsigned way_bits = log2_up(c.ways);
    u32 way = way_bits ? o >> (32 - way_bits) : 0;
    u32 set = static_cast<u32>(o & (u64{0xffffffff} >> way_bits)) >> c.line_shift;
    if ((o >> 1 & 7) || way >= c.ways || set >= c.sets) return nothing;
    return u64{way} * c.sets + set;
}

Share share_of(u64 line, u64 lines, u64 frames) {
    u64 each = frames / lines, rest = frames % lines;   // the first `rest` shares have one more
    u64 first = line * each + (line < rest ? line : rest);
    return {first, first + each + (line < rest)};
}

}  // namespace xen::guest
