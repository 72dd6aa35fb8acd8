// SPDX-License-Identifier: MIT
// The file that says what to boot, where firmware starts the hypervisor itself: sections of "name=value", as Xen documents it
// (docs/misc/efi.pandoc). `#` begins a comment anywhere, `;` on a line of its own. Pure; values point into the text.
#pragma once

#include "lib/maybe.hpp"
#include "lib/string.hpp"

namespace xen::efi {

class Config {
public:
    explicit Config(Str text) : text_{text} {}

    // In the section, else in [global]. Without a section (an empty name) the first of that name anywhere.
    Maybe<Str> value(Str section, Str name) const;
    // The section that [global] names, or none.
    Str default_section() const;

private:
    Maybe<Str> find(Str section, Str name) const;
    Str text_;
};

// A value that begins with a file's name: the name, and what is behind it.
struct Named {
    Str name{}, rest{};
};
Named split_name(Str value);

}  // namespace xen::efi
