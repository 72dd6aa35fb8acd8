// SPDX-License-Identifier: MIT
// Vectors of the rows that end in an interrupt handler: its first instruction is marked; then the least that ends any
// interrupt.
    .macro end_v3
    mrs x0, s3_0_c12_c12_0              // ICC_IAR1_EL1
    msr cntv_ctl_el0, xzr
    msr s3_0_c12_c12_1, x0              // ICC_EOIR1_EL1
    .endm
    .macro end_v2
    movz x1, #0x801, lsl #16
    ldr w0, [x1, #0xc]
    msr cntv_ctl_el0, xzr
    str w0, [x1, #0x10]
    .endm

    .section .text, "ax", @progbits
    .balign 2048
    .globl quick_vectors
quick_vectors:
    .rept 5
    .balign 128
    b .
    .endr
    .balign 128
    hint #0x71
    stp x0, x1, [sp, #-16]!
    adr x0, quick_is_v3
    ldr x0, [x0]
    cbz x0, 1f
    end_v3
    b 2f
1:  end_v2
2:  adr x1, quick_count
    ldr x0, [x1]
    add x0, x0, #1
    str x0, [x1]
    ldp x0, x1, [sp], #16
    eret
    .rept 10
    .balign 128
    b .
    .endr
    .section .bss
    .balign 8
    .globl quick_is_v3, quick_count
quick_is_v3: .skip 8
quick_count: .skip 8
    .section .note.GNU-stack, "", @progbits
