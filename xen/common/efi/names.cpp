// SPDX-License-Identifier: MIT
#include "common/efi/names.hpp"

#include "common/efi/config.hpp"

namespace xen::efi {
namespace {

// Characters up to and with the last backslash.
usize folder_of(const Path& p) {
    usize n = p.size();
    while (n && p.data()[n - 1] != '\\') --n;
    return n;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool names_image(Str word) {
    constexpr char kEnding[] = ".efi";
    constexpr usize kLength = sizeof kEnding - 1;
    if (word.size() < kLength) return false;
    for (usize i = 0; i < kLength; ++i)
        if (lower(word[word.size() - kLength + i]) != kEnding[i]) return false;
    return true;
}

}  // namespace

Path path_of(const DevicePath* nodes) {
    Path p;
    for (auto* at = reinterpret_cast<const u8*>(nodes); at;) {
        DevicePath n;
        __builtin_memcpy(&n, at, sizeof n);
        usize bytes = n.bytes[0] | usize{n.bytes[1]} << 8;
        if (n.type == DevicePath::kEnd || bytes < sizeof n) break;
        if (n.type == DevicePath::kMedia && n.subtype == DevicePath::kFile) {
            if (p.size() && p.data()[p.size() - 1] != '\\') p.add(u'\\');
            for (usize i = sizeof n; i + 1 < bytes; i += sizeof(Char)) {
                auto c = static_cast<Char>(at[i] | at[i + 1] << 8);
                if (!c) break;
                if (c != '\\' || !p.size() || p.data()[p.size() - 1] != '\\') p.add(c);
            }
        }
        at += bytes;
    }
    return p;
}

Path beside(const Path& image, Str name) {
    Path p;
    bool from_root = name.starts_with("\\") || name.starts_with("/");
    if (!from_root) p.add(image.data(), folder_of(image));
    for (char c : name) p.add(c == '/' ? u'\\' : static_cast<Char>(static_cast<unsigned char>(c)));
    return p;
}

ConfigNames::ConfigNames(const Path& image) : stem_{image}, folder_{folder_of(image)} {}

bool ConfigNames::next(Path& out) {
    usize n = stem_.size();
    while (n > folder_ && stem_.data()[n - 1] != '.' && stem_.data()[n - 1] != '-' && stem_.data()[n - 1] != '_') --n;
    if (n <= folder_ + 1) return false;
    stem_.shorten(n - 1);
    out = stem_;
    out.add(".cfg");
    return !out.cut();
}

Line text_of(const Char* options, usize bytes) {
    Line l;
    for (usize i = 0; options && i < bytes / sizeof(Char) && options[i]; ++i) l.add(options[i] < 0x80 ? static_cast<char>(options[i]) : '?');
    return l;
}

CommandLine parse_command_line(Str line) {
    Str none = line.substr(line.size());
    CommandLine c{none, none, none, none};      // no constant, which would hold an address (stub.hpp)
    bool first = true;
    for (Named n = split_name(line); !n.name.empty() || !n.rest.empty(); n = split_name(n.rest), first = false) {
        if (n.name == "--") {
            c.extra = n.rest;
            break;
        }
        if (n.name.starts_with("-cfg=")) c.config = n.name.substr(5);
        else if (n.name.empty() || (first && names_image(n.name))) continue;
        else if (c.section.empty() && !n.name.starts_with("-")) c.section = n.name;
        else if (c.unknown.empty()) c.unknown = n.name;
    }
    return c;
}

}  // namespace xen::efi
