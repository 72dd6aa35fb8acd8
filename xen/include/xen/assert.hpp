// SPDX-License-Identifier: MIT
// bug_if(): a broken promise of ours, always compiled in, ends in a panic naming the condition and place.
// xen_assert(): documents an invariant, checked in debug builds only.
#pragma once

#include <xen/config/debug.hpp>

namespace xen {

namespace arch {
struct GuestRegs;
}

// Prints on every console: message, registers, backtrace, the current domain and vCPU; then stops or reboots.
[[noreturn, gnu::format(printf, 1, 2)]] void panic(const char* fmt, ...);
// The same for what was interrupted: its registers and backtrace, not the caller's.
[[noreturn, gnu::format(printf, 2, 3)]] void panic_at(const arch::GuestRegs& place, const char* fmt, ...);
[[noreturn]] void bug(const char* condition, const char* file, int line);

}  // namespace xen

#define bug_if(cond)                                               \
    do {                                                           \
        if (__builtin_expect(!!(cond), 0))                         \
            ::xen::bug(#cond, __builtin_FILE(), __builtin_LINE()); \
    } while (0)

#define xen_assert(cond)                                        \
    do {                                                        \
        if constexpr (::xen::config::debug) bug_if(!(cond));    \
    } while (0)
