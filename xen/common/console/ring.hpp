// SPDX-License-Identifier: MIT
// The log ring: the last `size` characters written. Indices count every character ever written and wrap at 2^32, as
// XEN_SYSCTL_readconsole hands them out. Not locked: the console's lock is held.
#pragma once

#include "lib/string.hpp"
#include "lib/types.hpp"

namespace xen::console {

class LogRing {
public:
    // size: a power of two.
    constexpr LogRing(char* space, u32 size) : space_{space}, size_{size} {}
    void put(Str text);
    u32 size() const { return size_; }
    u32 end() const { return end_; }
    u32 begin() const { return begin_; }
    // Where a reader starts that has read up to `index` before; an index that is not in the ring means its beginning.
    u32 start_after(u32 index) const;
    // Copies from `from` on what is there, at most n characters; says how many.
    u32 copy(u32 from, char* to, u32 n) const;
    // Forgets what is before `index`.
    void clear_to(u32 index);
    // Goes on in other storage of at least this size; the old one is free then. Returns the old.
    char* move_to(char* space, u32 size);

private:
    char* space_;
    u32 size_;
    u32 begin_ = 0, end_ = 0;
};

}  // namespace xen::console
