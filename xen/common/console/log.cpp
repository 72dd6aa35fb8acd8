// SPDX-License-Identifier: MIT
// Messages: judged, stamped, and written line by line.
#include <xen/log.hpp>

#include <asm/cpu.hpp>
#include <xen/time.hpp>

#include "common/console/state.hpp"
#include "lib/format.hpp"

namespace xen {
namespace console {
namespace {

constexpr usize kLine = 1024;
char line_space[kLine] GUARDED_BY(state.lock);
constexpr usize kNestedLine = 256;   // on the stack of an NMI

void put_stamp() REQUIRES(state.lock) {
    if (state.timestamps == TimestampMode::none) return;
    time::WallClock base = time::wall_clock_base();
    Nanos now = time::now();
    u64 ns = base.nanoseconds + static_cast<u64>(now.raw());
    Moment m{now, base.seconds ? base.seconds + ns / 1000000000 : 0, static_cast<u32>(ns / 1000000 % 1000), time::counter()};
    char text[40];
    usize n = format_timestamp(text, sizeof text, state.timestamps, m);
    emit({text, n < sizeof text ? n : sizeof text - 1});
}

// Of what guests cause: the one that runs.
RateLimit& guest_rate() REQUIRES(state.lock) {
    const Vcpu* v = arch::current_vcpu();
    return v && v->domain && v->domain->is_privileged ? state.rates.control : state.rates.guests;
}

void vlog(Threshold threshold, bool by_guest, log::Level level, const char* fmt, va_list args) {
    constexpr Str kPrefix{"(XEN) "};
    Verdict v = judge(threshold, level);
    if (v == Verdict::drop) return;
    Session s;
    if (s.nested()) {
        char text[kNestedLine];
        usize n = vformat(text, sizeof text - 1, fmt, args);
        if (n > sizeof text - 2) n = sizeof text - 2;
        text[n] = '\n';
        stash(kPrefix);
        return stash({text, n + 1});
    }
    RateLimit& rate = by_guest ? guest_rate() : state.rates.host;
    if (v == Verdict::limited && !rate.allow(time::now())) return;
    if (u32 missed = rate.take_missed()) {
        char note[64];
        usize n = format(note, sizeof note, "%u messages suppressed.", missed);
        emit_message(kPrefix, {note, n});
    }
    usize n = vformat(line_space, kLine, fmt, args);
    emit_message(kPrefix, {line_space, n < kLine ? n : kLine - 1});
}

}  // namespace

void emit_message(Str prefix, Str text) {
    if (state.line_open) emit("\n");
    state.line_open = false;
    for (;;) {
        usize end = text.find('\n');
        emit(prefix);
        put_stamp();
        if (Str line = text.substr(0, end); !line.empty()) emit(line);
        emit("\n");
        if (end == Str::npos || end + 1 == text.size()) return;
        text = text.substr(end + 1);
    }
}

void print_for_guest(const Domain& d, Str text) {
    Verdict verdict = judge(state.guest.load(std::memory_order_relaxed), log::Level::debug);
    if (verdict == Verdict::drop) return;
    char prefix[16];
    usize n = format(prefix, sizeof prefix, "(d%u) ", d.id.raw());
    Session s;
    if (s.nested()) return;
    if (verdict == Verdict::limited && !state.rates.guests.allow(time::now())) return;
    emit_message({prefix, n}, text);
}

// A line of a terminal goes on where it stopped, unless another's came between.
void print_for_terminal(const Domain& d, Str text, bool ended) {
    Session s;
    if (s.nested()) return;
    u32 self = d.id.raw() + 1u;
    if (!state.line_open || state.open_domain != self) {
        char prefix[16];
        usize n = format(prefix, sizeof prefix, "(d%u) ", d.id.raw());
        if (state.line_open) emit("\n");
        emit({prefix, n});
        put_stamp();
    }
    emit(text);
    if (ended) emit("\n");
    state.line_open = !ended;
    state.open_domain = self;
}

}  // namespace console

namespace log {

void write(Level level, const char* fmt, ...) {
    va_list args;
    va_start(args, fmt);
    console::vlog(console::state.host.load(std::memory_order_relaxed), false, level, fmt, args);
    va_end(args);
}

void guest(Level level, const char* fmt, ...) {
    va_list args;
    va_start(args, fmt);
    console::vlog(console::state.guest.load(std::memory_order_relaxed), true, level, fmt, args);
    va_end(args);
}

bool shown(Level level) {
    return console::judge(console::state.host.load(std::memory_order_relaxed), level) != console::Verdict::drop;
}

}  // namespace log
}  // namespace xen
