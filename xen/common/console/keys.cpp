// SPDX-License-Identifier: MIT
// Debug keys: one letter each, registered by the subsystem that answers.
#include <xen/log.hpp>

#include <asm/cpu.hpp>
#include <xen/arch_platform.hpp>
#include <xen/platform.hpp>

#include "common/console/state.hpp"

namespace xen::console {
namespace {

struct Key {
    KeyHandler handler = nullptr;
    const char* help = nullptr;
    KeyKind kind = KeyKind::dump;
};
Key keys[128];

Key* find(char c) {
    auto i = static_cast<unsigned char>(c);
    return i < 128 && keys[i].handler ? &keys[i] : nullptr;
}

void show_help(char) {
    log_line("'h' pressed -> showing installed handlers");
    for (unsigned i = 0; i < 128; ++i)
        if (keys[i].handler) log_line(" key '%c' (ascii '%02x') => %s", static_cast<char>(i), i, keys[i].help);
}

constexpr u32 kWriteAgain = 64 * 1024;   // 6 s at 115200 baud

void write_log_again(char) {
    log_line("'w' pressed -> the end of the log once more");
    write_again(kWriteAgain);
}

void run_dumps(char) {
    log_line("'*' pressed -> firing all diagnostic keyhandlers");
    for (unsigned i = 0; i < 128; ++i) {
        if (!keys[i].handler || keys[i].kind != KeyKind::dump) continue;
        log_line("[%c: %s]", static_cast<char>(i), keys[i].help);
        keys[i].handler(static_cast<char>(i));
    }
}

}  // namespace

void register_key(char key, KeyHandler handler, const char* help, KeyKind kind) {
    auto i = static_cast<unsigned char>(key);
    if (i < 128) keys[i] = {handler, help, kind};
}

// A slow line may keep a long dump from the softirqs that the watchdog looks for.
void press_key(char c) {
    Key* k = find(c);
    if (!k) return;
    platform::hold_watchdog(true);
    k->handler(c);
    platform::hold_watchdog(false);
}

// Keys that must work when nothing else does run in the interrupt.
bool press_urgent_key(char c) {
    Key* k = find(c);
    if (!k || k->kind != KeyKind::urgent) return false;
    k->handler(c);
    return true;
}

void init_keys() {
    register_key('h', show_help, "show this message", KeyKind::action);
    register_key('*', run_dumps, "print all diagnostics", KeyKind::action);
    register_key('w', write_log_again, "write the end of the log to the console again", KeyKind::action);
    register_key('R', [](char) {
        log_line("'R' pressed -> rebooting machine");
        platform::reboot();
    }, "reboot machine", KeyKind::urgent);
}

}  // namespace xen::console
