// SPDX-License-Identifier: MIT
// memcpy and memset (lib/string.hpp): much by string instructions, one step for a word; little by a loop, because
// their start is dear.
    .set much, 64

    .section .text.memcpy, "ax", @progbits
    .balign 16
    .globl memcpy
    .type memcpy, @function
memcpy:
    mov %rdi, %rax
    cmp $much, %rdx
    jb 1f
    mov %rdx, %rcx
    shr $3, %rcx
    rep movsq
    and $7, %edx
1:  sub $8, %rdx
    jb 3f
2:  mov (%rsi), %rcx
    add $8, %rsi
    mov %rcx, (%rdi)
    add $8, %rdi
    sub $8, %rdx
    jae 2b
3:  add $8, %rdx
    jz 5f
4:  mov (%rsi), %cl
    inc %rsi
    mov %cl, (%rdi)
    inc %rdi
    dec %rdx
    jnz 4b
5:  ret
    .size memcpy, . - memcpy

// Zeroes for the page at RDI, past the caches (SDM 1 10.4.6.2): for pages that wait for their owner, whose lines would push
// out those of who runs next.
    .section .text.wipe_page, "ax", @progbits
    .balign 16
    .globl wipe_page
    .type wipe_page, @function
wipe_page:
    xor %eax, %eax
    mov $32, %ecx
1:  .irp word, 0, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120
    movnti %rax, \word(%rdi)
    .endr
    sub $-128, %rdi
    dec %ecx
    jnz 1b
    sfence
    ret
    .size wipe_page, . - wipe_page

    .section .text.memset, "ax", @progbits
    .balign 16
    .globl memset
    .type memset, @function
memset:
    mov %rdi, %r8
    movzbl %sil, %ecx
    mov $0x0101010101010101, %rax
    imul %rcx, %rax
    cmp $much, %rdx
    jb 1f
    mov %rdx, %rcx
    shr $3, %rcx
    rep stosq
    and $7, %edx
1:  sub $8, %rdx
    jb 3f
2:  mov %rax, (%rdi)
    add $8, %rdi
    sub $8, %rdx
    jae 2b
3:  add $8, %rdx
    jz 5f
4:  mov %al, (%rdi)
    inc %rdi
    dec %rdx
    jnz 4b
5:  mov %r8, %rax
    ret
    .size memset, . - memset

    .section .note.GNU-stack, "", @progbits
