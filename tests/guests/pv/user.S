// SPDX-License-Identifier: MIT
// Code that runs in guest user mode: one page, copied nowhere, mapped at its own address by test_user.cpp.
    .section .text.page, "ax", @progbits
    .balign 4096
    .globl user_page
user_page:
    .globl user_int80
user_int80:
    int $0x80
    ud2
    .globl user_syscall
user_syscall:
    movl $0x1234, %eax
    syscall
    ud2
    .globl user_int3
user_int3:
    int3
    ud2
    .globl user_int81
user_int81:
    int $0x81
    ud2
    .globl user_ud
user_ud:
    ud2
    .globl user_cli
user_cli:
    cli
    ud2
    .globl user_hlt
user_hlt:
    hlt
    ud2
    .globl user_in
user_in:
    inb $0x61, %al
    int $0x80
    .globl user_popf
user_popf:
    pushfq
    orq $0x3000, (%rsp)
    popfq
    pushfq
    popq %rax
    int $0x80
    .globl user_read
user_read:
    movq (%rdi), %rax
    int $0x80
    .globl user_write
user_write:
    movq %rax, (%rdi)
    int $0x80
    .globl user_cpuid
user_cpuid:
    xorl %eax, %eax
    cpuid
    int $0x80
    .globl user_forced_cpuid
user_forced_cpuid:
    movl $0x40000000, %eax
    .byte 0x0f, 0x0b, 0x78, 0x65, 0x6e
    cpuid
    int $0x80
    .globl user_rdtsc
user_rdtsc:
    rdtsc
    int $0x80
    .globl user_sysenter
user_sysenter:
    sysenter
    ud2
    .globl user_rdmsr
user_rdmsr:
    movl $0xc0000080, %ecx
    rdmsr
    int $0x80
    .globl user_cr3
user_cr3:
    movq %cr3, %rax
    int $0x80
    .globl user_fs
user_fs:
    movq %fs:0, %rax
    int $0x80
    .balign 4096
    .section .note.GNU-stack, "", @progbits
