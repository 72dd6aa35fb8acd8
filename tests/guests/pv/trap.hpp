// SPDX-License-Identifier: MIT
// Traps bounced to the guest. A test that expects one wraps the code in catch_fault(); any other
// trap prints the registers and ends the run, so that nothing dies silently.
#pragma once
#include "guest.hpp"

struct Frame {
    u64 r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
    u64 vector, error, rip, cs, rflags, rsp, ss;
};

struct Context {
    u64 rip, rsp, rbx, rbp, r12, r13, r14, r15;
};

// Vectors beyond the processor's, numbered in start.S.
constexpr u64 kSyscall = 256, kSysenter = 257, kEvent = 258, kFailsafe = 259, kNmi = 260;

struct Fault {
    bool happened;
    bool from_user;
    u64 vector, error, cr2, rip, cs, rflags, rax, rsp, ss;
};

// The frame that the iret hypercall takes (public/arch-x86/xen-x86_64.h, struct iret_context).
struct iret_context_frame {
    u64 rax, r11, rcx, flags, rip, cs, rflags, rsp, ss;
};
extern "C" [[noreturn]] void iret_to(const iret_context_frame* frame);
extern "C" int save_context(Context* context) __attribute__((returns_twice));

void install_traps();
void install_callbacks();
Fault& begin_catch(Context& context);
void end_catch();

// What the event callback does after the built-in acknowledging; null for nothing.
extern void (*on_event)(Frame& frame);
extern u64 event_count;
// Called for a trap before it counts as a fault; true when it was dealt with and may be returned
// from.
extern bool (*on_trap)(Frame& frame);

template <class F> __attribute__((noinline)) Fault catch_fault(F code) {
    Context context;
    Fault& seen = begin_catch(context);
    if (!save_context(&context)) code();
    end_catch();
    return seen;
}
