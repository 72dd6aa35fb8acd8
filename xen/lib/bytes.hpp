// SPDX-License-Identifier: MIT
// A range of bytes that somebody else wrote, read with bounds: an access outside gives an error, never a fault.
#pragma once

#include <span>
#include <type_traits>

#include "lib/result.hpp"
#include "lib/types.hpp"

namespace xen {

using Bytes = std::span<const u8>;

// bytes[from, from + n); Errno::inval when it does not lie inside.
inline Result<Bytes> slice(Bytes b, u64 from, u64 n) {
    if (from > b.size() || n > b.size() - from) return Errno::inval;
    return b.subspan(static_cast<usize>(from), static_cast<usize>(n));
}

// A T at an offset of any alignment.
template <class T>
Result<T> read_at(Bytes b, u64 offset) {
    static_assert(std::is_trivially_copyable_v<T>);
    Bytes part = TRY(slice(b, offset, sizeof(T)));
    T v;
    __builtin_memcpy(&v, part.data(), sizeof(T));
    return v;
}

}  // namespace xen
