// SPDX-License-Identifier: MIT
// Exceptions that come back to the guest, and privileged instructions done for it.
#include "measure.hpp"
#include "rows.hpp"
#include "trap.hpp"

extern "C" void quick_int80(), quick_fault();

namespace {

void set_trap(u8 vector, u8 level, void (*entry)()) {
    trap_info table[2] = {{vector, level, FLAT_KERNEL_CS, address(entry)}, {0, 0, 0, 0}};
    hypercall(__HYPERVISOR_set_trap_table, address(table));
}

void bounces() {
    set_trap(0x80, 3, &quick_int80);
    row("int80", lowest([] { asm volatile("int $0x80" ::: "memory"); }));
    set_trap(14, 0, &quick_fault);
    row("page_fault", lowest([] {
        u64 seen = kUnmapped;
        asm volatile(".byte 0x48, 0x8b, 0x00" : "+a"(seen)::"memory"); // mov (%rax), %rax
    }));
    install_traps();
}

} // namespace

void traps() {
    bounces();
    row("read_cr0", lowest([] {
        u64 seen;
        asm volatile("mov %%cr0, %0" : "=r"(seen));
    }));
    row("read_msr", lowest([] {
        u32 low, high;
        asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(0xc0000100)); // FS_BASE
    }));
    row("forced_cpuid", lowest([] {
        u32 a = 0x40000000, b, c, d;
        asm volatile(".byte 0x0f, 0x0b, 0x78, 0x65, 0x6e; cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
    }));
}
