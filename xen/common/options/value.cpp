// SPDX-License-Identifier: MIT
// Values of options: text to value, and back for hypfs. Pure.
#include "common/options/table.hpp"
#include "lib/format.hpp"
#include "lib/words.hpp"

namespace xen::option {
namespace {

constexpr u32 kAnyVcpus = ~u32{0};

int digit_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return 99;
}

// Takes digits (decimal, 0x…) off the front; false when there are none or too many.
bool take_number(Str& s, u64& out) {
    int base = 10;
    if (s.size() > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
        base = 16;
        s = s.substr(2);
    }
    usize n = 0;
    out = 0;
    for (; n < s.size() && digit_of(s[n]) < base; ++n) {
        u64 next = out * static_cast<u64>(base) + static_cast<u64>(digit_of(s[n]));
        if (next < out) return false;
        out = next;
    }
    s = s.substr(n);
    return n > 0;
}

unsigned shift_of(char c) {
    switch (c | 0x20) {
    case 'k': return 10;
    case 'm': return 20;
    case 'g': return 30;
    case 't': return 40;
    case 'b': return 0;
    default: return 64;
    }
}

// Xen's sizes: a number without a suffix is in KiB.
bool size_of(Str s, u64& out) {
    if (!take_number(s, out) || s.size() > 1) return false;
    unsigned shift = s.empty() ? 10 : shift_of(s[0]);
    if (shift == 64 || out > (~u64{0} >> shift)) return false;
    out <<= shift;
    return true;
}

bool memory_part(Str part, Maybe<u64>& value, bool& relative) {
    relative = !part.empty() && part[0] == '-';
    u64 bytes;
    if (!size_of(relative ? part.substr(1) : part, bytes)) return false;
    value = bytes;
    return true;
}

bool dom0_memory_of(Str s, Dom0Memory& m) {
    if (s.empty()) return false;
    for (Str part : Words{s}) {
        bool ok = part.starts_with("min:")   ? memory_part(part.substr(4), m.min, m.min_relative)
                  : part.starts_with("max:") ? memory_part(part.substr(4), m.max, m.max_relative)
                                             : memory_part(part, m.size, m.size_relative);
        if (!ok) return false;
    }
    return true;
}

bool vcpu_range_of(Str s, u32* range) {
    usize dash = s.find('-');
    u64 low = 0;
    u64 high = kAnyVcpus;
    Str first = s.substr(0, dash);
    if (!first.empty() && (!take_number(first, low) || !first.empty())) return false;
    if (dash == Str::npos) {
        high = low;
        if (s.empty()) return false;
    } else if (Str second = s.substr(dash + 1); !second.empty()) {
        if (!take_number(second, high) || !second.empty()) return false;
    }
    if (low > high || high > kAnyVcpus) return false;
    range[0] = static_cast<u32>(low);
    range[1] = static_cast<u32>(high);
    return true;
}

// Parses into a copy, so that text that is no value changes nothing.
template <class T, class F>
bool replace(T& value, Str text, F parse) {
    T copy = value;
    if (!parse(text, copy)) return false;
    value = copy;
    return true;
}

bool number_of(Str s, u32& out) {
    u64 v;
    if (!take_number(s, v) || !s.empty() || v > ~u32{0}) return false;
    out = static_cast<u32>(v);
    return true;
}

}  // namespace

Maybe<bool> boolean(Str s) {
    for (const char* yes : {"", "yes", "on", "true", "enable", "1"})
        if (s == Str{yes}) return true;
    for (const char* no : {"no", "off", "false", "disable", "0"})
        if (s == Str{no}) return false;
    return nothing;
}

bool parse_number(Str text, u64& out) { return take_number(text, out) && text.empty(); }

bool assign(const Option& o, Str text, bool negated) {
    if (o.kind == Kind::ignored) return true;
    if (o.kind == Kind::boolean) {
        Maybe<bool> v = boolean(text);
        if (!v) return false;
        *static_cast<bool*>(o.value) = *v != negated;
        return true;
    }
    if (o.kind == Kind::text) {
        *static_cast<Str*>(o.value) = negated ? Str{"no"} : text;
        return true;
    }
    if (negated) return false;
    switch (o.kind) {
    case Kind::number: return number_of(text, *static_cast<u32*>(o.value));
    case Kind::size: return replace(*static_cast<u64*>(o.value), text, size_of);
    case Kind::dom0_memory: return replace(*static_cast<Dom0Memory*>(o.value), text, dom0_memory_of);
    default: return vcpu_range_of(text, static_cast<u32*>(o.value));
    }
}

usize show(const Option& o, char* to, usize cap) {
    switch (o.kind) {
    case Kind::boolean: return format(to, cap, "%d", *static_cast<bool*>(o.value));
    case Kind::number: return format(to, cap, "%u", *static_cast<u32*>(o.value));
    case Kind::size: return format(to, cap, "%lu", *static_cast<u64*>(o.value));
    case Kind::text: {
        Str s = *static_cast<Str*>(o.value);
        return format(to, cap, "%.*s", static_cast<int>(s.size()), s.data());
    }
    case Kind::dom0_memory: {
        const auto& m = *static_cast<Dom0Memory*>(o.value);
        return format(to, cap, "%s%luM", m.size_relative ? "-" : "", m.size.value_or(0) >> 20);
    }
    case Kind::vcpu_range: {
        const u32* range = static_cast<u32*>(o.value);
        return range[1] == kAnyVcpus ? format(to, cap, "%u-", range[0]) : format(to, cap, "%u-%u", range[0], range[1]);
    }
    default: return format(to, cap, "%s", "");
    }
}

}  // namespace xen::option
