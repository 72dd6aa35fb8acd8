// SPDX-License-Identifier: MIT
#include "print.hpp"

namespace {

struct ErrnoName {
    int value;
    const char* name;
};

#define XEN_ERRNO(name, value) {value, #name},
constexpr ErrnoName errno_names[] = {
#include <public/errno.h>
};

char line[512];
unsigned used;

void put(char c) {
    if (used < sizeof(line) - 1) line[used++] = c;
    if (c != '\n') return;
    hypercall(__HYPERVISOR_console_io, 0, used, address(line));
    used = 0;
}

void put_text(const char* text) {
    while (*text) put(*text++);
}

void put_number(u64 value, unsigned base) {
    char digits[24];
    unsigned n = 0;
    do {
        digits[n++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    while (n) put(digits[--n]);
}

void put_arg(const Arg& arg, bool hex) {
    if (arg.text()) return put_text(arg.text());
    if (hex) {
        put_text("0x");
        return put_number(arg.value(), 16);
    }
    if (arg.negative()) put('-');
    put_number(arg.negative() ? u64{0} - arg.value() : arg.value(), 10);
}

} // namespace

void print_args(const char* format, const Arg* args, unsigned count) {
    unsigned next = 0;
    for (const char* p = format; *p; ++p) {
        bool hex = p[0] == '{' && p[1] == 'x';
        if (p[0] != '{' || p[hex ? 2 : 1] != '}' || next >= count) {
            put(*p);
            continue;
        }
        put_arg(args[next++], hex);
        p += hex ? 2 : 1;
    }
}

const char* errno_name(long negative_errno) {
    for (const ErrnoName& e : errno_names) // the first of two aliases: EAGAIN, EDEADLK
        if (e.value == -negative_errno) return e.name;
    return "?";
}
