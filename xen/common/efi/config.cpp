// SPDX-License-Identifier: MIT
#include "common/efi/config.hpp"

namespace xen::efi {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

Str trim(Str s) {
    usize from = 0, end = s.size();
    while (from < end && is_blank(s[from])) ++from;
    while (end > from && is_blank(s[end - 1])) --end;
    return s.substr(from, end - from);
}

// Takes a line off; any control character ends it. Comments are gone from it.
Str next_line(Str& text) {
    usize n = 0;
    while (n < text.size() && (static_cast<unsigned char>(text[n]) >= ' ' || text[n] == '\t')) ++n;
    Str line = text.substr(0, n);
    text = text.substr(n < text.size() ? n + 1 : n);
    if (usize at = line.find('#'); at != Str::npos) line = line.substr(0, at);
    line = trim(line);
    return line.starts_with(";") ? Str{} : line;
}

}  // namespace

Maybe<Str> Config::find(Str section, Str name) const {
    bool inside = section.empty();
    for (Str left = text_; !left.empty();) {
        Str line = next_line(left);
        if (line.starts_with("[")) {
            inside = section.empty() || trim(line.substr(1, line.find(']') - 1)) == section;
            continue;
        }
        usize at = line.find('=');
        if (inside && at != Str::npos && trim(line.substr(0, at)) == name) return trim(line.substr(at + 1));
    }
    return nothing;
}

Maybe<Str> Config::value(Str section, Str name) const {
    auto found = find(section, name);
    return found || section.empty() ? found : find("global", name);
}

Str Config::default_section() const { return find("global", "default").value_or(Str{}); }

Named split_name(Str value) {
    usize n = 0;
    while (n < value.size() && !is_blank(value[n])) ++n;
    return {value.substr(0, n), trim(value.substr(n))};
}

}  // namespace xen::efi
