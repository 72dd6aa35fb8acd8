// SPDX-License-Identifier: MIT
#include "lib/format.hpp"

#include "lib/string.hpp"

namespace xen {
namespace {

struct Sink {
    char* to;
    usize cap;
    usize length = 0;
    void put(char c) {
        if (length + 1 < cap) to[length] = c;
        ++length;
    }
    void pad(char c, usize n) {
        while (n--) put(c);
    }
    void text(const char* s, usize n) {
        for (usize i = 0; i < n; ++i) put(s[i]);
    }
};

struct Spec {
    bool left = false, zero = false, alt = false;
    usize width = 0;
    usize precision = ~usize{0};
    unsigned longs = 0;
};

usize digits(u64 v, unsigned base, bool upper, char* out) {
    const char* set = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char reversed[24];
    usize n = 0;
    do reversed[n++] = set[v % base];
    while (v /= base);
    for (usize i = 0; i < n; ++i) out[i] = reversed[n - 1 - i];
    return n;
}

void number(Sink& out, Spec spec, u64 v, bool negative, unsigned base, bool upper) {
    char text[24];
    usize n = digits(v, base, upper, text);
    usize zeros = spec.precision != ~usize{0} && spec.precision > n ? spec.precision - n : 0;
    usize prefix = (negative ? 1 : 0) + (spec.alt && base == 16 ? 2 : 0);
    usize total = n + zeros + prefix;
    usize fill = spec.width > total ? spec.width - total : 0;
    bool zero = spec.zero && !spec.left && spec.precision == ~usize{0};
    if (!spec.left && !zero) out.pad(' ', fill);
    if (negative) out.put('-');
    if (spec.alt && base == 16) out.text("0x", 2);
    out.pad('0', zeros + (zero ? fill : 0));
    out.text(text, n);
    if (spec.left) out.pad(' ', fill);
}

void string(Sink& out, Spec spec, const char* s) {
    if (!s) s = "(null)";
    usize n = 0;
    while (n < spec.precision && s[n]) ++n;
    usize fill = spec.width > n ? spec.width - n : 0;
    if (!spec.left) out.pad(' ', fill);
    out.text(s, n);
    if (spec.left) out.pad(' ', fill);
}

// One of va_list's owners: it may be an array type, so it travels inside a struct.
struct Args {
    va_list list;
    u64 unsigned_of(unsigned longs) { return longs ? va_arg(list, unsigned long) : va_arg(list, unsigned); }
    s64 signed_of(unsigned longs) { return longs ? va_arg(list, long) : va_arg(list, int); }
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

usize count_of(const char*& f, Args& args) {
    if (*f == '*') {
        ++f;
        int n = va_arg(args.list, int);
        return n < 0 ? 0 : static_cast<usize>(n);
    }
    usize n = 0;
    while (is_digit(*f)) n = n * 10 + static_cast<usize>(*f++ - '0');
    return n;
}

Spec spec_of(const char*& f, Args& args) {
    Spec s;
    for (;; ++f) {
        if (*f == '-') s.left = true;
        else if (*f == '0') s.zero = true;
        else if (*f == '#') s.alt = true;
        else if (*f != '+' && *f != ' ') break;
    }
    s.width = count_of(f, args);
    if (*f == '.') s.precision = count_of(++f, args);
    for (; *f == 'l' || *f == 'z' || *f == 'h' || *f == 'j'; ++f)
        if (*f != 'h') ++s.longs;
    return s;
}

void conversion(Sink& out, char c, Spec spec, Args& args) {
    switch (c) {
    case 'd':
    case 'i': {
        s64 v = args.signed_of(spec.longs);
        return number(out, spec, v < 0 ? u64{0} - static_cast<u64>(v) : static_cast<u64>(v), v < 0, 10, false);
    }
    case 'u': return number(out, spec, args.unsigned_of(spec.longs), false, 10, false);
    case 'o': return number(out, spec, args.unsigned_of(spec.longs), false, 8, false);
    case 'x': return number(out, spec, args.unsigned_of(spec.longs), false, 16, false);
    case 'X': return number(out, spec, args.unsigned_of(spec.longs), false, 16, true);
    case 'p':
        spec.alt = true;
        return number(out, spec, reinterpret_cast<u64>(va_arg(args.list, void*)), false, 16, false);
    case 's': return string(out, spec, va_arg(args.list, const char*));
    case 'c': return out.put(static_cast<char>(va_arg(args.list, int)));
    default: return out.put(c);
    }
}

}  // namespace

usize vformat(char* to, usize cap, const char* f, va_list list) {
    Sink out{to, cap};
    Args args;
    va_copy(args.list, list);
    for (; *f; ++f) {
        if (*f != '%') {
            out.put(*f);
            continue;
        }
        Spec spec = spec_of(++f, args);
        if (!*f) break;
        conversion(out, *f, spec, args);
    }
    va_end(args.list);
    if (cap) to[out.length < cap ? out.length : cap - 1] = '\0';
    return out.length;
}

usize format(char* to, usize cap, const char* fmt, ...) {
    va_list args;
    va_start(args, fmt);
    usize n = vformat(to, cap, fmt, args);
    va_end(args);
    return n;
}

}  // namespace xen
