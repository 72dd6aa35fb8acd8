// SPDX-License-Identifier: MIT
#include "storm.hpp"
#include "lib.hpp"
#include "rings.hpp"
#include "window.hpp"

namespace {

const Mode* named(const char* name) {
    for (unsigned n = 0; n < mode_count; ++n)
        if (same_text(modes[n].name, name)) return &modes[n];
    return nullptr;
}

} // namespace

void turn_spin() {
    for (unsigned i = 0; i < 1000; ++i) asm volatile("pause");
}

#define MODE(name) {#name, turn_##name},
const Mode modes[] = {
#include "modes.inc"
};
#undef MODE
const unsigned mode_count = sizeof(modes) / sizeof(modes[0]);

[[noreturn]] void storm(const char* only) {
    const Mode* one = only ? named(only) : nullptr;
    if (only && !one) (Line{} << "storm: no mode " << only).send();
    prepare_memory();
    prepare_events();
    prepare_grants();
    (Line{} << "storm: " << u64{mode_count} << " modes").send();
    for (;;) {
        const u64 window = window_of(read_tsc());
        const Mode& mode = one ? *one : mode_of(window);
        u64 turns = 0;
        for (; window_of(read_tsc()) == window; ++turns) mode.turn();
        (Line{} << "storm " << window << " " << mode.name << " turns " << turns).send();
    }
}
