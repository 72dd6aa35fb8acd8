// SPDX-License-Identifier: MIT
// Private to drivers/acpi: fields of little-endian tables. Outside the table everything reads as zero, so that a parser
// checks lengths only where it matters.
#pragma once

#include <xen/acpi.hpp>

#include "lib/string.hpp"

namespace xen::acpi {

inline constexpr usize kHeaderBytes = 36;

template <class T>
T field(Bytes t, usize at) {
    T v{};
    if (at > t.size() || t.size() - at < sizeof(T)) return v;
    memcpy(&v, t.data() + at, sizeof(T));
    return v;
}

inline Bytes part(Bytes t, usize at, usize n) {
    if (at > t.size()) return {};
    return t.subspan(at, n < t.size() - at ? n : t.size() - at);
}

// Walks entries of the form {type, length, ...}; stops at a length that is none. F: void(u8 type, Bytes entry).
template <class F>
void for_each_entry(Bytes t, usize first, F f) {
    for (usize at = first; at + 2 <= t.size();) {
        usize n = t[at + 1];
        if (n < 2 || n > t.size() - at) return;
        f(t[at], t.subspan(at, n));
        at += n;
    }
}

GenericAddress generic_address(Bytes t, usize at);

}  // namespace xen::acpi
