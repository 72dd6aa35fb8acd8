// SPDX-License-Identifier: MIT
// Privileged instructions that the kernel may use as if it were alone: control and debug registers,
// MSRs, CPUID with the forced-emulation prefix, ports. Only what holds on any machine is printed.
#include "flags.hpp"
#include "page.hpp"
#include "test.hpp"
#include <public/arch-x86/cpuid.h>

namespace {

struct Registers {
    u32 a, b, c, d;
};

Registers forced_cpuid(u32 leaf, u32 subleaf = 0) {
    Registers r{};
    asm volatile(".byte 0x0f, 0x0b, 0x78, 0x65, 0x6e; cpuid"
                 : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d)
                 : "0"(leaf), "2"(subleaf));
    return r;
}

void control_registers() {
    u64 v = 0;
    fault("cr0.read", catch_fault([&v] { asm volatile("mov %%cr0, %0" : "=r"(v)); }));
    value("cr0.value", v);
    fault("cr0.write_same", catch_fault([v] { asm volatile("mov %0, %%cr0" : : "r"(v)); }));
    fault("cr0.set_ts", catch_fault([v] { asm volatile("mov %0, %%cr0" : : "r"(v | 8)); }));
    asm volatile("mov %%cr0, %0" : "=r"(v));
    value("cr0.ts", v & 8);
    fault("clts", catch_fault([] { asm volatile("clts"); }));
    asm volatile("mov %%cr0, %0" : "=r"(v));
    value("clts.ts", v & 8);
    fault("cr0.clear_paging", catch_fault([v] {
              asm volatile("mov %0, %%cr0" : : "r"(v & ~(u64{1} << 31)));
          }));
    fault("cr0.clear_wp", catch_fault([v] {
              asm volatile("mov %0, %%cr0" : : "r"(v & ~(u64{1} << 16)));
          }));
    asm volatile("mov %%cr0, %0" : "=r"(v));
    value("cr0.after", v);
    fault("cr2.write", catch_fault([] { asm volatile("mov %0, %%cr2" : : "r"(u64{0x1234000})); }));
    fault("cr2.read", catch_fault([&v] { asm volatile("mov %%cr2, %0" : "=r"(v)); }));
    value("cr2.value", v);
    value("cr2.shared", shared->vcpu_info[0].arch.cr2);
    fault("cr3.read", catch_fault([&v] { asm volatile("mov %%cr3, %0" : "=r"(v)); }));
    check("cr3.value", v >> 12 == root_mfn());
    fault("cr3.write_same", catch_fault([v] { asm volatile("mov %0, %%cr3" : : "r"(v)); }));
    fault("cr3.write_bad", catch_fault([] {
              asm volatile("mov %0, %%cr3" : : "r"(u64{1} << 51));
          }));
    fault("cr4.read", catch_fault([&v] { asm volatile("mov %%cr4, %0" : "=r"(v)); }));
    value("cr4.paging_bits", v & 0xb0); // PAE, PGE and PSE as the guest sees them
    fault("cr4.write_same", catch_fault([v] { asm volatile("mov %0, %%cr4" : : "r"(v)); }));
    fault("cr4.set_vmxe", catch_fault([v] { asm volatile("mov %0, %%cr4" : : "r"(v | 0x2000)); }));
    fault("cr4.clear_pae", catch_fault([v] {
              asm volatile("mov %0, %%cr4" : : "r"(v & ~u64{0x20}));
          }));
    fault("cr4.toggle_tsd", catch_fault([v] { asm volatile("mov %0, %%cr4" : : "r"(v | 4)); }));
    u64 now = 0;
    asm volatile("mov %%cr4, %0" : "=r"(now));
    value("cr4.tsd", now & 4);
    asm volatile("mov %0, %%cr4" : : "r"(v));
    fault("cr8.read", catch_fault([&v] { asm volatile("mov %%cr8, %0" : "=r"(v)); }));
    fault("smsw", catch_fault([&v] { asm volatile("smsw %0" : "=r"(v)); }));
    fault("lmsw", catch_fault([] { asm volatile("lmsw %0" : : "r"(u16{0x3b})); }));
    asm volatile("clts");
}

