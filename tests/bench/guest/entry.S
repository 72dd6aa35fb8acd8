// SPDX-License-Identifier: MIT
// The shortest trap handlers that a guest can have, so that what is counted is the hypervisor's part. A bounced trap
// leaves rcx, r11, [error code], rip, cs, rflags, rsp, ss (public/arch-x86/xen-x86_64.h).
    .text

.macro RETURN                           // from rip on the stack's top, by the iret hypercall
    pushq $0
    pushq %rcx
    pushq %r11
    pushq %rax
    movl $23, %eax                      // __HYPERVISOR_iret
    syscall
.endm

// int $0x80: nothing to do.
    .globl quick_int80
quick_int80:
    popq %rcx
    popq %r11
    RETURN

// A page fault of a three-byte instruction: go on behind it.
    .globl quick_fault
quick_fault:
    popq %rcx
    popq %r11
    addq $8, %rsp                       // the error code
    addq $3, (%rsp)
    RETURN

// The event callback: note the time, take the event, return. quick_words points to the three words to clear.
    .globl quick_event
quick_event:
    popq %rcx
    popq %r11
    pushq %rax
    pushq %rdx
    .byte 0x36, 0x0f, 0x31              // RDTSC; the prefix marks the point for tests/bench/plugin
    movl %eax, quick_event_time
    movl %edx, quick_event_time + 4
    movq quick_words, %rax
    movb $0, (%rax)                     // evtchn_upcall_pending
    movq $0, 8(%rax)                    // evtchn_pending_sel
    movq quick_words + 8, %rax
    movq $0, (%rax)                     // the word of pending bits
    popq %rdx
    popq %rax
    RETURN

    .bss
    .balign 8
    .globl quick_event_time
quick_event_time: .skip 8
    .globl quick_words
quick_words: .skip 16
    .section .note.GNU-stack, "", @progbits
