// SPDX-License-Identifier: MIT
// FP and SIMD registers of a vCPU (asm/domain.hpp FpState): the hypervisor's own code has none.
    .arch armv8-a+fp+simd
    .section .text.fp, "ax", @progbits

    .macro all_pairs op
    \op q0, q1, [x0, #0]
    \op q2, q3, [x0, #32]
    \op q4, q5, [x0, #64]
    \op q6, q7, [x0, #96]
    \op q8, q9, [x0, #128]
    \op q10, q11, [x0, #160]
    \op q12, q13, [x0, #192]
    \op q14, q15, [x0, #224]
    \op q16, q17, [x0, #256]
    \op q18, q19, [x0, #288]
    \op q20, q21, [x0, #320]
    \op q22, q23, [x0, #352]
    \op q24, q25, [x0, #384]
    \op q26, q27, [x0, #416]
    \op q28, q29, [x0, #448]
    \op q30, q31, [x0, #480]
    .endm

// void save_fp(FpState*)
    .globl save_fp
save_fp:
    all_pairs stp
    mrs x1, fpcr
    mrs x2, fpsr
    str w1, [x0, #512]
    str w2, [x0, #516]
    ret

// void load_fp(const FpState*)
    .globl load_fp
load_fp:
    all_pairs ldp
    ldr w1, [x0, #512]
    ldr w2, [x0, #516]
    msr fpcr, x1
    msr fpsr, x2
    ret

    .section .note.GNU-stack, "", @progbits
