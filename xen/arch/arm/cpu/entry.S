// SPDX-License-Identifier: MIT
// The exception vectors of EL2 (ARM D1.3.1) and the ways between a guest and the hypervisor. While a guest runs SP_EL2 is
// the top of this CPU's stack: the hypervisor keeps no frame of a guest that it has left.
#include <asm/entry_offsets.h>

    .macro save_pairs base
    stp x4, x5, [\base, #REGS_X + 32]
    stp x6, x7, [\base, #REGS_X + 48]
    stp x8, x9, [\base, #REGS_X + 64]
    stp x10, x11, [\base, #REGS_X + 80]
    stp x12, x13, [\base, #REGS_X + 96]
    stp x14, x15, [\base, #REGS_X + 112]
    stp x16, x17, [\base, #REGS_X + 128]
    stp x18, x19, [\base, #REGS_X + 144]
    stp x20, x21, [\base, #REGS_X + 160]
    stp x22, x23, [\base, #REGS_X + 176]
    stp x24, x25, [\base, #REGS_X + 192]
    stp x26, x27, [\base, #REGS_X + 208]
    stp x28, x29, [\base, #REGS_X + 224]
    .endm

    .macro load_pairs base
    ldp x4, x5, [\base, #REGS_X + 32]
    ldp x6, x7, [\base, #REGS_X + 48]
    ldp x8, x9, [\base, #REGS_X + 64]
    ldp x10, x11, [\base, #REGS_X + 80]
    ldp x12, x13, [\base, #REGS_X + 96]
    ldp x14, x15, [\base, #REGS_X + 112]
    ldp x16, x17, [\base, #REGS_X + 128]
    ldp x18, x19, [\base, #REGS_X + 144]
    ldp x20, x21, [\base, #REGS_X + 160]
    ldp x22, x23, [\base, #REGS_X + 176]
    ldp x24, x25, [\base, #REGS_X + 192]
    ldp x26, x27, [\base, #REGS_X + 208]
    ldp x28, x29, [\base, #REGS_X + 224]
    .endm

// The next instruction becomes a branch on machines that need the workaround (errata::Site).
    .macro site target, workaround
    .pushsection .workarounds, "a"
    .balign 4
    .long 771f - ., \target - ., \workaround
    .popsection
771:
    .endm

// From a guest: its registers go to the current vCPU. x0: ESR.
    .macro from_guest handler
    .balign 128
    stp x0, x1, [sp, #-16]
    mrs x0, tpidr_el2
    ldr x0, [x0, #BLOCK_CURRENT]
    stp x2, x3, [x0, #REGS_X + 16]
    ldp x2, x3, [sp, #-16]
    stp x2, x3, [x0, #REGS_X]
    adr x1, \handler
    b save_guest
    .endm

// From the hypervisor itself: a frame of the same form on the stack. x0: the frame, x1: ESR.
    .macro from_self handler
    .balign 128
    sub sp, sp, #REGS_BYTES
    stp x0, x1, [sp, #REGS_X]
    stp x2, x3, [sp, #REGS_X + 16]
    adr x1, \handler
    b save_self
    .endm

// The same after a look at the stack pointer: bit 15 is set in every stack (asm/cpu_area.hpp), so that one that overflowed
// is found before it is used. x0 is lost then.
    .macro from_self_checked handler
    .balign 128
    sub sp, sp, #REGS_BYTES
    add sp, sp, x0
    sub x0, sp, x0
    tbz x0, #15, overflow
    sub x0, sp, x0
    sub sp, sp, x0
    stp x0, x1, [sp, #REGS_X]
    stp x2, x3, [sp, #REGS_X + 16]
    adr x1, \handler
    b save_self
    .endm

    .section .text.entry, "ax", @progbits
    .balign 2048
    .globl vectors
vectors:
    from_self unexpected                // with SP_EL0, which the hypervisor never uses
    from_self unexpected
    from_self unexpected
    from_self unexpected
    from_self_checked self_sync
    from_self_checked self_irq
    from_self unexpected
    from_self self_serror
    from_guest guest_sync
    from_guest guest_irq
    from_guest guest_irq
    from_guest guest_serror
    from_guest guest_sync               // the same from AArch32 user mode
    from_guest guest_irq
    from_guest guest_irq
    from_guest guest_serror

    .balign 128
save_guest:
    save_pairs x0
    mrs x2, sp_el0
    mrs x3, elr_el2
    mrs x4, spsr_el2
    stp x30, x2, [x0, #REGS_X + 240]
    stp x3, x4, [x0, #REGS_PC]
    mrs x0, esr_el2
    // What a processor predicts from here on, no guest has taught it.
    site firmware_barrier, WORKAROUND_FIRMWARE_BARRIER
    nop
unaimed:
    site harden_by_8, WORKAROUND_BRANCHES_8
    site harden_by_24, WORKAROUND_BRANCHES_24
    site harden_by_32, WORKAROUND_BRANCHES_32
    nop
hardened:
    dsb sy                              // errors of the guest's accesses arrive, and are its own until the window's end
    msr daifclr, #4
    .globl guest_serror_window, guest_serror_window_end
guest_serror_window:
    isb
guest_serror_window_end:
    blr x1
// The way out of the outermost frame; also the first way into a vCPU.
leave:
    msr daifset, #7
    bl exit_work                        // gives the vCPU that goes on: interrupts off
    ldp x2, x3, [x0, #REGS_PC]
    ldp x30, x4, [x0, #REGS_X + 240]
    msr elr_el2, x2
    msr spsr_el2, x3
    msr sp_el0, x4
    load_pairs x0
    ldp x2, x3, [x0, #REGS_X + 16]
    ldp x0, x1, [x0, #REGS_X]
    eret
    dsb nsh                             // nothing is speculated past the ERET (no SB instruction needed)
    isb

// x0 and x1 stay; what else a call by DEN0028 changes is the guest's, and stored.
firmware_barrier:
    mov x19, x0
    mov x20, x1
    mov w0, #0x80008000                 // SMCCC_ARCH_WORKAROUND_1
    smc #0
    mov x0, x19
    mov x1, x20
    b unaimed

    .macro forget_history branches
    mov x2, #\branches
1:  b 2f
2:  subs x2, x2, #1
    b.ne 1b
    dsb nsh
    isb
    b hardened
    .endm
harden_by_8:
    forget_history 8
harden_by_24:
    forget_history 24
harden_by_32:
    forget_history 32

save_self:
    save_pairs sp
    mrs x2, elr_el2
    mrs x3, spsr_el2
    add x4, sp, #REGS_BYTES
    stp x30, x4, [sp, #REGS_X + 240]
    stp x2, x3, [sp, #REGS_PC]
    mov x2, x1
    mov x0, sp
    mrs x1, esr_el2
    blr x2
    ldp x2, x3, [sp, #REGS_PC]
    ldr x30, [sp, #REGS_X + 240]
    msr elr_el2, x2
    msr spsr_el2, x3
    load_pairs sp
    ldp x2, x3, [sp, #REGS_X + 16]
    ldp x0, x1, [sp, #REGS_X]
    add sp, sp, #REGS_BYTES
    eret
    dsb nsh
    isb

overflow:
    ldr x0, =emergency_stack_top - REGS_BYTES
    mov sp, x0
    stp x0, x1, [sp, #REGS_X]
    stp x2, x3, [sp, #REGS_X + 16]
    adr x1, stack_overflow
    b save_self

stack_overflow:
    b own_overflow
guest_sync:
    b arm_guest_sync
guest_irq:
    b arm_interrupt
guest_serror:
    b arm_guest_serror
self_sync:
    b own_sync
self_irq:
    b own_irq
self_serror:
    b own_serror
unexpected:
    b own_unexpected

// [[noreturn]] void enter_current(void* stack_top): forgets the stack.
    .globl enter_current_on
enter_current_on:
    mov sp, x0
    b leave

// [[noreturn]] void switch_stack(void* top, void (*fn)()).
    .globl switch_stack
switch_stack:
    mov sp, x0
    mov x29, xzr
    blr x1
    brk #1

    .ltorg
    .section .bss, "aw", @nobits
    .balign 16
    .space 8192
emergency_stack_top:

    .section .note.GNU-stack, "", @progbits
