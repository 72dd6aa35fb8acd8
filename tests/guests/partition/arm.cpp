// SPDX-License-Identifier: MIT
// The arm64 guest of partitions (talk.hpp): console on the UART of its device tree, static event channels, and shared memory:
// "clock=yes" uses a clock of the machine's, "gives=ID" fills the region of that name and waits for the answer, "takes=ID" checks it and answers. MMU off throughout.
#include "talk.hpp"

#include <public/memory.h>
#include <public/sched.h>

#include "tree.hpp"

namespace {

constexpr u64 kSharedInfo = 0x39000000;   // of the board's pages for the hypervisor
constexpr u64 kData = 0, kFlags = 0x18, kMask = 0x38;   // of a PL011
constexpr u32 kReceiveEmpty = 1 << 4, kTransmitFull = 1 << 5, kReceiveInterrupts = 1 << 4 | 1 << 6;
constexpr unsigned kFirstSpi = 32;
u64 uart;


void map_shared_page() {
    xen_add_to_physmap op = {};
    op.domid = DOMID_SELF;
    op.space = XENMAPSPACE_shared_info;
    op.gpfn = kSharedInfo >> 12;
    if (hypercall(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, reinterpret_cast<u64>(&op))) shut_down(SHUTDOWN_crash);
}

void find_board() {
    gic::board.distributor = tree::reg("interrupt-controller", 0).start;
    (gic::is_v3() ? gic::board.redistributor : gic::board.cpu) = tree::reg("interrupt-controller", 1).start;
    uart = tree::reg("sbsa-uart", 0).start;
    gic::init();
    gic::enable_spi(kFirstSpi + tree::cell("sbsa-uart", "interrupts", 1));
    store(uart + kMask, kReceiveInterrupts);
}

// A word of the region says whose turn it is; the rest is a pattern of its index.
enum Turn : u32 { nobody = 0, filled = 1, answered = 2 };
constexpr u32 kAnswer = 0x80000000;

void until(u64 turn, Turn is) {
    while (load(turn) != is) hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield);
}

u64 wrong_words(tree::Region r, u32 with) {
    u64 wrong = 0;
    for (u32 i = 1; i < r.bytes / 4; ++i) wrong += load(r.start + i * 4) != (i | with);
    return wrong;
}

void fill(tree::Region r, u32 with, Turn turn) {
    for (u32 i = 1; i < r.bytes / 4; ++i) store(r.start + i * 4, i | with);
    asm volatile("dmb sy" ::: "memory");
    store(r.start, turn);
}

tree::Region region_of(const char* id) {
    tree::Region r = tree::region(id);
    if (!r.bytes) say("FAIL: no such region");
    if (!r.bytes) shut_down(SHUTDOWN_crash);
    return r;
}

void give(tree::Region r) {
    if (load(r.start) || load(r.start + r.bytes - 4)) say("FAIL: the region is not empty");
    fill(r, 0, filled);
    until(r.start, answered);
    say_number("wrong words of the answer:", wrong_words(r, kAnswer));
}

void take(tree::Region r) {
    until(r.start, filled);
    say_number("wrong words of what was given:", wrong_words(r, 0));
    say_number("KiB shared:", r.bytes >> 10);
    fill(r, kAnswer, answered);
}

// A PL031 real-time clock of the machine's (ARM DDI 0224 3.3) that this guest alone has.
void use_clock() {
    constexpr u64 kTime = 0, kMatch = 4, kInterrupts = 0x10, kRaised = 0x14, kClear = 0x1c;
    u64 clock = tree::reg("pl031", 0).start;
    if (!clock) return say("FAIL: no clock");
    say(load(clock + kTime) > 1000000000 ? "the clock tells the time" : "FAIL: the clock's time is wrong");
    gic::enable_spi(kFirstSpi + tree::cell("pl031", "interrupts", 1));
    store(clock + kMatch, load(clock + kTime) + 1);
    store(clock + kInterrupts, 1);
    while (!(load(clock + kRaised) & 1)) asm volatile("wfi" ::: "memory");
    store(clock + kClear, 1);
    store(uart + kMask, 0);   // somebody may type meanwhile
    say_number("interrupt of the clock:", gic::take());
    store(uart + kMask, kReceiveInterrupts);
}

}  // namespace

shared_info& info() { return *reinterpret_cast<shared_info*>(kSharedInfo); }

void put(char c) {
    while (load(uart + kFlags) & kTransmitFull) {}
    store(uart + kData, static_cast<u8>(c));
}

void end_line() {}

// WFI ends with the UART's interrupt, which nobody takes: its line falls when the input is read.
char read_char() {
    while (load(uart + kFlags) & kReceiveEmpty) asm volatile("wfi" ::: "memory");
    return static_cast<char>(load(uart + kData));
}

extern "C" void second_main() { shut_down(SHUTDOWN_crash); }

extern "C" void guest_main(u64 given) {
    tree::open(given);
    find_board();
    map_shared_page();
    introduce(tree::text("chosen", "bootargs"), reinterpret_cast<const char*>(tree::number("chosen", "linux,initrd-start")));
    say_number("MiB of memory:", tree::reg("memory", 0).bytes >> 20);
    say_number("MiB before its memory:", tree::reg("memory", 0).start >> 20);
    say_number("MiB before its UART:", uart >> 20);
    if (const char* id = option("gives")) give(region_of(id));
    if (const char* id = option("takes")) take(region_of(id));
    if (option("clock")) use_clock();
    obey();
}
