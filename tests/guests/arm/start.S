// SPDX-License-Identifier: MIT
// The test guest begins as a kernel image does (Linux Documentation/arm64/booting.rst): header, x0 = device tree, MMU off. Everything
// is position independent; x18 is the vCPU's own block (number, what was caught).
    .section .text.start, "ax", @progbits
    .globl start
start:
    b enter
    .word 0
    .quad 0                             // text offset
    .quad image_bytes
    .quad 0x8                           // anywhere in memory
    .quad 0, 0, 0
    .ascii "ARM\x64"
    .word 0
enter:
    mov x19, x0
    adr x1, bss_start
    adr x2, bss_end
1:  cmp x1, x2
    b.hs 2f
    str xzr, [x1], #8
    b 1b
2:  adr x18, blocks
    adr x0, stack_end
    mov sp, x0
    adr x0, vectors
    msr vbar_el1, x0
    isb
    mov x0, x19
    bl guest_main
    b .

// The second vCPU, by PSCI CPU_ON; x0: its context.
    .globl second_start
    .weak second_main                   // of a guest that starts one
second_start:
    adr x18, blocks + 64
    adr x1, second_stack_end
    mov sp, x1
    adr x1, vectors
    msr vbar_el1, x1
    isb
    bl second_main
    b .

    .macro save
    sub sp, sp, #192
    stp x0, x1, [sp]
    stp x2, x3, [sp, #16]
    stp x4, x5, [sp, #32]
    stp x6, x7, [sp, #48]
    stp x8, x9, [sp, #64]
    stp x10, x11, [sp, #80]
    stp x12, x13, [sp, #96]
    stp x14, x15, [sp, #112]
    stp x16, x17, [sp, #128]
    stp x29, x30, [sp, #144]
    .endm
    .macro restore
    ldp x0, x1, [sp]
    ldp x2, x3, [sp, #16]
    ldp x4, x5, [sp, #32]
    ldp x6, x7, [sp, #48]
    ldp x8, x9, [sp, #64]
    ldp x10, x11, [sp, #80]
    ldp x12, x13, [sp, #96]
    ldp x14, x15, [sp, #112]
    ldp x16, x17, [sp, #128]
    ldp x29, x30, [sp, #144]
    add sp, sp, #192
    .endm
    .macro vector handler
    .balign 128
    b \handler
    .endm

    .balign 2048
vectors:
    .rept 4
    vector other
    .endr
    vector sync
    vector irq
    vector other
    vector other
    .rept 8
    vector other
    .endr

// A fault is remembered and its instruction left out.
sync:
    stp x0, x1, [sp, #-16]!
    mrs x0, esr_el1
    mrs x1, far_el1
    stp x0, x1, [x18]
    mrs x0, elr_el1
    add x0, x0, #4
    msr elr_el1, x0
    ldp x0, x1, [sp], #16
    eret
irq:
    save
    bl take_interrupt
    restore
    eret
other:
    bl wild_exception
    b .

    .section .bss
    .balign 16
    .globl blocks
blocks: .skip 128
    .skip 16384
stack_end:
    .skip 8192
second_stack_end:
    .section .note.GNU-stack, "", @progbits