void instructions() {
    fault("hlt", catch_fault([] { asm volatile("hlt"); }));
    fault("invd", catch_fault([] { asm volatile("invd"); }));
    fault("wbinvd", catch_fault([] { asm volatile("wbinvd"); }));
    fault("invlpg", catch_fault([] { asm volatile("invlpg (%0)" : : "r"(kUnmapped)); }));
    fault("swapgs", catch_fault([] { asm volatile("swapgs"); }));
    fault("sysret", catch_fault([] { asm volatile("sysretq"); }));
    fault("sysexit", catch_fault([] { asm volatile("sysexitl"); }));
    fault("rdpmc", catch_fault([] { asm volatile("rdpmc" : : "c"(0) : "eax", "edx"); }));
    fault("rdtsc", catch_fault([] { asm volatile("rdtsc" : : : "eax", "edx"); }));
    u8 table[10] = {};
    fault("lgdt", catch_fault([&] { asm volatile("lgdt %0" : : "m"(table)); }));
    fault("lidt", catch_fault([&] { asm volatile("lidt %0" : : "m"(table)); }));
    fault("lldt", catch_fault([] { asm volatile("lldt %0" : : "r"(u16{0})); }));
    fault("ltr", catch_fault([] { asm volatile("ltr %0" : : "r"(u16{0})); }));
    fault("vmcall", catch_fault([] { asm volatile("vmcall"); }));
    fault("vmmcall", catch_fault([] { asm volatile("vmmcall"); }));
    fault("vmrun", catch_fault([] { asm volatile("vmrun"); }));
    fault("clgi", catch_fault([] { asm volatile("clgi"); }));
    fault("rsm", catch_fault([] { asm volatile("rsm"); }));
}

// Interrupt flag instructions never reach the processor's flag; what they do depends on the IOPL.
void flag_instructions(const char* when) {
    cli_and_sti(when);
    u64 flags = 0;
    fault(join("popf.", when), catch_fault([&flags] {
              asm volatile(
                  "pushfq; andq $~0x200, (%%rsp); orq $0x3000, (%%rsp); popfq; pushfq; popq %0"
                  : "=r"(flags)
                  :
                  : "cc", "memory");
          }));
    value(join("popf.", when, ".flags"), flags & 0x3200);
    fault(join("in_0x61.", when), catch_fault([] { asm volatile("inb $0x61, %%al" : : : "eax"); }));
}

void msrs() {
    for (u32 index :
         {0x10u,       0x1bu,       0x3au,       0x48u,       0x79u,       0x8bu,       0xceu,
          0xfeu,       0x140u,      0x174u,      0x175u,      0x176u,      0x179u,      0x17au,
          0x1a0u,      0x1d9u,      0x200u,      0x277u,      0x2ffu,      0x400u,      0x401u,
          0x6e0u,      0x800u,      0x802u,      0x40000000u, 0x40000001u, 0x40000002u, 0xc0000080u,
          0xc0000081u, 0xc0000082u, 0xc0000084u, 0xc0000100u, 0xc0000101u, 0xc0000102u, 0xc0000103u,
          0xc0010000u, 0xc0010015u, 0xc0010055u, 0xc0010064u, 0xc0010114u, 0xc0010117u, 0xc0011029u,
          0x12345678u}) {
        u32 low = 0;
        u32 high = 0;
        fault(join("rdmsr.", index), catch_fault([&] {
                  asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(index));
              }));
    }
    u32 low = 0;
    u32 high = 0;
    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(0xc0000080u));
    value("efer", low & 0xf01);
}

long write_msr(u32 index, u64 v, const char* name) {
    const Fault f = catch_fault([&] {
        asm volatile("wrmsr"
                     :
                     : "c"(index), "a"(static_cast<u32>(v)), "d"(static_cast<u32>(v >> 32)));
    });
    fault(join("wrmsr.", name), f);
    return f.happened;
}

u64 read_msr(u32 index) {
    u32 low = 0;
    u32 high = 0;
    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(index));
    return u64{high} << 32 | low;
}

