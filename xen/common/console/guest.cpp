// SPDX-License-Identifier: MIT
// What guests write and read (CONSOLEIO_*). The hardware domain's text goes to the devices as it is, it may be
// interactive; other domains' text is gathered into lines, which count as guest messages of the lowest level.
#include <xen/console.hpp>
#include <xen/terminal.hpp>
#include <xen/hypercall.hpp>
#include <xen/security.hpp>

#include "common/console/input.hpp"
#include "common/console/state.hpp"
#include "common/console/terminal.hpp"

namespace xen::console {

// A domain's unfinished line.
struct GuestLine {
    static constexpr usize kBytes = 200;
    Spinlock<LockRank::domain> lock;
    usize used GUARDED_BY(lock) = 0;
    char text[kBytes] GUARDED_BY(lock) = {};
};

namespace {

bool printable(char c) { return c == '\t' || (c >= ' ' && c <= '~'); }

Result<GuestLine&> line_of(Domain& d) {
    GuestLine* line = __atomic_load_n(&d.console_line, __ATOMIC_ACQUIRE);
    if (line) return *line;
    Box<GuestLine> fresh = TRY(Box<GuestLine>::create());
    GuestLine* none = nullptr;
    if (!__atomic_compare_exchange_n(&d.console_line, &none, fresh.get(), false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return *none;
    return *fresh.leak();
}

void add(Domain& d, GuestLine& line, char c) {
    Guard g{line.lock};
    if (c != '\n' && printable(c)) line.text[line.used++] = c;
    if (c != '\n' && line.used < GuestLine::kBytes) return;
    print_for_guest(d, {line.text, line.used});
    line.used = 0;
}

// What moves the cursor is for the one who looks at it alone.
bool for_terminal(char c, bool watched) { return watched ? c != '\r' && c != '\0' : printable(c); }

void add_to_terminal(Domain& d, GuestLine& line, Str text, bool watched) {
    Guard g{line.lock};
    for (char c : text) {
        if (c != '\n' && for_terminal(c, watched)) line.text[line.used++] = c;
        if (c != '\n' && line.used < GuestLine::kBytes) continue;
        print_for_terminal(d, {line.text, line.used}, c == '\n');
        line.used = 0;
    }
}

}  // namespace

void write_from_terminal(Domain& d, Str text) {
    auto line = line_of(d);
    if (!line) return;
    bool watched = has_input(d);
    add_to_terminal(d, line.value(), text, watched);
    if (watched && text[text.size() - 1] != '\n') show_rest_soon();
}

void show_rest(Domain& d, bool ended) {
    GuestLine* line = __atomic_load_n(&d.console_line, __ATOMIC_ACQUIRE);
    if (!line) return;
    Guard g{line->lock};
    if (line->used) print_for_terminal(d, {line->text, line->used}, ended);
    line->used = 0;
}

void write_from_guest(Domain& d, Str text) {
    if (d.is_hardware) {
        Session s;
        if (s.nested()) return;
        emit_devices(text);
        if (text.empty()) return;
        state.line_open = text[text.size() - 1] != '\n';
        state.open_domain = 0;
        return;
    }
    auto line = line_of(d);
    if (!line) return;
    for (char c : text) add(d, line.value(), c);
}

void destroy_domain(Domain& d) {
    if (GuestLine* line = std::exchange(d.console_line, nullptr)) Box<GuestLine>::adopt(line).reset();
}

namespace {

Result<s64> write_op(u32 count, GuestInOut<char> buffer) {
    char chunk[256];
    for (bool first = true; count; first = false) {
        if (!first && hypercall::preempt_due())
            return hypercall::continue_with(u32{CONSOLEIO_write}, count, buffer.raw());
        u32 n = count < sizeof chunk ? count : static_cast<u32>(sizeof chunk);
        TRY(buffer.in().copy_array_in(chunk, 0, n));
        write_from_guest(current_domain(), {chunk, n});
        buffer = buffer.at_offset(n);
        count -= n;
    }
    return s64{0};
}

Result<s64> read_op(u32 count, GuestInOut<char> buffer) {
    s64 done = 0;
    for (;;) {
        char chunk[128];
        usize n = take_input(chunk, count < sizeof chunk ? count : sizeof chunk);
        if (!n) return done;
        TRY(buffer.out().copy_array_out(chunk, static_cast<u64>(done), n));
        done += static_cast<s64>(n);
        count -= static_cast<u32>(n);
    }
}

}  // namespace

Result<s64> console_io(u32 cmd, u32 count, GuestInOut<char> buffer) {
    bool read = cmd == CONSOLEIO_read;
    TRY(security::may(read ? security::Op::console_read : security::Op::console_write, current_domain()));
    if (cmd != CONSOLEIO_read && cmd != CONSOLEIO_write) return Errno::nosys;
    if (!read) return write_op(count, buffer);
    return count > 0x7fffffff ? Errno::toobig : read_op(count, buffer);  // the result is a number of characters
}

}  // namespace xen::console
