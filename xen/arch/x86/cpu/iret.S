// SPDX-License-Identifier: MIT
// HYPERVISOR_iret from kernel to kernel, as an exception's or event's handler ends: pv::iret() in some 60 instructions
// instead of 190. The guest's registers but RAX, RCX and R11 stay in the processor; interrupts stay off. What is not as
// usual goes the long way: to user mode or by SYSRET, an event or softirq that is due, an NMI's handler, shown IOPLs,
// tracing, a stack in the lower half or that faults.
#include <asm/entry_macros.h>
#include <asm/entry_offsets.h>

    .section .text.entry, "ax", @progbits

    .set FRAME_RAX, 0
    .set FRAME_R11, 8
    .set FRAME_RCX, 16
    .set FRAME_FLAGS, 24
    .set FRAME_RIP, 32
    .set FRAME_CS, 40
    .set FRAME_RFLAGS, 48
    .set FRAME_RSP, 56
    .set FRAME_SS, 64

.macro LOAD what, to
    MAY_FAULT frame_faulted, mov \what(%rax), \to
.endm

// RSP is the end of the vCPU's registers, RCX and R11 are what SYSCALL made of RIP and RFLAGS.
    .balign 64
    .globl quick_iret
quick_iret:
    mov %rcx, REGS_RIP - REGS_SIZE(%rsp)
    mov %r11, REGS_RFLAGS - REGS_SIZE(%rsp)
    lea -REGS_SIZE(%rsp), %rcx
    mov offset_stack_top(%rcx), %rsp
    mov BLOCK_SCRATCH(%rsp), %rax       // the guest's stack pointer
    cmp guest_kernel_start(%rip), %rax
    jb iret_slowly
    cmpl $0, _ZN3xen5trace4maskE(%rip)
    jne iret_slowly
    mov BLOCK_SOFTIRQS(%rsp), %r11
    cmpl $0, (%r11)
    jne iret_slowly
    cmpb $0, offset_nmi_masked(%rcx)
    jne iret_slowly
    mov offset_domain(%rcx), %r11
    testb $ARCHITECTURAL_IOPL, offset_vm_assist(%r11)
    jnz iret_slowly
    OPEN_GUEST
    LOAD FRAME_FLAGS, %r11d
    test $IRET_BY_SYSRET, %r11d
    jnz iret_closed_slowly
    LOAD FRAME_CS, %r11d
    mov %r11w, REGS_CS(%rcx)
    not %r11d
    test $3, %r11b                      // RPL 3 is user mode
    jz iret_closed_slowly
    orw $3, REGS_CS(%rcx)
    LOAD FRAME_SS, %r11d
    or $3, %r11d
    mov %r11w, REGS_SS(%rcx)
    LOAD FRAME_RIP, %r11
    mov %r11, REGS_RIP(%rcx)
    LOAD FRAME_RSP, %r11
    mov %r11, REGS_RSP(%rcx)
    LOAD FRAME_RFLAGS, %r11d
    and $~FLAGS_REFUSED_TO_KERNEL, %r11d
    mov %r11, REGS_RFLAGS(%rcx)
    LOAD FRAME_RCX, %r11
    mov %r11, REGS_RCX(%rcx)
    mov offset_info(%rcx), %r11
    test %r11, %r11
    jz 1f
    cmpb $0, (%r11)                     // evtchn_upcall_pending
    jne iret_closed_slowly
    testl $FLAG_IF, REGS_RFLAGS(%rcx)
    setz INFO_MASK(%r11)                // what becomes pending from now on comes with an interrupt
1:  orl $FLAG_IF, REGS_RFLAGS(%rcx)
    LOAD FRAME_R11, %r11
    LOAD FRAME_RAX, %rax
    CLOSE_GUEST
    lea REGS_RIP(%rcx), %rsp
    mov REGS_RCX(%rcx), %rcx
    jmp guest_iret

frame_faulted:
iret_closed_slowly:
    CLOSE_GUEST

// As after a system call: RAX is the guest's stack pointer.
iret_slowly:
    movq $SEL_GUEST_SS, REGS_SS(%rcx)
    mov %rax, REGS_RSP(%rcx)
    movq $SEL_GUEST_CS64, REGS_CS(%rcx)
    movl $ENTRY_SYSCALL, REGS_VECTOR(%rcx)
    mov %rcx, %r11
    mov %rsp, %rax
    mov REGS_RIP(%r11), %rcx
    lea REGS_ERROR(%r11), %rsp
    PUSH_SCRATCH_REGS
    mov %rcx, REGS_R11(%r11)
    movq $HYPERCALL_IRET, REGS_RAX(%r11)
    mov %r11, %rdi
    mov %rax, %rsp
    sti
    call _ZN3xen9hypercall10from_guestERNS_4VcpuE
    mov BLOCK_CURRENT(%rsp), %rdi
    jmp leave_saved_rax

    .section .note.GNU-stack, "", @progbits
