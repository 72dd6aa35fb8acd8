// SPDX-License-Identifier: MIT
// begin PROGRAM ARGUMENT...: counting begins here (mark.hpp in ../guest), and PROGRAM runs in our place.
    .globl _start
_start:
    movq (%rsp), %rcx                   // argc; behind it argv, a null, the environment, a null
    leaq 16(%rsp), %rsi                 // PROGRAM's argv
    leaq 16(%rsp, %rcx, 8), %rdx
    movq (%rsi), %rdi
    movl $59, %ecx                      // execve(2); RDTSC leaves its time in rdx and rax
    movq %rdx, %r8
    .byte 0x2e, 0x0f, 0x31
    movq %r8, %rdx
    movl %ecx, %eax
    syscall
    movl $60, %eax                      // exit(2)
    movl $127, %edi
    syscall
    .section .note.GNU-stack, "", @progbits
