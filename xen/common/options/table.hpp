// SPDX-License-Identifier: MIT
// The one list of command-line options. From it come the parser, the hypfs entries below /params and
// docs/options.md (tools/docs-options).
#pragma once

#include <xen/option.hpp>

namespace xen::option {

enum class Kind : u8 { boolean, number, size, text, dom0_memory, vcpu_range, ignored };

struct Option {
    const char* name;
    Kind kind;
    void* value;               // the member of the parsed values; nullptr when ignored
    const char* values;        // syntax, for the reference page
    const char* fallback;      // what holds without it, in words
    const char* help;
};

struct Table {
    const Option* first;
    usize count;
    const Option* begin() const { return first; }
    const Option* end() const { return first + count; }
};
Table table();

// False when the text is no value of the option's kind.
bool assign(const Option& o, Str text, bool negated);
// The whole text is a number, decimal or 0x….
bool parse_number(Str text, u64& out);
// The value as text, for hypfs; the length it has.
usize show(const Option& o, char* to, usize cap);
// The known name with the smallest edit distance; empty when none is near.
Str nearest(Str name);

}  // namespace xen::option
