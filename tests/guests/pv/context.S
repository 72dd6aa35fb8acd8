// SPDX-License-Identifier: MIT
// Saving and resuming a point of execution, so that a test can survive the fault it provokes.
    .text
// int save_context(Context*): 0 when saving, 1 when the trap handler resumed here.
    .globl save_context
save_context:
    movq (%rsp), %rax
    movq %rax, 0(%rdi)
    leaq 8(%rsp), %rax
    movq %rax, 8(%rdi)
    movq %rbx, 16(%rdi)
    movq %rbp, 24(%rdi)
    movq %r12, 32(%rdi)
    movq %r13, 40(%rdi)
    movq %r14, 48(%rdi)
    movq %r15, 56(%rdi)
    xorl %eax, %eax
    ret

// void iret_to(const iret_context*): give the frame to the hypervisor; does not return.
    .globl iret_to
iret_to:
    movq %rdi, %rsp
    movl $23, %eax
    syscall
1:  jmp 1b
    .section .note.GNU-stack, "", @progbits
