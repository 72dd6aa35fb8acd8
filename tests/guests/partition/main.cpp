// SPDX-License-Identifier: MIT
// A PV guest that knows its console ring and static event channels, for domains that start with the hypervisor. Its
// command line is words: "name=N" is how it signs its lines, "ping=PORT" sends 100 times and waits for each answer,
// "pong=PORT" answers, "flood=N" writes that many lines; then it repeats what is typed. "quit" powers off, "crash" crashes.
#include "lib.hpp"
#include <public/event_channel.h>
#include <public/io/console.h>
#include <public/sched.h>

namespace {

alignas(kPageSize) char shared_page[kPageSize];
start_info* boot;
xencons_interface* ring;
u32 console_port;

shared_info& info() { return *reinterpret_cast<shared_info*>(shared_page); }

[[noreturn]] void shut_down(unsigned reason) {
    sched_shutdown_t why = {reason};
    for (;;) hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, address(&why));
}

void send(u32 port) {
    evtchn_send_t op = {port};
    if (hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send, address(&op))) shut_down(SHUTDOWN_crash);
}

bool take_pending(u32 port) {
    u64 bit = u64{1} << port % 64;
    return __atomic_fetch_and(&info().evtchn_pending[port / 64], ~bit, __ATOMIC_SEQ_CST) & bit;
}

// Until the port is pending, with upcalls masked.
void wait(u32 port) {
    evtchn_port_t ports[] = {port};
    sched_poll_t poll = {};
    poll.ports.p = ports;
    poll.nr_ports = 1;
    while (!take_pending(port)) hypercall(__HYPERVISOR_sched_op, SCHEDOP_poll, address(&poll));
}

// The pseudo-physical frame behind a machine frame, by the list that the builder made.
u64 address_of_frame(u64 frame) {
    const u64* list = at<u64>(boot->mfn_list);
    for (u64 i = 0; i < boot->nr_pages; ++i)
        if (list[i] == frame) return kVirtBase + i * kPageSize;
    shut_down(SHUTDOWN_crash);
}

void put(char c) {
    while (ring->out_prod - __atomic_load_n(&ring->out_cons, __ATOMIC_ACQUIRE) == sizeof ring->out) send(console_port);
    ring->out[MASK_XENCONS_IDX(ring->out_prod, ring->out)] = c;
    __atomic_store_n(&ring->out_prod, ring->out_prod + 1, __ATOMIC_RELEASE);
}

// A line is told of as a whole.
void write(const char* text) {
    for (; *text; ++text) {
        put(*text);
        if (*text == '\n') send(console_port);
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

char read_char() {
    while (__atomic_load_n(&ring->in_prod, __ATOMIC_ACQUIRE) == ring->in_cons) wait(console_port);
    char c = ring->in[MASK_XENCONS_IDX(ring->in_cons, ring->in)];
    __atomic_store_n(&ring->in_cons, ring->in_cons + 1, __ATOMIC_RELEASE);
    return c;
}

// What stands behind "word=" on the command line, up to a blank; nullptr when it is not there.
const char* option(const char* word) {
    const char* line = reinterpret_cast<const char*>(boot->cmd_line);
    for (const char* p = line; *p; ++p)
        if ((p == line || p[-1] == ' ') && starts_with(p, word) && p[strlen(word)] == '=') return p + strlen(word) + 1;
    return nullptr;
}

u32 number(const char* text) {
    u32 v = 0;
    for (; text && *text >= '0' && *text <= '9'; ++text) v = v * 10 + static_cast<u32>(*text - '0');
    return v;
}

char name[32];

void say(const char* text) {
    write(name);
    write(": ");
    write(text);
    write("\n");
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
        if (same_text(line, "quit")) shut_down(SHUTDOWN_poweroff);
        if (same_text(line, "crash")) shut_down(SHUTDOWN_crash);
        write(name);
        write(" heard ");
        write(line);
        write("\n");
    }
}

void map_shared_page() {
    u64 entry = boot->shared_info | 0x63;   // present, writable, accessed, dirty
    if (hypercall(__HYPERVISOR_update_va_mapping, address(shared_page), entry, UVMF_INVLPG)) shut_down(SHUTDOWN_crash);
}

}  // namespace

extern "C" [[noreturn]] void secondary_main() { shut_down(SHUTDOWN_crash); }
extern "C" [[noreturn]] void trap_handler() { shut_down(SHUTDOWN_crash); }

extern "C" [[noreturn]] void guest_main(start_info* given) {
    boot = given;
    map_shared_page();
    console_port = boot->console.domU.evtchn;
    ring = at<xencons_interface>(address_of_frame(boot->console.domU.mfn));
    const char* given_name = option("name");
    for (unsigned i = 0; given_name && given_name[i] && given_name[i] != ' ' && i + 1 < sizeof name; ++i) name[i] = given_name[i];
    say("up");
    if (boot->store_mfn || boot->store_evtchn || boot->flags) say("FAIL: a store, or privileges");
    if (boot->mod_len) say(starts_with(at<char>(boot->mod_start), "070701") ? "ramdisk is an archive" : "ramdisk");
    if (const char* n = option("flood")) flood(number(n));
    if (const char* p = option("ping")) ping(number(p));
    if (const char* p = option("pong")) pong(number(p));
    converse();
}
