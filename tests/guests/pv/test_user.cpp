// SPDX-License-Identifier: MIT
// Guest user mode: its own address space, system calls, faults from user mode and their frames.
#include "page.hpp"
#include "test.hpp"
#include <public/callback.h>
#include <public/physdev.h>

extern "C" u8 user_page[];
extern "C" void user_int80(), user_syscall(), user_int3(), user_int81(), user_ud(), user_cli(),
    user_hlt(), user_in(), user_popf(), user_read(), user_write(), user_cpuid(),
    user_forced_cpuid(), user_rdtsc(), user_sysenter(), user_rdmsr(), user_cr3(), user_fs();
extern "C" void syscall_entry(), event_entry(), failsafe_entry();

namespace {

constexpr u64 kCode = 0x400000;
constexpr u64 kStack = 0x401000;
constexpr u64 kKernelOnly = 0x402000;
u64* tables[5];
u8* stack_page;

void build() {
    for (unsigned n = 1; n <= 4; ++n) tables[n] = reinterpret_cast<u64*>(new_page());
    stack_page = new_page();
    tables[1][0] = mfn_of(user_page) << 12 | kReadOnly;
    tables[1][1] = mfn_of(stack_page) << 12 | kReadWrite;
    tables[1][2] = mfn_of(stack_page) << 12 | (kReadWrite & ~kUser);
    tables[2][2] = mfn_of(tables[1]) << 12 | kTable;
    tables[3][0] = mfn_of(tables[2]) << 12 | kTable;
    tables[4][0] = mfn_of(tables[3]) << 12 | kTable;
    for (unsigned n = 1; n <= 4; ++n) protect(tables[n], kReadOnly);
    result("pin", mmuext(MMUEXT_PIN_L4_TABLE, mfn_of(tables[4])));
    result("new_user_baseptr", mmuext(MMUEXT_NEW_USER_BASEPTR, mfn_of(tables[4])));
}

void tear_down() {
    result("baseptr.drop", mmuext(MMUEXT_NEW_USER_BASEPTR, 0));
    result("unpin", mmuext(MMUEXT_UNPIN_TABLE, mfn_of(tables[4])));
    for (unsigned n = 1; n <= 4; ++n) {
        protect(tables[n], kReadWrite);
        free_page(reinterpret_cast<u8*>(tables[n]));
    }
    free_page(stack_page);
}

Fault run(void (*code)(), u64 rdi = 0, u64 flags = 0, u64 cs = FLAT_USER_CS | 3,
          u64 rflags = 0x202) {
    return catch_fault([&] {
        const u64 rip = kCode + (address(reinterpret_cast<void*>(code)) - address(user_page));
        iret_context_frame frame = {
            0, rflags, rip, flags, rip, cs, rflags, kStack + 0x800, FLAT_USER_SS | 3};
        asm volatile("movq %0, %%rsp; movl $23, %%eax; syscall"
                     :
                     : "r"(&frame), "D"(rdi)
                     : "memory");
    });
}

void show(const char* name, const Fault& f) {
    fault(name, f);
    if (f.happened) value(join(name, ".from_user"), f.from_user);
}

u64 mask_inside;

bool note_mask(Frame&) {
    mask_inside = shared->vcpu_info[0].evtchn_upcall_mask;
    return false;
}

void entries() {
    Fault f = run(user_int80);
    show("int80", f);
    value("int80.cs", f.cs);
    value("int80.ss", f.ss);
    value("int80.rflags", f.rflags & 0x3300);
    check("int80.rip", f.rip == kCode + 2);
    check("int80.rsp", f.rsp == kStack + 0x800);
    f = run(user_syscall);
    show("syscall", f);
    value("syscall.rax", f.rax);
    value("syscall.cs", f.cs);
    value("syscall.rflags", f.rflags & 0x3300);
    show("int80.by_sysret", run(user_int80, 0, VGCF_IN_SYSCALL));
    show("int3", run(user_int3));
    show("ud2", run(user_ud));
    show("sysenter", run(user_sysenter));
    hypercall(__HYPERVISOR_set_callbacks, address(&event_entry), address(&failsafe_entry), 0);
    show("syscall.no_callback", run(user_syscall));
    install_callbacks();
    callback_unregister_t gone = {CALLBACKTYPE_sysenter, 0};
    hypercall(__HYPERVISOR_callback_op, CALLBACKOP_unregister, address(&gone));
    show("sysenter.no_callback", run(user_sysenter));
    install_callbacks();
    // Events masked on entry of a system call, if so registered.
    on_trap = note_mask;
    callback_register_t masked = {CALLBACKTYPE_syscall, CALLBACKF_mask_events,
                                  address(&syscall_entry)};
    set_upcall_mask(false);
    run(user_syscall);
    value("syscall.mask_inside", mask_inside);
    hypercall(__HYPERVISOR_callback_op, CALLBACKOP_register, address(&masked));
    set_upcall_mask(false);
    run(user_syscall);
    value("syscall.flagged.mask_inside", mask_inside);
    on_trap = nullptr;
    install_callbacks();
    set_upcall_mask(true);
}

void faults() {
    Fault f = run(user_read, kUnmapped);
    show("read.unmapped", f);
    check("read.unmapped.cr2", f.cr2 == kUnmapped);
    show("read.own_stack", run(user_read, kStack));
    show("write.own_stack", run(user_write, kStack));
    show("write.own_code", run(user_write, kCode));
    // The hypervisor gives every kernel page the user bit: only the kernel's tree hides it.
    show("read.no_user_bit", run(user_read, kKernelOnly));
    show("read.kernel_address", run(user_read, address(boot_info)));
    show("read.m2p", run(user_read, MACH2PHYS_VIRT_START));
    show("read.hypervisor", run(user_read, kHypervisor));
    show("read.non_canonical", run(user_read, kNonCanonical));
    f = run(user_int80, 0, 0, FLAT_USER_CS32 | 3);
    show("compat_mode.int80", f);
    value("compat_mode.cs", f.cs);
    show("bad_cs", run(user_int80, 0, 0, 0x7ff3));
    show("single_step", run(user_syscall, 0, 0, FLAT_USER_CS | 3, 0x302));
}

void privileged() {
    show("cli", run(user_cli));
    show("hlt", run(user_hlt));
    show("in", run(user_in));
    show("rdmsr", run(user_rdmsr));
    show("cr3", run(user_cr3));
    show("cpuid", run(user_cpuid));
    show("rdtsc", run(user_rdtsc));
    show("forced_cpuid", run(user_forced_cpuid));
    const Fault f = run(user_popf);
    show("popf", f);
    value("popf.rflags", f.rax & 0x3200);
}

// Port access of user code: by the bitmap, and by privilege level 3.
void ports() {
    static u8 bits[8192];
    memset(bits, 0xff, sizeof(bits));
    bits[0x61 / 8] = static_cast<u8>(bits[0x61 / 8] & ~(1u << 0x61 % 8));
    auto map = zeroed<physdev_set_iobitmap>();
    set_handle(map.bitmap, bits);
    map.nr_ports = 65536;
    hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iobitmap, address(&map));
    show("in.bitmap_open", run(user_in));
    bits[0x61 / 8] = 0xff;
    show("in.bitmap_closed", run(user_in));
    map.nr_ports = 0;
    hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iobitmap, address(&map));
    physdev_set_iopl iopl = {3};
    hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, address(&iopl));
    show("in.iopl_3", run(user_in));
    show("cli.iopl_3", run(user_cli));
    iopl.iopl = 1;
    hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, address(&iopl));
    show("in.iopl_1", run(user_in));
}

} // namespace

void test_user() {
    build();
    entries();
    faults();
    privileged();
    ports();
    tear_down();
}
