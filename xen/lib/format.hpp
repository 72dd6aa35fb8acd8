// SPDX-License-Identifier: MIT
// Freestanding formatting with the printf subset d i u x X p s c %, the flags - 0 #, width, precision,
// h l ll z. Always ends with a NUL when cap > 0; returns the length the whole text would have.
#pragma once

#include <stdarg.h>

#include "lib/types.hpp"

namespace xen {

usize vformat(char* to, usize cap, const char* fmt, va_list args);
[[gnu::format(printf, 3, 4)]] usize format(char* to, usize cap, const char* fmt, ...);

}  // namespace xen
