// SPDX-License-Identifier: MIT
// Start of the benchmark guest: it prints one line for each row and turns the machine off.
#include "measure.hpp"
#include <public/memory.h>

extern "C" [[gnu::visibility("hidden")]] char start;

namespace {

void print_decimal(u64 v) {
    char text[21];
    unsigned at = sizeof text - 1;
    text[at] = 0;
    do text[--at] = static_cast<char>('0' + v % 10);
    while (v /= 10);
    print(text + at);
}

}  // namespace

void row(const char* name, u64 count, u64 per, Runs runs) {
    print("B ");
    print(name);
    print(" = ");
    print_decimal(count);
    print(" / ");
    print_decimal(per);
    print("\n");
    switch (runs) {
    case Runs::whole: asm volatile("hint #0x73"); break;
    case Runs::to_point: asm volatile("hint #0x74"); break;
    case Runs::none: asm volatile("hint #0x75"); break;
    }
}

void no_row(const char* name, s64 result) {
    print("N ");
    print(name);
    print(" = -");
    print_decimal(static_cast<u64>(-result));
    print("\n");
    asm volatile("hint #0x75");
}

void clear(void* at, u64 bytes) {
    auto* p = static_cast<volatile u8*>(at);
    while (bytes--) *p++ = 0;
}

u64 spare_page(u64 n) { return (reinterpret_cast<u64>(&start) & ~u64{0x1fffff}) + (u64{8} << 20) + n * kPage; }

s64 map_shared(unsigned space, u64 index, u64 frame) {
    auto op = zeroed<xen_add_to_physmap>();
    op.domid = DOMID_SELF;
    op.space = space;
    op.idx = index;
    op.gpfn = frame;
    return call(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, address(op));
}

extern "C" void guest_main() {
    end_count();        // the plugin counts from the reset to here
    print("== bench\n");
    row("to_first_instruction", 0);
    gic::init();
    calls();
    interrupts();
    grants();
    memory();
    domains();
    if (blocks[0].esr) no_row("a_fault", static_cast<s64>(blocks[0].esr));
    print("== done\n");
    firmware(0x84000008);
}
