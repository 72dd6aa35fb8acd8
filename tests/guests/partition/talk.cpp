// SPDX-License-Identifier: MIT
#include "talk.hpp"

#include <public/event_channel.h>
#include <public/sched.h>

namespace {

template <class T>
u64 address_of(T& v) {
    return reinterpret_cast<u64>(&v);
}

const char* line_of_words;
char name[32];

// Where `text` goes on behind `prefix`; nullptr when it does not begin so.
const char* behind(const char* text, const char* prefix) {
    while (*prefix)
        if (*text++ != *prefix++) return nullptr;
    return text;
}

bool ends_word(char c) { return !c || c == ' '; }

void write(const char* text) {
    for (; *text; ++text) {
        put(*text);
        if (*text == '\n') end_line();
    }
}

void write_number(u64 v) {
    char digits[21];
    char* p = digits + 20;
    *p = 0;
    do *--p = static_cast<char>('0' + v % 10);
    while (v /= 10);
    write(p);
}

u32 number(const char* text) {
    u32 v = 0;
    for (; text && *text >= '0' && *text <= '9'; ++text) v = v * 10 + static_cast<u32>(*text - '0');
    return v;
}

bool take_pending(u32 port) {
    u64 bit = u64{1} << port % 64;
    return __atomic_fetch_and(&info().evtchn_pending[port / 64], ~bit, __ATOMIC_SEQ_CST) & bit;
}

void ping(u32 port) {
    for (int i = 0; i < 100; ++i) {
        send(port);
        wait(port);
    }
    say("100 answers");
}

void pong(u32 port) {
    for (int i = 0; i < 100; ++i) {
        wait(port);
        send(port);
    }
    say("100 questions");
}

void flood(u32 lines) {
    for (u32 i = 1; i <= lines; ++i) {
        write(name);
        write(" line ");
        write_number(i);
        write("\n");
    }
}

[[noreturn]] void converse() {
    char line[80];
    unsigned n = 0;
    for (;;) {
        char c = read_char();
        if (c != '\r' && c != '\n') {
            if (n + 1 < sizeof line) line[n++] = c;
            continue;
        }
        line[n] = 0;
        n = 0;
        if (same_word(line, "quit")) shut_down(SHUTDOWN_poweroff);
        if (same_word(line, "crash")) shut_down(SHUTDOWN_crash);
        write(name);
        write(" heard ");
        write(line);
        write("\n");
    }
}

}  // namespace

void shut_down(unsigned reason) {
    sched_shutdown_t why = {reason};
    for (;;) hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, address_of(why));
}

void send(u32 port) {
    evtchn_send_t op = {port};
    if (hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send, address_of(op))) shut_down(SHUTDOWN_crash);
}

void wait(u32 port) {
    evtchn_port_t ports[] = {port};
    sched_poll_t poll = {};
    set_xen_guest_handle(poll.ports, ports);
    poll.nr_ports = 1;
    while (!take_pending(port)) hypercall(__HYPERVISOR_sched_op, SCHEDOP_poll, address_of(poll));
}

bool same_word(const char* a, const char* b) {
    while (!ends_word(*a) && *a == *b) ++a, ++b;
    return ends_word(*a) && ends_word(*b);
}

const char* option(const char* word) {
    for (const char* p = line_of_words; *p; ++p)
        if (p == line_of_words || p[-1] == ' ')
            if (const char* value = behind(p, word); value && *value == '=') return value + 1;
    return nullptr;
}

void say(const char* text) {
    write(name);
    write(": ");
    write(text);
    write("\n");
}

void say_number(const char* text, u64 v) {
    write(name);
    write(": ");
    write(text);
    write(" ");
    write_number(v);
    write("\n");
}

void introduce(const char* command_line, const char* ramdisk) {
    line_of_words = command_line;
    const char* given = option("name");
    for (unsigned i = 0; given && !ends_word(given[i]) && i + 1 < sizeof name; ++i) name[i] = given[i];
    say("up");
    if (ramdisk) say(behind(ramdisk, "070701") ? "ramdisk is an archive" : "ramdisk");
}

void obey() {
    if (const char* n = option("flood")) flood(number(n));
    if (const char* p = option("ping")) ping(number(p));
    if (const char* p = option("pong")) pong(number(p));
    converse();
}
