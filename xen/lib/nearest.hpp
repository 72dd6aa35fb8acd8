// SPDX-License-Identifier: MIT
// The name that was meant: the one with the fewest letters changed, added or left out.
#pragma once

#include "lib/string.hpp"

namespace xen {

// Number of such changes from one to the other; long names count as far apart.
inline usize edit_distance(Str a, Str b) {
    constexpr usize kMost = 40;
    usize row[kMost + 1];
    if (a.size() > kMost || b.size() > kMost) return kMost;
    for (usize j = 0; j <= b.size(); ++j) row[j] = j;
    for (usize i = 1; i <= a.size(); ++i) {
        usize diagonal = row[0];
        row[0] = i;
        for (usize j = 1; j <= b.size(); ++j) {
            usize best = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[b.size()];
}

// Of a list of things with a `name`; empty when none is near.
template <class List>
Str nearest_name(Str name, const List& list) {
    Str best;
    usize least = name.size() / 2 + 1;
    for (const auto& item : list) {
        usize d = edit_distance(name, item.name);
        if (d >= least) continue;
        least = d;
        best = item.name;
    }
    return best;
}

}  // namespace xen
