// SPDX-License-Identifier: MIT
// Input: from a device to the hardware domain's queue, to a terminal or to the debug keys.
#include "common/console/input.hpp"

#include <xen/event.hpp>
#include <xen/option.hpp>
#include <xen/softirq.hpp>

#include "common/console/state.hpp"
#include "common/console/terminal.hpp"

namespace xen::console {
namespace {

using InputLock = Spinlock<LockRank::console, IrqRule::off>;

constexpr usize kQueue = 4096;   // a pasted script, while the domain does something else
struct Queue {
    InputLock lock;
    char text[kQueue] GUARDED_BY(lock) = {};
    u32 head GUARDED_BY(lock) = 0, tail GUARDED_BY(lock) = 0;
    bool put(char c) {
        Guard g{lock};
        if (tail - head == kQueue) return false;
        text[tail++ % kQueue] = c;
        return true;
    }
    usize take(char* to, usize max) {
        Guard g{lock};
        usize n = 0;
        while (n < max && head != tail) to[n++] = text[head++ % kQueue];
        return n;
    }
};
constinit Queue to_dom0, to_keys;
constinit SwitchFilter filter{0};
char filter_code = 0;
std::atomic<char> code{0};                  // of the switch character; the filter takes it over with the next input
std::atomic<Target> target{Target::keys};

void deliver(char c) {
    Target to = input_now();
    if (to == Target::dom0 && domain::dom0) {
        if (to_dom0.put(c)) event::send_host_virq(VIRQ_CONSOLE);
        return;
    }
    if (to >= Target::first_terminal && give_to_terminal(to, c)) return;
    if (press_urgent_key(c)) return;
    if (to_keys.put(c)) softirq::raise(softirq::Kind::console);
}

void announce_target() {
    char c = code.load(std::memory_order_relaxed);
    Str to = input_target();
    if (!c) return log_line("*** Serial input to %s", to.data());
    log_line("*** Serial input to %s (type 'CTRL-%c' three times to switch input)", to.data(), static_cast<char>(c + 'a' - 1));
}

void toggle() {
    target.store(next_target(input_now()), std::memory_order_relaxed);
    announce_target();
    if (input_now() >= Target::first_terminal) show_rest_soon();
}

}  // namespace

Target input_now() { return target.load(std::memory_order_relaxed); }
Str input_target() { return target_name(input_now()); }

void input_lost(Target t) {
    if (input_now() == t) toggle();
}

void init_input() { code.store(switch_code(option::values().conswitch), std::memory_order_relaxed); }

Status set_switch(Str text) {
    if (text.size() > 2 || (text.size() == 2 && text[1] != 'x')) return Errno::inval;
    code.store(switch_code(text), std::memory_order_relaxed);
    return {};
}

usize show_switch(char* to, usize cap) {
    char c = code.load(std::memory_order_relaxed);
    char text[2] = {c ? static_cast<char>(c + 'a' - 1) : '\0', '\0'};
    copy_string(to, cap, text);
    return c ? 1 : 0;
}

void run_waiting_keys() {
    char c;
    while (to_keys.take(&c, 1)) press_key(c);
}

// A second character x: stay with the hypervisor.
void switch_input_at_boot() {
    Str o = option::values().conswitch;
    if (o.size() > 1 && o[1] == 'x') announce_target();
    else toggle();
}

void receive(char c) {
    if (char now = code.load(std::memory_order_relaxed); now != filter_code) filter = SwitchFilter{filter_code = now};
    SwitchFilter::Out out = filter.feed(c);
    if (out.toggle) return toggle();
    for (unsigned i = 0; i < out.repeats; ++i) deliver(filter_code);
    if (out.pass) deliver(c);
}

usize take_input(char* to, usize max) { return to_dom0.take(to, max); }

}  // namespace xen::console
