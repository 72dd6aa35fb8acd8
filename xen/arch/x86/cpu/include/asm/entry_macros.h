/* SPDX-License-Identifier: MIT
 * What the entry code's files share: registers into the vCPU and back, accesses to guest pages. */
#pragma once

/* With SMAP the three bytes become CLAC or STAC (arch::patch_smap). */
.macro SMAP_PATCH kind
9999: .byte 0x0f, 0x1f, 0x00            /* nopl (%rax) */
    .pushsection .smap_patch, "a", @progbits
    .long 9999b - ., \kind
    .popsection
.endm
/* A guest's AC flag must not open guest pages to us. */
.macro CLEAR_AC
    SMAP_PATCH 0
.endm
.macro OPEN_GUEST
    SMAP_PATCH 1
.endm
.macro CLOSE_GUEST
    SMAP_PATCH 0
.endm

/* An instruction that may fault; it goes on at `otherwise` then (arch::fixup_for). */
.macro MAY_FAULT otherwise, instruction:vararg
9998: \instruction
    .pushsection .fixup_table, "a", @progbits
    .long 9998b - ., \otherwise - .
    .popsection
.endm

/* What C++ code may change, and what it gives back unchanged. */
.macro PUSH_SCRATCH_REGS
    push %rdi
    push %rsi
    push %rdx
    push %rcx
    push %rax
    push %r8
    push %r9
    push %r10
    push %r11
.endm

.macro PUSH_PRESERVED_REGS
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
.endm

.macro PUSH_REGS
    PUSH_SCRATCH_REGS
    PUSH_PRESERVED_REGS
.endm

.macro POP_REGS
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    pop %r11
    pop %r10
    pop %r9
    pop %r8
    pop %rax
    pop %rcx
    pop %rdx
    pop %rsi
    pop %rdi
.endm
