// SPDX-License-Identifier: MIT
// A panic ends the program.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <xen/assert.hpp>

namespace xen {

void panic(const char* fmt, ...) {
    va_list args;
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    abort();
}
void bug(const char* condition, const char* file, int line) { panic("%s:%d: %s\n", file, line, condition); }

}  // namespace xen
