// SPDX-License-Identifier: MIT
// The log: what passes the threshold of `loglvl` (`guest_loglvl` for what guests cause, which is rate limited) goes to
// the ring that toolstacks read and to every console. Callable in every context, NMI included (there a line waits
// until the CPU is out of it).
#pragma once

#include <xen/compiler.hpp>

namespace xen::log {

// `always` is for what a user must see at any threshold: the banner, dumps of debug keys.
enum class Level : unsigned char { always, error, warning, info, debug };

[[gnu::format(printf, 2, 3)]] void write(Level level, const char* fmt, ...);
// What a guest caused: judged by guest_loglvl, rate limited.
[[gnu::format(printf, 2, 3)]] void guest(Level level, const char* fmt, ...);

bool shown(Level level);   // a line of this level would not be dropped

}  // namespace xen::log

// Whole lines; the newline is added.
#define log_line(...) ::xen::log::write(::xen::log::Level::always, __VA_ARGS__)
#define log_error(...) ::xen::log::write(::xen::log::Level::error, __VA_ARGS__)
#define log_warning(...) ::xen::log::write(::xen::log::Level::warning, __VA_ARGS__)
#define log_info(...) ::xen::log::write(::xen::log::Level::info, __VA_ARGS__)
#define log_debug(...) ::xen::log::write(::xen::log::Level::debug, __VA_ARGS__)
#define log_guest(...) ::xen::log::guest(::xen::log::Level::warning, __VA_ARGS__)
