// SPDX-License-Identifier: MIT
#include "trap.hpp"
#include "print.hpp"
#include "test.hpp"
#include <public/callback.h>
#include <public/sched.h>

extern "C" const u64 trap_entries[32];
extern "C" void trap_entry_128();
extern "C" void event_entry();
extern "C" void failsafe_entry();
extern "C" void syscall_entry();
extern "C" void sysenter_entry();
extern "C" void nmi_entry();

void (*on_event)(Frame& frame);
bool (*on_trap)(Frame& frame);
u64 event_count;

namespace {

Fault last;
Context* recover;
trap_info table[35];
alignas(16) u8 kernel_stack[16384];

u64 read_cr2() { return shared->vcpu_info[0].arch.cr2; }

void acknowledge_events() {
    vcpu_info& info = shared->vcpu_info[0];
    __atomic_store_n(&info.evtchn_upcall_pending, u8{0}, __ATOMIC_SEQ_CST);
    ++event_count;
}

void resume(Frame& f, const Context& c) {
    f.rip = c.rip;
    f.rsp = c.rsp;
    f.rbx = c.rbx;
    f.rbp = c.rbp;
    f.r12 = c.r12;
    f.r13 = c.r13;
    f.r14 = c.r14;
    f.r15 = c.r15;
    f.rax = 1;
    f.cs = FLAT_KERNEL_CS & ~3U;
    f.ss = FLAT_KERNEL_SS;
    f.rflags &= ~u64{0x3dd5 | 0x40000}; // status flags, TF, DF, IOPL, AC
}

void die(const Frame& f) {
    print("FAIL unexpected trap {} error {x} cr2 {x}\n", f.vector, f.error, read_cr2());
    print("  rip {x} cs {x} rflags {x} rsp {x} ss {x}\n", f.rip, f.cs, f.rflags, f.rsp, f.ss);
    print("  rax {x} rbx {x} rcx {x} rdx {x} rsi {x}\n", f.rax, f.rbx, f.rcx, f.rdx, f.rsi);
    print("  rdi {x} rbp {x} r8 {x} r9 {x} r10 {x}\n", f.rdi, f.rbp, f.r8, f.r9, f.r10);
    print("  r11 {x} r12 {x} r13 {x} r14 {x} r15 {x}\n", f.r11, f.r12, f.r13, f.r14, f.r15);
    sched_shutdown_t off = {SHUTDOWN_reboot};
    hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown, address(&off));
    for (;;) {
    }
}

void add_entry(unsigned slot, u8 vector, u8 flags, u64 entry) {
    table[slot] = {vector, flags, FLAT_KERNEL_CS, entry};
}

} // namespace

extern "C" void trap_handler(Frame& f) {
    const bool user = (f.cs & 3) == 3;
    if (f.vector == kEvent) {
        acknowledge_events();
        if (on_event) on_event(f);
        return;
    }
    if (on_trap && on_trap(f)) return;
    if (!recover) die(f);
    last = {true,     user,  f.vector, f.error, f.vector == 14 ? read_cr2() : 0, f.rip, f.cs & 0xff,
            f.rflags, f.rax, f.rsp,    f.ss};
    resume(f, *recover);
    recover = nullptr;
}

Fault& begin_catch(Context& context) {
    last = {};
    recover = &context;
    return last;
}

void end_catch() { recover = nullptr; }

// Gates: 0..31, and int 0x80, which user mode may use (privilege level 3); so may int3 and into.
void install_traps() {
    for (u8 v = 0; v < 32; ++v) add_entry(v, v, v == 3 || v == 4 ? 3 : 0, trap_entries[v]);
    add_entry(32, 0x80, 3, address(&trap_entry_128));
    add_entry(33, 0, 0, 0);
    table[2].address = address(&nmi_entry);
    const long rc = hypercall(__HYPERVISOR_set_trap_table, address(table));
    if (rc) print("FAIL set_trap_table {}\n", rc);
}

void install_callbacks() {
    hypercall(__HYPERVISOR_set_callbacks, address(&event_entry), address(&failsafe_entry),
              address(&syscall_entry));
    callback_register_t sysenter = {CALLBACKTYPE_sysenter, 0, address(&sysenter_entry)};
    hypercall(__HYPERVISOR_callback_op, CALLBACKOP_register, address(&sysenter));
    hypercall(__HYPERVISOR_stack_switch, FLAT_KERNEL_SS,
              address(kernel_stack) + sizeof(kernel_stack));
}
