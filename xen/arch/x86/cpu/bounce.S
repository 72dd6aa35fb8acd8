// SPDX-License-Identifier: MIT
// The short way of exceptions and events into a guest's kernel that was interrupted itself: arch/x86/guest/pv/bounce.cpp in
// some 60 instructions instead of 180. Everything that is not as usual goes the long way, through there: guest user mode,
// shown IOPLs, tracing, handlers or stacks in the lower half, softirqs that wait, a stack that faults.
// Interrupts are off from the entry to the SYSRET, so that the frame of the CPU can be looked at where it lies, and the
// registers of the handler need not go through the vCPU.
#include <asm/entry_macros.h>
#include <asm/entry_offsets.h>

    .section .text.entry, "ax", @progbits

.macro STORE register, at
    MAY_FAULT 9f, mov \register, \at(%rdx)
.endm

// Into the handler that the TrapEntry or Callback at RSI names; RDI is the vCPU, whose scratch registers are in memory, but
// for R8 to R10 which are loaded, and its others. RCX is the event mask as it was. `mask_at` is where it says whether events
// are masked now; none: they are. The frame is that of pv::make_frame().
.macro BOUNCE words, error, mask_at, slow
    mov (%rsi), %rax
    cmp guest_kernel_start(%rip), %rax  // canonical and not the hypervisor's; 0 is neither
    jb \slow
    mov REGS_RSP(%rdi), %rdx
    and $-16, %rdx
    sub $8 * \words, %rdx
    cmp guest_kernel_start(%rip), %rdx
    jb \slow
    mov offset_domain(%rdi), %rax
    testb $ARCHITECTURAL_IOPL, offset_vm_assist(%rax)
    jnz \slow
    OPEN_GUEST
    mov REGS_RCX(%rdi), %rax
    STORE %rax, 0
    mov REGS_R11(%rdi), %rax
    STORE %rax, 8
    .ifnb \error
    mov REGS_ERROR(%rdi), %eax
    and $~FAULT_USER, %eax              // in its kernel it is not a user
    STORE %rax, 16
    .endif
    mov REGS_RIP(%rdi), %rax
    STORE %rax, 8*(\words-5)
    movzwl REGS_CS(%rdi), %eax
    and $~3, %eax
    STORE %eax, 8*(\words-4)
    STORE %ecx, 8*(\words-4)+4
    cmp $1, %ecx
    sbb %eax, %eax
    and $FLAG_IF, %eax                  // the mask's opposite
    mov REGS_RFLAGS(%rdi), %ecx
    mov %ecx, %r11d
    and $~FLAGS_HIDDEN, %ecx
    or %ecx, %eax
    STORE %rax, 8*(\words-3)
    mov REGS_RSP(%rdi), %rax
    STORE %rax, 8*(\words-2)
    movzwl REGS_SS(%rdi), %eax
    STORE %rax, 8*(\words-1)
    CLOSE_GUEST
    mov offset_info(%rdi), %rax
    .ifnb \mask_at
    cmpb $0, \mask_at(%rsi)
    je 8f
    .endif
    movb $1, INFO_MASK(%rax)
8:  mov (%rsi), %rcx
    and $~FLAGS_CLEARED_BY_TRAP, %r11d
    or $FLAG_IF, %r11d
    mov %rdx, %rsp
    mov REGS_RAX(%rdi), %rax
    mov REGS_RDX(%rdi), %rdx
    mov REGS_RSI(%rdi), %rsi
    mov REGS_RDI(%rdi), %rdi
    sysretq
9:  CLOSE_GUEST
    jmp \slow
.endm

// From an exception of guest code: the scratch registers to the vCPU in RDI, RSP to this CPU's stack, and on to `slow` if
// the long way is to be taken. RSI becomes the guest's entry for the vector, RCX the event mask.
.macro TAKE_EXCEPTION slow
    testb $3, 16(%rsp)
    jz exception_in_xen
    PUSH_SCRATCH_REGS
    CLEAR_AC
    lea -REGS_R11(%rsp), %rdi
    mov offset_stack_top(%rdi), %rsp
    cmpb $0, offset_in_kernel(%rdi)
    je \slow
    cmpl $0, _ZN3xen5trace4maskE(%rip)
    jne \slow
    mov BLOCK_SOFTIRQS(%rsp), %rax
    cmpl $0, (%rax)
    jne \slow
    mov offset_info(%rdi), %rax
    test %rax, %rax
    jz \slow
    movzwl (%rax), %ecx                 // evtchn_upcall_pending, evtchn_upcall_mask
    lea -1(%rcx), %edx
    cmp $0xff, %edx                     // below: an event is due first
    jb \slow
    shr $8, %ecx
.endm

    .balign 64
    .globl quick_exception
quick_exception:
    TAKE_EXCEPTION exception_slowly
    mov REGS_VECTOR(%rdi), %esi
    shl $4, %esi
    lea offset_traps(%rdi, %rsi), %rsi
    BOUNCE 7, , TRAP_MASKS_EVENTS, exception_slowly

    .balign 64
    .globl quick_int80
quick_int80:
    TAKE_EXCEPTION exception_slowly
    lea offset_traps + 16 * EXCEPTION_INT80(%rdi), %rsi
    cmpb $0, TRAP_DPL(%rsi)             // a kernel is in ring 1
    je exception_slowly
    BOUNCE 7, , TRAP_MASKS_EVENTS, exception_slowly

// A page that is not there is the guest's matter, if it is not one of the hypervisor's.
    .balign 64
    .globl quick_page_fault
quick_page_fault:
    TAKE_EXCEPTION exception_slowly
    testb $FAULT_PRESENT_RESERVED, REGS_ERROR(%rdi)
    jnz exception_slowly
    mov %cr2, %rdx
    mov %rdx, %rsi
    shr $43, %rsi
    cmp $XEN_START_TOP_21_BITS, %esi
    je exception_slowly
    mov %rdx, offset_cr2(%rdi)
    mov %rdx, INFO_CR2(%rax)
    lea offset_traps + 16 * EXCEPTION_PAGE_FAULT(%rdi), %rsi
    BOUNCE 8, with_error, TRAP_MASKS_EVENTS, exception_slowly

exception_slowly:
    lea REGS_R11(%rdi), %rsp
    PUSH_PRESERVED_REGS
    jmp exception_saved

// At the end of a hypercall that leaves an event to deliver: RDI is the vCPU, RAX its RAX, events are not masked.
    .balign 64
    .globl quick_event
quick_event:
    mov %rax, REGS_RAX(%rdi)
    cmpb $0, offset_in_kernel(%rdi)
    je leave_saved_rax
    mov REGS_R10(%rdi), %r10
    mov REGS_R9(%rdi), %r9
    mov REGS_R8(%rdi), %r8
    lea offset_event_callback(%rdi), %rsi
    xor %ecx, %ecx
    BOUNCE 7, , , leave_saved_rax

    .balign 8
    .globl guest_kernel_start
guest_kernel_start: .quad 0xffff880000000000

    .section .note.GNU-stack, "", @progbits
