// SPDX-License-Identifier: MIT
// Floating-point state: the task-switch flag, and registers that survive giving up the processor.
#include "test.hpp"
#include <public/sched.h>

namespace {

alignas(16) const u64 pattern[2] = {0x0123456789abcdef, 0xfedcba9876543210};

void load() { asm volatile("movdqa %0, %%xmm5; fninit; fld1; fldpi" : : "m"(pattern)); }

bool kept() {
    alignas(16) u64 seen[2] = {};
    u16 status = 0;
    asm volatile("movdqa %%xmm5, %0; fnstsw %1" : "=m"(seen), "=a"(status));
    return memcmp(seen, pattern, 16) == 0 && (status >> 11 & 7) == 6;
}

void task_switch_flag() {
    result("taskswitch.set", hypercall(__HYPERVISOR_fpu_taskswitch, 1));
    fault("taskswitch.use_x87", catch_fault([] { asm volatile("fnop"); }));
    // The bounce cleared the flag, as the processor's own protocol for lazy switching expects.
    fault("taskswitch.use_again", catch_fault([] { asm volatile("fnop"); }));
    hypercall(__HYPERVISOR_fpu_taskswitch, 1);
    fault("taskswitch.use_sse", catch_fault([] { asm volatile("movdqa %xmm0, %xmm1"); }));
    hypercall(__HYPERVISOR_fpu_taskswitch, 1);
    result("taskswitch.clear", hypercall(__HYPERVISOR_fpu_taskswitch, 0));
    fault("taskswitch.cleared", catch_fault([] { asm volatile("fnop"); }));
    hypercall(__HYPERVISOR_fpu_taskswitch, 1);
    fault("taskswitch.clts", catch_fault([] { asm volatile("clts; fnop"); }));
    result("taskswitch.other_value", hypercall(__HYPERVISOR_fpu_taskswitch, 0x100));
    hypercall(__HYPERVISOR_fpu_taskswitch, 0);
}

void kept_over_calls() {
    load();
    check("kept.at_once", kept());
    for (int i = 0; i < 10; ++i) hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield);
    check("kept.yield", kept());
    hypercall(__HYPERVISOR_xen_version, 0);
    check("kept.hypercall", kept());
    asm volatile("fninit");
}

void exceptions() {
    u16 control = 0x0370; // unmask invalid operation, divide, denormal, precision masked
    const Fault f = catch_fault([&] {
        asm volatile("fninit; fldcw %0; fldz; fld1; fdivp; fwait" : : "m"(control));
    });
    fault("x87_divide", f);
    asm volatile("fnclex; fninit");
    u32 mxcsr = 0x1d80; // everything masked but divide by zero
    const Fault g = catch_fault([&] {
        asm volatile("ldmxcsr %0; xorps %%xmm1, %%xmm1; movl $1, %%eax; cvtsi2ss %%eax, %%xmm0; "
                     "divss %%xmm1, %%xmm0"
                     :
                     : "m"(mxcsr)
                     : "eax");
    });
    fault("sse_divide", g);
    mxcsr = 0x1f80;
    asm volatile("ldmxcsr %0" : : "m"(mxcsr));
}

void extended() {
    u32 low = 0;
    u32 high = 0;
    const Fault f = catch_fault([&] { asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0)); });
    fault("xgetbv", f);
    if (f.happened) return;
    value("xcr0.legacy", low & 3);
    fault("xsetbv.same", catch_fault([&] {
              asm volatile("xsetbv" : : "a"(low), "d"(high), "c"(0));
          }));
    fault("xsetbv.zero", catch_fault([] { asm volatile("xsetbv" : : "a"(0), "d"(0), "c"(0)); }));
    fault("xsetbv.avx_alone", catch_fault([] {
              asm volatile("xsetbv" : : "a"(5), "d"(0), "c"(0));
          }));
    fault("xsetbv.unknown", catch_fault([] {
              asm volatile("xsetbv" : : "a"(3), "d"(0x10000), "c"(0));
          }));
    fault("xsetbv.register_1", catch_fault([] {
              asm volatile("xsetbv" : : "a"(3), "d"(0), "c"(1));
          }));
}

// With CR4.OSXSAVE the guest decides over XCR0.
void extended_enabled() {
    u64 before = 0;
    asm volatile("mov %%cr4, %0" : "=r"(before));
    fault("osxsave.set", catch_fault([before] { asm volatile("mov %0, %%cr4" : : "r"(before | 1 << 18)); }));
    u64 now = 0;
    asm volatile("mov %%cr4, %0" : "=r"(now));
    value("osxsave.reads", now & 1 << 18);
    for (u64 v : {u64{0}, u64{1}, u64{2}, u64{3}, u64{4}, u64{5}, u64{6}, u64{7}, u64{0x0b}, u64{0x1b}, u64{0xe7},
                  u64{0x200}, u64{0x207}, u64{1} << 62, u64{1} << 63, u64{3}}) {
        fault(join("osxsave.xsetbv.", v), catch_fault([v] {
                  asm volatile("xsetbv" : : "a"(static_cast<u32>(v)), "d"(static_cast<u32>(v >> 32)), "c"(0));
              }));
        u32 low = 0;
        u32 high = 0;
        asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
        value(join("osxsave.xcr0.", v), low);
    }
    fault("osxsave.register_1", catch_fault([] { asm volatile("xsetbv" : : "a"(3), "d"(0), "c"(1)); }));
    asm volatile("mov %0, %%cr4" : : "r"(before));
    fault("osxsave.cleared", catch_fault([] { asm volatile("xsetbv" : : "a"(3), "d"(0), "c"(0)); }));
}

} // namespace

void test_fpu() {
    asm volatile("clts");
    task_switch_flag();
    kept_over_calls();
    exceptions();
    extended();
    extended_enabled();
}
