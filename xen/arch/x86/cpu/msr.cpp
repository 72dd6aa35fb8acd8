// SPDX-License-Identifier: MIT
// Model-specific and debug registers.
#include <asm/cpu.hpp>
#include <asm/fixup.hpp>

namespace xen::arch {

Result<u64> rdmsr_safe(u32 msr) {
    u32 lo = 0, hi = 0;
    asm volatile goto("1: rdmsr\n\t" FIXUP("1b", "%l[fault]") : "=a"(lo), "=d"(hi) : "c"(msr) :: fault);
    return u64{hi} << 32 | lo;
fault:
    return Errno::fault;
}

Status wrmsr_safe(u32 msr, u64 v) {
    asm volatile goto("1: wrmsr\n\t" FIXUP("1b", "%l[fault]")
             :: "c"(msr), "a"(static_cast<u32>(v)), "d"(static_cast<u32>(v >> 32)) : "memory" : fault);
    return {};
fault:
    return Errno::fault;
}

u64 read_dr(unsigned n) {
    u64 v = 0;
    switch (n) {
    case 0: asm volatile("mov %%dr0, %0" : "=r"(v)); break;
    case 1: asm volatile("mov %%dr1, %0" : "=r"(v)); break;
    case 2: asm volatile("mov %%dr2, %0" : "=r"(v)); break;
    case 3: asm volatile("mov %%dr3, %0" : "=r"(v)); break;
    case 6: asm volatile("mov %%dr6, %0" : "=r"(v)); break;
    case 7: asm volatile("mov %%dr7, %0" : "=r"(v)); break;
    default: break;
    }
    return v;
}

void write_dr(unsigned n, u64 v) {
    switch (n) {
    case 0: asm volatile("mov %0, %%dr0" ::"r"(v)); break;
    case 1: asm volatile("mov %0, %%dr1" ::"r"(v)); break;
    case 2: asm volatile("mov %0, %%dr2" ::"r"(v)); break;
    case 3: asm volatile("mov %0, %%dr3" ::"r"(v)); break;
    case 6: asm volatile("mov %0, %%dr6" ::"r"(v)); break;
    case 7: asm volatile("mov %0, %%dr7" ::"r"(v)); break;
    default: break;
    }
}

}  // namespace xen::arch