void msr_writes() {
    write_msr(0xc0000100, 0x123456789000, "fs_base");
    value("fs_base", read_msr(0xc0000100));
    write_msr(0xc0000100, kNonCanonical, "fs_base.non_canonical");
    write_msr(0xc0000100, 0, "fs_base.zero");
    write_msr(0xc0000101, 0x23456789000, "gs_base");
    value("gs_base", read_msr(0xc0000101));
    write_msr(0xc0000101, 0, "gs_base.zero");
    write_msr(0xc0000102, 0x3456789000, "gs_base_user");
    value("gs_base_user", read_msr(0xc0000102));
    write_msr(0xc0000102, kNonCanonical, "gs_base_user.non_canonical");
    write_msr(0xc0000102, 0, "gs_base_user.zero");
    write_msr(0xc0000080, read_msr(0xc0000080), "efer.same");
    write_msr(0xc0000080, 0, "efer.zero");
    write_msr(0xc0000081, 0, "star");
    write_msr(0x174, 0, "sysenter_cs");
    write_msr(0x1b, 0, "apic_base");
    write_msr(0x12345678, 0, "unknown");
    write_msr(0x10, 0, "tsc");
    for (u64 what : {0, 1, 2}) {
        const u64 base = what == 0 ? 0x7b : what == 1 ? 0x3b : kUnmapped;
        result(join("set_segment_base.", what),
               hypercall(__HYPERVISOR_set_segment_base, what, base));
    }
    value("set_segment_base.fs", read_msr(0xc0000100));
    value("set_segment_base.gs_user", read_msr(0xc0000102));
    value("set_segment_base.gs_kernel", read_msr(0xc0000101));
    for (u64 what : {0, 1, 2}) {
        hypercall(__HYPERVISOR_set_segment_base, what, 0);
        result(join("set_segment_base.non_canonical.", what),
               hypercall(__HYPERVISOR_set_segment_base, what, kNonCanonical));
    }
    result("set_segment_base.selector",
           hypercall(__HYPERVISOR_set_segment_base, SEGBASE_GS_USER_SEL, 0));
    result("set_segment_base.bad_selector",
           hypercall(__HYPERVISOR_set_segment_base, SEGBASE_GS_USER_SEL, 0x7ff8));
    result("set_segment_base.unknown", hypercall(__HYPERVISOR_set_segment_base, 4, 0));
}

// The hypercall page can also be asked for by MSR, as HVM guests do (leaf 0x40000002).
void hypercall_page_by_msr() {
    u8* page = new_page();
    write_msr(0x40000000, mfn_of(page) << 12, "hypercall_page");
    check("hypercall_page.same", memcmp(page, hypercall_page, 64) == 0);
    write_msr(0x40000000, mfn_of(page) << 12 | 1, "hypercall_page.second");
    write_msr(0x40000000, u64{1} << 51, "hypercall_page.bad_frame");
    free_page(page);
}

void cpuid() {
    const Registers base = forced_cpuid(0x40000000);
    value("cpuid.base.max_leaf", base.a);
    value("cpuid.base.b", base.b);
    value("cpuid.base.c", base.c);
    value("cpuid.base.d", base.d);
    value("cpuid.version", forced_cpuid(0x40000001).a);
    const Registers pages = forced_cpuid(0x40000002);
    value("cpuid.pages", pages.a);
    value("cpuid.msr", pages.b);
    value("cpuid.features", pages.c);
    const Registers time = forced_cpuid(0x40000003);
    value("cpuid.time.flags", time.a);
    value("cpuid.time.mode", time.b);
    value("cpuid.hvm.features", forced_cpuid(0x40000004).a);
    const Registers pv = forced_cpuid(0x40000005);
    value("cpuid.pv.a", pv.a);
    value("cpuid.beyond", forced_cpuid(0x40000006).a | forced_cpuid(0x400000ff).a);
    const Registers one = forced_cpuid(1);
    value("cpuid.hypervisor_bit", one.c >> 31);
    value("cpuid.apic_bit", one.d >> 9 & 1);
    value("cpuid.hidden.c", one.c & (1u << 5 | 1u << 6 | 1u << 2 | 1u << 3 | 1u << 17));
    value("cpuid.hidden.d", one.d & (1u << 3 | 1u << 7 | 1u << 12 | 1u << 14 | 1u << 1));
    const Registers ext = forced_cpuid(0x80000001);
    value("cpuid.ext.svm", ext.c >> 2 & 1);
    value("cpuid.ext.long_mode", ext.d >> 29 & 1);
    value("cpuid.ext.gbpages", ext.d >> 26 & 1);
    value("cpuid.ext.rdtscp", ext.d >> 27 & 1);
    value("cpuid.7.smep_smap_erms", forced_cpuid(7).b & (1u << 7 | 1u << 20));
}

} // namespace

void test_emulation() {
    control_registers();
    instructions();
    flag_instructions("default");
    msrs();
    msr_writes();
    hypercall_page_by_msr();
    cpuid();
}
