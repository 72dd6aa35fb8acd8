// SPDX-License-Identifier: MIT
// Traps: faults that come back to the guest, and instructions that the hypervisor emulates.
#include "page.hpp"
#include "storm.hpp"

namespace {

volatile u64 watched;

void read_at(u64 where) {
    catch_fault([=] { (void)*at<volatile u64>(where); });
}

long set_debug(u64 index, u64 value) { return hypercall(__HYPERVISOR_set_debugreg, index, value); }

} // namespace

void turn_page_faults() {
    for (unsigned i = 0; i < 64; ++i) {
        for (u64 where : {kUnmapped, kHypervisor, kNonCanonical}) read_at(where);
        catch_fault([] { *at<volatile u64>(MACH2PHYS_VIRT_START) = 1; });
        catch_fault([] { reinterpret_cast<void (*)()>(kUnmapped)(); });
    }
}

void turn_exceptions() {
    for (unsigned i = 0; i < 64; ++i) {
        catch_fault([] { asm volatile("int $0x80"); });
        catch_fault([] { asm volatile("int3"); });
        catch_fault([] { asm volatile("int $0x21"); });
        catch_fault([] { asm volatile("ud2"); });
        catch_fault([] { asm volatile("xorl %%edx, %%edx; divl %%edx" : : : "eax", "edx", "cc"); });
        catch_fault([] { asm volatile("mov %0, %%ds" : : "r"(u16{0x08})); });
        catch_fault([] { asm volatile("pushfq; orq $0x100, (%%rsp); popfq; nop; nop" : : : "cc", "memory"); });
    }
}

void turn_emulation() {
    for (unsigned i = 0; i < 64; ++i) {
        const u32 number = static_cast<u32>(random_number());
        catch_fault([] {
            asm volatile(".byte 0x0f, 0x0b, 0x78, 0x65, 0x6e; cpuid" : : "a"(0), "c"(0) : "ebx", "edx");
        });
        catch_fault([=] { asm volatile("rdmsr" : : "c"(i % 2 ? 0xc0000080 : number) : "eax", "edx"); });
        catch_fault([=] { asm volatile("wrmsr" : : "c"(i % 2 ? 0x10 : number), "a"(number), "d"(0)); });
        catch_fault([=] { asm volatile("inb %w0, %%al" : : "d"(number) : "eax"); });
        catch_fault([=] { asm volatile("outb %%al, %w0" : : "d"(number), "a"(0)); });
        catch_fault([] { asm volatile("mov %%cr4, %%rax; mov %%rax, %%cr4" : : : "rax"); });
        catch_fault([] { asm volatile("mov %%cr3, %%rax; mov %%rax, %%cr3" : : : "rax"); });
        catch_fault([] { asm volatile("cli; sti; cli"); });
        catch_fault([] { asm volatile("wbinvd"); });
        catch_fault([] { asm volatile("invlpg (%0)" : : "r"(kUnmapped)); });
    }
    set_upcall_mask(true);
}

// Debug registers that fire, segment bases, and the processor's state for floating point.
void turn_registers() {
    for (unsigned i = 0; i < 64; ++i) {
        set_debug(0, address(&watched));
        set_debug(7, 1u << 0 | 1u << 16 | 3u << 18);
        catch_fault([] {
            watched = 1;
            asm volatile("nop");
        });
        set_debug(7, 0);
        set_debug(random_number() % 8, random_number());
        set_debug(7, 0);
        hypercall(__HYPERVISOR_get_debugreg, 6);
        hypercall(__HYPERVISOR_set_segment_base, i % 4, i % 2 ? kUnmapped : kNonCanonical);
        hypercall(__HYPERVISOR_fpu_taskswitch, 1);
        catch_fault([] { asm volatile("fninit"); });
        hypercall(__HYPERVISOR_fpu_taskswitch, 0);
        asm volatile("fninit");
    }
}
