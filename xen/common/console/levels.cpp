// SPDX-License-Identifier: MIT
// What of the console changes while the machine runs: levels and time stamps, by debug key and by hypfs.
#include <xen/log.hpp>
#include <xen/option.hpp>

#include "common/console/input.hpp"
#include "common/console/state.hpp"

namespace xen::console {
namespace {

using Level = std::atomic<Threshold>;

constexpr u32 kLongest = 127;   // ABI: text that is longer than any value is EINVAL, only beyond this ENOSPC

bool keys_move_guest = false;

Status set_level(Level& level, Str text) {
    Maybe<Threshold> t = parse_threshold(text);
    if (!t) return Errno::inval;
    level.store(*t, std::memory_order_relaxed);
    return {};
}

usize show_level(const Level& level, char* to, usize cap) {
    return format_threshold(to, cap, level.load(std::memory_order_relaxed));
}

Status set_stamp(Str text) {
    Maybe<TimestampMode> m = parse_timestamp_mode(text);
    if (!m) return Errno::inval;
    Session s;
    state.timestamps = *m;
    return {};
}

usize show_stamp(char* to, usize cap) {
    Session s;
    Str name = name_of(state.timestamps);
    copy_string(to, cap, name);
    return name.size();
}

void move_level(char key) {
    Level& level = keys_move_guest ? state.guest : state.host;
    Threshold t = moved(level.load(std::memory_order_relaxed), key == '+' ? 1 : -1);
    level.store(t, std::memory_order_relaxed);
    print_level(keys_move_guest ? "Guest" : "Std.", t);
}

void toggle_whose(char) {
    keys_move_guest = !keys_move_guest;
    log_line("+ and - change the %s log level", keys_move_guest ? "guest" : "standard");
}

}  // namespace

void print_level(const char* whose, Threshold t) {
    if (t.upper == t.lower) log_line("%s Loglevel: %s", whose, level_name(t.lower));
    else log_line("%s Loglevel: %s (Rate-limited: %s)", whose, level_name(t.lower), level_name(t.upper));
}

void init_levels() {
    register_key('+', move_level, "increase the log level", KeyKind::action);
    register_key('-', move_level, "decrease the log level", KeyKind::action);
    register_key('G', toggle_whose, "toggle which log level + and - change: host or guest", KeyKind::action);
    option::make_changeable({"loglvl", [](Str t) { return set_level(state.host, t); },
                             [](char* to, usize cap) { return show_level(state.host, to, cap); }, kLongest});
    option::make_changeable({"guest_loglvl", [](Str t) { return set_level(state.guest, t); },
                             [](char* to, usize cap) { return show_level(state.guest, to, cap); }, kLongest});
    option::make_changeable({"console_timestamps", set_stamp, show_stamp, kLongest});
    option::make_changeable({"conswitch", set_switch, show_switch, kLongest});
}

}  // namespace xen::console
