// SPDX-License-Identifier: MIT
// Values of properties: cells, numbers and lists of strings (Devicetree Specification 0.4, 2.2.4).
#include <xen/device_tree.hpp>

namespace xen::device_tree {

u32 Cells::operator[](usize i) const {
    if (i >= size()) return 0;
    auto v = read_at<u32>(value_, i * 4);
    return v ? __builtin_bswap32(v.value()) : 0;
}

Maybe<u64> Cells::number(usize at, usize count) const {
    if (at > size() || count > size() - at) return nothing;
    u64 v = 0;
    for (usize i = 0; i < count; ++i) {
        if (v >> 32) return nothing;
        v = v << 32 | (*this)[at + i];
    }
    return v;
}

Maybe<u64> Property::number() const {
    if (value.size() != 4 && value.size() != 8) return nothing;
    return cells().number(0, value.size() / 4);
}

Maybe<Str> Property::text(usize i) const {
    for (usize at = 0; at < value.size();) {
        usize n = 0;
        while (at + n < value.size() && value[at + n]) ++n;
        if (at + n == value.size()) return nothing;
        if (!i--) return Str{reinterpret_cast<const char*>(value.data()) + at, n};
        at += n + 1;
    }
    return nothing;
}

Maybe<Str> Property::text() const {
    auto first = text(0);
    if (!first || first->size() + 1 != value.size()) return nothing;
    return first;
}

bool Property::lists(Str s) const {
    for (usize i = 0; auto t = text(i); ++i)
        if (*t == s) return true;
    return false;
}

// A damaged tree may ask for any number of cells.
CellList& CellList::add(u64 number, usize cells) {
    if (cells > kMax - bytes_.size() / 4 || (cells < 2 && number >> 32)) {
        full_ = true;
        return *this;
    }
    for (usize i = cells; i--;) {
        u32 v = i < 2 ? static_cast<u32>(number >> (32 * i)) : 0;
        for (unsigned shift : {24u, 16u, 8u, 0u}) (void)bytes_.push(static_cast<u8>(v >> shift));
    }
    return *this;
}

}  // namespace xen::device_tree
