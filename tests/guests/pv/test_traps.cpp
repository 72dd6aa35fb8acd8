// SPDX-License-Identifier: MIT
// Traps bounced to the kernel: vectors, error codes, cr2, and the event mask on entry.
#include "page.hpp"
#include "test.hpp"
#include <public/callback.h>

extern "C" void trap_entry_128();
extern "C" const u64 trap_entries[32];

namespace {

[[gnu::naked]] void landing() { asm volatile("ud2"); }

void page_faults() {
    u8* page = new_page();
    volatile u8* p = page;
    protect(page, kReadOnly);
    const Fault write = catch_fault([p] { *p = 1; });
    fault("pf.write_read_only", write);
    check("pf.cr2", write.cr2 == address(page));
    protect(page, 0);
    fault("pf.read_not_present", catch_fault([p] { (void)*p; }));
    fault("pf.write_not_present", catch_fault([p] { *p = 1; }));
    protect(page, kReadWrite | u64{1} << 63);
    const Fault fetch = catch_fault([page] { reinterpret_cast<void (*)()>(page)(); });
    fault("pf.fetch_no_execute", fetch);
    check("pf.fetch.rip", fetch.rip == address(page));
    protect(page, kReadWrite);
    free_page(page);
    for (const WildPointer& wild : wild_pointers) {
        volatile u8* w = at<u8>(wild.where);
        const Fault read = catch_fault([w] { (void)*w; });
        fault(join("pf.read.", wild.name), read);
        value(join("pf.read.", wild.name, ".cr2"), read.cr2);
        fault(join("pf.write.", wild.name), catch_fault([w] { *w = 1; }));
        const u64 target = wild.where;
        fault(join("pf.fetch.", wild.name),
              catch_fault([target] { reinterpret_cast<void (*)()>(target)(); }));
    }
    fault("pf.read_m2p", catch_fault([] { (void)*at<volatile u64>(MACH2PHYS_VIRT_START); }));
    fault("pf.read_m2p_hole", catch_fault([] { (void)*at<volatile u64>(MACH2PHYS_VIRT_END - 8); }));
}

void exceptions() {
    fault("divide", catch_fault([] {
              asm volatile("xorl %%edx, %%edx; divl %%edx" : : : "eax", "edx", "cc");
          }));
    fault("int3", catch_fault([] { asm volatile("int3"); }));
    fault("int_0x80", catch_fault([] { asm volatile("int $0x80"); }));
    fault("ud2", catch_fault([] { asm volatile("ud2"); }));
    fault("non_canonical_stack", catch_fault([] {
              asm volatile("movq %%rsp, %%rax; movq %0, %%rbp; movq 0(%%rbp), %%rax; ud2"
                           :
                           : "r"(kNonCanonical)
                           : "rax");
          }));
    for (u16 selector :
         {u16{0x08}, u16{0x10}, u16{0x2b}, u16{0x33}, u16{0x07}, u16{0x7ff8}, u16{0xe008},
          u16{0xe010}, u16{0xe02b}, u16{0xe030}, u16{0xfff8}, u16{0}, u16{3}}) {
        fault(join("load_ds.", selector), catch_fault([selector] {
                  asm volatile("mov %0, %%ds" : : "r"(selector));
              }));
        fault(join("load_fs.", selector), catch_fault([selector] {
                  asm volatile("mov %0, %%fs" : : "r"(selector));
              }));
    }
    asm volatile("mov %0, %%ds; mov %0, %%fs" : : "r"(u16{0}));
}

void single_step() {
    const Fault f = catch_fault([] {
        asm volatile("pushfq; orq $0x100, (%%rsp); popfq; nop; nop" : : : "cc", "memory");
    });
    fault("single_step", f);
    u64 dr6 = 0;
    asm volatile("mov %%db6, %0" : "=r"(dr6));
    value("single_step.dr6", dr6);
    const long status = hypercall(__HYPERVISOR_get_debugreg, 6);
    value("single_step.get_debugreg", static_cast<u64>(status));
}

void alignment() {
    const Fault f = catch_fault([] {
        alignas(16) static u64 data[2];
        asm volatile("pushfq; orq $0x40000, (%%rsp); popfq; movq 1(%0), %%rax; "
                     "pushfq; andq $~0x40000, (%%rsp); popfq"
                     :
                     : "r"(data)
                     : "rax", "memory", "cc");
    });
    fault("alignment", f);
}

u64 mask_inside;
u64 frames_seen;
bool note_mask(Frame& f) {
    if (f.vector != 3) return false;
    mask_inside = shared->vcpu_info[0].evtchn_upcall_mask;
    const char* n = join("frame.", frames_seen++, ".");
    value(join(n, "cs"), f.cs);
    value(join(n, "ss"), f.ss);
    value(join(n, "if"), f.rflags & 0x200);
    value(join(n, "iopl"), f.rflags & 0x3000);
    return true;
}

// A gate may ask that events are masked on entry; the return restores what was there.
void masking() {
    on_trap = note_mask;
    trap_info gate[2] = {{3, 3, FLAT_KERNEL_CS, trap_entries[3]}, {0, 0, 0, 0}};
    for (u8 flags : {u8{3}, u8{7}}) {
        gate[0].flags = flags;
        result(join("gate.flags.", flags), hypercall(__HYPERVISOR_set_trap_table, address(gate)));
        for (bool masked : {true, false}) {
            set_upcall_mask(masked);
            asm volatile("int3");
            value(join("gate.mask_inside.", flags, masked ? ".masked" : ".open"), mask_inside);
            value(join("gate.mask_after.", flags, masked ? ".masked" : ".open"),
                  shared->vcpu_info[0].evtchn_upcall_mask);
            set_upcall_mask(true);
        }
    }
    on_trap = nullptr;
    install_traps();
}

void table_errors() {
    for (const WildPointer& wild : wild_pointers)
        result(join("set_trap_table.", wild.name),
               hypercall(__HYPERVISOR_set_trap_table, wild.where));
    trap_info gate[2] = {{3, 3, FLAT_KERNEL_CS, kNonCanonical}, {0, 0, 0, 0}};
    result("set_trap_table.non_canonical_entry",
           hypercall(__HYPERVISOR_set_trap_table, address(gate)));
    gate[0].address = kHypervisor;
    result("set_trap_table.hypervisor_entry",
           hypercall(__HYPERVISOR_set_trap_table, address(gate)));
    gate[0] = {3, 3, 0x08, trap_entries[3]};
    result("set_trap_table.odd_selector", hypercall(__HYPERVISOR_set_trap_table, address(gate)));
    fault("set_trap_table.odd_selector.int3", catch_fault([] { asm volatile("int3"); }));
    gate[0] = {6, 0, 0, 0};
    install_traps();
    result("set_trap_table.many", [] {
        static trap_info all[257];
        for (unsigned i = 0; i < 256; ++i)
            all[i] = {static_cast<u8>(i), 0, FLAT_KERNEL_CS, address(&trap_entry_128)};
        return hypercall(__HYPERVISOR_set_trap_table, address(all));
    }());
    install_traps();
    fault("set_trap_table.restored", catch_fault([] { asm volatile("ud2"); }));
}

// A stack of its own: the bounce frame is pushed where the refused frame's rsp points.
alignas(16) u8 scratch_stack[8192];

Fault return_to(u64 rip, u64 cs, u64 ss, u64 rflags = 0x202) {
    return catch_fault([=] {
        const iret_context_frame frame = {
            0, 0, 0, 0, rip, cs, rflags, address(scratch_stack) + sizeof(scratch_stack), ss};
        iret_to(&frame);
    });
}

// Returning to a code segment that does not exist ends in the failsafe callback.
void failsafe() {
    constexpr u64 kKernelCs = FLAT_KERNEL_CS & ~3u;
    const u64 code = address(&landing);
    fault("failsafe.bad_cs", return_to(code, 0x7ff0, FLAT_KERNEL_SS));
    fault("failsafe.non_canonical_rip", return_to(kNonCanonical, kKernelCs, FLAT_KERNEL_SS));
    fault("failsafe.bad_ss", return_to(code, kKernelCs, 0x7ff0));
    fault("failsafe.null_ss", return_to(code, kKernelCs, 0));
    const Fault good = return_to(code, kKernelCs, FLAT_KERNEL_SS);
    fault("return.good", good);
    const Fault flags = return_to(code, kKernelCs, FLAT_KERNEL_SS, ~u64{0x4100});
    fault("return.all_flags", flags);
    value("return.all_flags.seen", flags.rflags);
}

// The processor's own iretq works from kernel to kernel, without the hypervisor.
void native_iret() {
    const Fault f = catch_fault([] {
        asm volatile(
            "movq %%rsp, %%rax; pushq %0; pushq %%rax; pushfq; pushq %1; leaq 1f(%%rip), %%rax; "
            "pushq %%rax; iretq; 1:"
            :
            : "r"(u64{FLAT_KERNEL_SS}), "r"(u64{FLAT_KERNEL_CS})
            : "rax", "memory", "cc");
    });
    fault("native_iret", f);
}

} // namespace

void test_traps() {
    page_faults();
    exceptions();
    single_step();
    alignment();
    masking();
    table_errors();
    failsafe();
    native_iret();
}
