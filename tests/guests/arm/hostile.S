// SPDX-License-Identifier: MIT
// Runs single instructions that nobody chose. Vectors use no stack, which may be anywhere by then: two thread registers keep x0 and
// x1. What faults is left out; what went astray comes back to `word_done`.
    .macro vector to
    .balign 128
    b \to
    .endm

    .section .text, "ax", @progbits
    .balign 2048
    .globl hostile_vectors
hostile_vectors:
    vector fault
    vector interrupt
    vector interrupt
    vector error
    vector fault
    vector interrupt
    vector interrupt
    vector error
    vector fault_below
    vector interrupt
    vector interrupt
    vector error
    vector fault
    vector interrupt
    vector interrupt
    vector error

    .macro keep
    msr tpidr_el0, x0
    msr tpidrro_el0, x1
    .endm
    .macro give_back
    mrs x0, tpidr_el0
    mrs x1, tpidrro_el0
    eret
    .endm

fault:
    keep
    adr x0, hostile_faults
    ldr x1, [x0]
    add x1, x1, #1
    str x1, [x0]
    mrs x0, esr_el1
    lsr x0, x0, #26
    cmp x0, #0x15                       // SVC: its return address is behind it already
    b.eq 2f
    and x0, x0, #0x3e
    cmp x0, #0x20                       // nothing can be fetched there, or the address is odd: back
    b.eq 1f
    cmp x0, #0x22
    b.eq 1f
    mrs x0, elr_el1
    add x0, x0, #4
    msr elr_el1, x0
2:  give_back
1:  adr x0, word_done
    msr elr_el1, x0
    mov x0, #0x3c5
    msr spsr_el1, x0
    give_back

// From EL0: SVC ends it, all else is left out.
fault_below:
    keep
    mrs x0, esr_el1
    lsr x0, x0, #26
    cmp x0, #0x15
    b.eq 1b
    cmp x0, #0x20
    b.eq 1b
    cmp x0, #0x22
    b.eq 1b
    adr x0, hostile_faults
    ldr x1, [x0]
    add x1, x1, #1
    str x1, [x0]
    mrs x0, elr_el1
    add x0, x0, #4
    msr elr_el1, x0
    give_back

interrupt:
    keep
    msr cntv_ctl_el0, xzr
    msr cntp_ctl_el0, xzr
    adr x0, hostile_is_v3
    ldr x0, [x0]
    cbz x0, 1f
    mrs x0, s3_0_c12_c12_0
    msr s3_0_c12_c12_1, x0
    give_back
1:  movz x1, #0x300, lsl #16
    movk x1, #0x2000
    ldr w0, [x1, #0xc]
    str w0, [x1, #0x10]
    give_back
error:
    eret

    // Of the caller's registers those that are his, at x4.
    .macro callers op
    \op x19, x20, [x4]
    \op x21, x22, [x4, #16]
    \op x23, x24, [x4, #32]
    \op x25, x26, [x4, #48]
    \op x27, x28, [x4, #64]
    \op x29, x30, [x4, #80]
    .endm

// void run_word(u32 word, u64* registers, u64 sp, u64 user_mode)
    .globl run_word
run_word:
    adr x4, saved
    callers stp
    mov x5, sp
    stp x18, x5, [x4, #96]
    adr x5, the_word
    str w0, [x5]
    ldr w6, 9f
    cbz x3, 1f
    ldr w6, 8f
1:  str w6, [x5, #4]
    dc cvau, x5
    dsb ish
    ic ivau, x5
    dsb ish
    isb
    msr elr_el1, x5
    mov x6, #0x3c5                      // EL1h, all masked
    cbz x3, 2f
    mov x6, #0x3c0
    msr sp_el0, x2
2:  msr spsr_el1, x6
    mov sp, x2
    mov x30, x1
    ldp x0, x1, [x30]
    ldp x2, x3, [x30, #16]
    ldp x4, x5, [x30, #32]
    ldp x6, x7, [x30, #48]
    ldp x8, x9, [x30, #64]
    ldp x10, x11, [x30, #80]
    ldp x12, x13, [x30, #96]
    ldp x14, x15, [x30, #112]
    ldp x16, x17, [x30, #128]
    ldp x18, x19, [x30, #144]
    ldp x20, x21, [x30, #160]
    ldp x22, x23, [x30, #176]
    ldp x24, x25, [x30, #192]
    ldp x26, x27, [x30, #208]
    ldp x28, x29, [x30, #224]
    ldr x30, [x30, #240]
    eret
word_done:
    msr spsel, #1
    msr daifset, #15
    adr x4, saved
    callers ldp
    ldp x18, x5, [x4, #96]
    mov sp, x5
    ret
    .balign 8
the_word:
    .word 0, 0
    b word_done
9:  .word 0x14000000 | ((word_done - the_word - 4) >> 2 & 0x3ffffff)
8:  svc #0

    .section .bss
    .balign 16
    .globl hostile_faults, hostile_is_v3
saved: .skip 112
hostile_faults: .skip 8
hostile_is_v3: .skip 8
    .section .note.GNU-stack, "", @progbits
