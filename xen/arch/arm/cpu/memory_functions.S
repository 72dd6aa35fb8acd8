// SPDX-License-Identifier: MIT
// memcpy, memset and the wiping of pages with general registers: 64 bytes a turn, of large copies 256; and whole lines of zeros by DC ZVA where the
// processor has it (ARM C6.2.81; DCZID_EL0).
    .section .text.memory, "ax", @progbits

    .macro copy_64 at                   // x1 and x3 + at
    ldp x4, x5, [x1, #\at]
    ldp x6, x7, [x1, #\at + 16]
    ldp x8, x9, [x1, #\at + 32]
    ldp x10, x11, [x1, #\at + 48]
    stp x4, x5, [x3, #\at]
    stp x6, x7, [x3, #\at + 16]
    stp x8, x9, [x3, #\at + 32]
    stp x10, x11, [x3, #\at + 48]
    .endm

// void* memcpy(void* to, const void* from, usize n)
    .globl memcpy
    .type memcpy, %function
memcpy:
    mov x3, x0
    subs x2, x2, #64
    b.lo 2f
    subs x2, x2, #192
    b.lo 9f
8:  ldp x4, x5, [x1], #256
    ldp x6, x7, [x1, #-240]
    stp x4, x5, [x3], #256
    stp x6, x7, [x3, #-240]
    ldp x8, x9, [x1, #-224]
    ldp x10, x11, [x1, #-208]
    stp x8, x9, [x3, #-224]
    stp x10, x11, [x3, #-208]
    copy_64 -192
    copy_64 -128
    copy_64 -64
    subs x2, x2, #256
    b.hs 8b
9:  adds x2, x2, #192                   // what is left beyond 64, if that is
    b.lo 2f
1:  copy_64 0
    add x1, x1, #64
    add x3, x3, #64
    subs x2, x2, #64
    b.hs 1b
2:  add x2, x2, #64                     // 0 to 63 bytes are left
    tbz x2, #5, 3f
    ldp x4, x5, [x1]
    ldp x6, x7, [x1, #16]
    add x1, x1, #32
    stp x4, x5, [x3]
    stp x6, x7, [x3, #16]
    add x3, x3, #32
3:  tbz x2, #4, 4f
    ldp x4, x5, [x1], #16
    stp x4, x5, [x3], #16
4:  tbz x2, #3, 5f
    ldr x4, [x1], #8
    str x4, [x3], #8
5:  tbz x2, #2, 6f
    ldr w4, [x1], #4
    str w4, [x3], #4
6:  tbz x2, #1, 7f
    ldrh w4, [x1], #2
    strh w4, [x3], #2
7:  tbz x2, #0, 8f
    ldrb w4, [x1]
    strb w4, [x3]
8:  ret

// void* memset(void* to, int byte, usize n)
    .globl memset
    .type memset, %function
memset:
    mov x3, x0
    and x1, x1, #0xff
    orr x1, x1, x1, lsl #8
    orr x1, x1, x1, lsl #16
    orr x1, x1, x1, lsl #32
    subs x2, x2, #64
    b.lo 2f
1:  stp x1, x1, [x3]
    stp x1, x1, [x3, #16]
    stp x1, x1, [x3, #32]
    stp x1, x1, [x3, #48]
    add x3, x3, #64
    subs x2, x2, #64
    b.hs 1b
2:  add x2, x2, #64
    tbz x2, #5, 3f
    stp x1, x1, [x3]
    stp x1, x1, [x3, #16]
    add x3, x3, #32
3:  tbz x2, #4, 4f
    stp x1, x1, [x3], #16
4:  tbz x2, #3, 5f
    str x1, [x3], #8
5:  tbz x2, #2, 6f
    str w1, [x3], #4
6:  tbz x2, #1, 7f
    strh w1, [x3], #2
7:  tbz x2, #0, 8f
    strb w1, [x3]
8:  ret

// void wipe_page(void* page): a block of DC ZVA is at most 2 KiB, a part of the page.
    .globl wipe_page
    .type wipe_page, %function
wipe_page:
    mrs x1, dczid_el0
    tbnz x1, #4, 2f                     // DZP: prohibited
    and x1, x1, #15
    mov x2, #4
    lsl x2, x2, x1
    add x3, x0, #4096
    cmp x2, #64
    b.ne 3f
1:  dc zva, x0                          // the usual size, eight a turn
    add x1, x0, #64
    dc zva, x1
    add x1, x0, #128
    dc zva, x1
    add x1, x0, #192
    dc zva, x1
    add x1, x0, #256
    dc zva, x1
    add x1, x0, #320
    dc zva, x1
    add x1, x0, #384
    dc zva, x1
    add x1, x0, #448
    dc zva, x1
    add x0, x0, #512
    cmp x0, x3
    b.lo 1b
    ret
3:  dc zva, x0
    add x0, x0, x2
    cmp x0, x3
    b.lo 3b
    ret
2:  mov x1, xzr
    mov x2, #4096
    b memset

    .section .note.GNU-stack, "", @progbits
