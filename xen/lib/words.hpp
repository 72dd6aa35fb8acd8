// SPDX-License-Identifier: MIT
// The words of a list such as "vga,com1,keep", in a range-for; they are views of the list's text. A separator ends a word:
// an empty list has no word, "a," has one, ",a" two, the first of them empty.
#pragma once

#include "lib/string.hpp"

namespace xen {

class Words {
public:
    constexpr explicit Words(Str list, char separator = ',') : list_{list}, separator_{separator} {}

    struct End {};
    class Iterator {
    public:
        constexpr Iterator(Str rest, char separator) : rest_{rest}, separator_{separator} {}
        constexpr Str operator*() const { return rest_.substr(0, rest_.find(separator_)); }
        constexpr Iterator& operator++() {
            usize at = rest_.find(separator_);
            rest_ = at == Str::npos ? Str{} : rest_.substr(at + 1);
            return *this;
        }
        friend constexpr bool operator==(const Iterator& i, End) { return i.rest_.empty(); }

    private:
        Str rest_;
        char separator_;
    };
    constexpr Iterator begin() const { return {list_, separator_}; }
    constexpr End end() const { return {}; }

private:
    Str list_;
    char separator_;
};

// Whether the list has this very word.
constexpr bool has_word(Str list, Str word, char separator = ',') {
    for (Str w : Words{list, separator})
        if (w == word) return true;
    return false;
}

}  // namespace xen
