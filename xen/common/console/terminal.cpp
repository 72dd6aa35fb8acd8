// SPDX-License-Identifier: MIT
// The list of domains whose terminal the hypervisor serves. Entries are made at boot, in the order of domain ids; input
// comes from interrupt handlers.
#include "common/console/terminal.hpp"

#include <atomic>
#include <utility>

#include <asm/cpu.hpp>
#include <xen/time.hpp>
#include <xen/timer.hpp>

#include "common/console/input.hpp"
#include "common/console/state.hpp"
#include "lib/format.hpp"

namespace xen::console {
namespace {

constexpr u32 kTerminals = 32, kFirst = static_cast<u32>(Target::first_terminal);

struct Terminal {
    std::atomic<Domain*> domain{nullptr};
    TerminalInput input = nullptr;
    char name[12]{};
};
constinit Terminal terminals[kTerminals];
// The unfinished line of who has the input is shown after a moment: a UART's comes letter by letter, and what others write
// meanwhile would cut it up.
constexpr s64 kMoment = millis(10).raw();
Timer rest;
std::atomic<u32> count{0};

Terminal* at(Target t) {
    u32 i = static_cast<u32>(t);
    return i >= kFirst && i < kFirst + kTerminals ? &terminals[i - kFirst] : nullptr;
}

void show_rest_of_watched(void*) {
    Terminal* t = at(input_now());
    if (Domain* d = t ? t->domain.load(std::memory_order_acquire) : nullptr) show_rest(*d, false);
}

bool exists(Target t) {
    if (t == Target::keys) return true;
    if (t == Target::dom0) return domain::dom0 != nullptr;
    return at(t)->domain.load(std::memory_order_acquire) != nullptr;
}

Terminal* of(const Domain& d) {
    for (Terminal& t : terminals)
        if (t.domain.load(std::memory_order_acquire) == &d) return &t;
    return nullptr;
}

}  // namespace

Target next_target(Target t) {
    do t = static_cast<Target>((static_cast<u32>(t) + 1) % (kFirst + kTerminals));
    while (!exists(t));
    return t;
}

Str target_name(Target t) {
    if (t == Target::keys) return "Xen";
    return t == Target::dom0 ? Str{"DOM0"} : Str{at(t)->name};
}

bool give_to_terminal(Target t, char c) {
    Domain* d = at(t)->domain.load(std::memory_order_acquire);
    if (d) at(t)->input(*d, c);
    return d != nullptr;
}

void show_rest_soon() {
    if (!rest.active()) rest.set(time::now() + kMoment);
}

Status add_terminal(Domain& d, TerminalInput input) {
    static bool timer_made = false;
    if (!std::exchange(timer_made, true)) rest.init(show_rest_of_watched, nullptr, arch::cpu_id());
    for (Terminal& t : terminals) {
        if (t.domain.load(std::memory_order_relaxed)) continue;
        t.input = input;
        format(t.name, sizeof t.name, "DOM%u", d.id.raw());
        t.domain.store(&d, std::memory_order_release);
        count.fetch_add(1, std::memory_order_relaxed);
        return {};
    }
    return Errno::nospc;
}

void remove_terminal(Domain& d) {
    if (!count.load(std::memory_order_relaxed)) return;
    Terminal* t = of(d);
    if (!t) return;
    show_rest(d, true);
    t->domain.store(nullptr, std::memory_order_release);
    count.fetch_sub(1, std::memory_order_relaxed);
    input_lost(static_cast<Target>(static_cast<u32>(t - terminals) + kFirst));
}

bool has_input(const Domain& d) {
    Terminal* t = at(input_now());
    return t && t->domain.load(std::memory_order_relaxed) == &d;
}

}  // namespace xen::console
