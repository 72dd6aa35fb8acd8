// SPDX-License-Identifier: MIT
// All AVX-512 registers from and to memory: 32 of 64 bytes, then 8 masks of 8 bytes.
.altmacro
.macro load_zmm n
    vmovdqu64 (\n * 64)(%rdi), %zmm\n
.endm
.macro store_zmm n
    vmovdqu64 %zmm\n, (\n * 64)(%rdi)
.endm
.macro load_mask n
    kmovq (2048 + \n * 8)(%rdi), %k\n
.endm
.macro store_mask n
    kmovq %k\n, (2048 + \n * 8)(%rdi)
.endm
.macro all what, count
    .set i, 0
    .rept \count
        \what %i
        .set i, i + 1
    .endr
.endm

    .text
    .globl vector_load
vector_load:
    all load_zmm, 32
    all load_mask, 8
    ret
    .globl vector_store
vector_store:
    all store_zmm, 32
    all store_mask, 8
    ret

    .section .note.GNU-stack, "", @progbits
