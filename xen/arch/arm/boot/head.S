// SPDX-License-Identifier: MIT
// The first instructions: of the image, entered as an arm64 kernel image is (Linux Documentation/arm64/booting: MMU off,
// EL2, x0 the device tree), and of every further CPU (PSCI CPU_ON, a spin table). Position independent until the MMU is on.
#include <asm/entry_offsets.h>

#define MAIR_VALUE 0xff440400           // asm/mapping.hpp
// TCR_EL2 (ARM D19.2.140): 48 bits, 4 KiB, walks write-back inner shareable; PS is added.
#define TCR_VALUE (1 << 31 | 1 << 23 | 3 << 12 | 1 << 10 | 1 << 8 | 16)
// SCTLR_EL2 (D19.2.119): reserved ones, I, C, M; WXN comes with the final tables.
#define SCTLR_VALUE (0x30c50830 | 1 << 12 | 1 << 2 | 1 << 0)
// HCR_EL2 (D19.2.48) of the hypervisor itself: physical interrupts and SErrors come to EL2; EL1 is AArch64.
#define HCR_VALUE (1 << 31 | 1 << 5 | 1 << 4 | 1 << 3)
// Descriptors of the boot tables: a table; a write-back block, all rights.
#define TABLE 3
#define BLOCK (1 | 3 << 2 | 1 << 6 | 3 << 8 | 1 << 10)

    .section .head, "ax", @progbits
    .globl image_head
image_head:
    .long 0xfa405a4d                    // "MZ" and more, for EFI (efi_head.S); as an instruction ccmp x18, #0, #13, pl: no harm
    b start
    .quad 0                             // text_offset
    .quad image_size
    .quad 0xa                           // little endian, 4 KiB pages, anywhere in memory
    .quad 0, 0, 0
    .ascii "ARM\x64"
    .long pe_offset
    // efi_head.S's header is linked here.
    .section .head.start, "ax", @progbits
    .globl start
start:
    msr daifset, #15
    mov x19, x0
    mrs x0, CurrentEL
    cmp x0, #2 << 2
    b.ne hang
    adrp x20, image_head                // the image's physical start, 2 MiB aligned
    // What the caches hold of the tables is older than what is written past them now.
    adrp x0, boot_tables
    add x21, x0, #5 * 4096
    bl forget_tables
    adrp x0, boot_tables
1:  stp xzr, xzr, [x0], #16
    cmp x0, x21
    b.lo 1b
    adrp x0, boot_tables                // level 0; levels 1 and 2 of the physical page; levels 1 and 2 of the image
    add x1, x0, #1, lsl #12
    add x2, x0, #2, lsl #12
    add x7, x0, #3, lsl #12
    add x3, x0, #4, lsl #12
    orr x4, x1, #TABLE
    ubfx x5, x20, #39, #9
    str x4, [x0, x5, lsl #3]
    orr x4, x2, #TABLE
    ubfx x5, x20, #30, #9
    str x4, [x1, x5, lsl #3]
    mov x6, #BLOCK
    orr x4, x20, x6
    ubfx x5, x20, #21, #9
    str x4, [x2, x5, lsl #3]
    orr x4, x7, #TABLE
    mov x5, #IMAGE_SLOT
    str x4, [x0, x5, lsl #3]
    orr x4, x3, #TABLE
    str x4, [x7]
    ldr x8, =image_size
    orr x4, x20, x6
2:  str x4, [x3], #8
    add x4, x4, #0x200000
    subs x8, x8, #0x200000
    b.hi 2b
    adrp x0, boot_tables
    bl forget_tables
    adrp x1, boot_tables
    adr x2, start_mapped
    bl enable_mmu
    // here at the link address
start_mapped:
    ldr x0, =bss_start
    ldr x1, =image_end
3:  stp xzr, xzr, [x0], #16
    cmp x0, x1
    b.lo 3b
    ldr x0, =boot_stack_top
    mov sp, x0
    ldr x0, =boot_block
    msr tpidr_el2, x0
    ldr x0, =vectors
    msr vbar_el2, x0
    isb
    mov x0, x19
    mov x1, x20
    bl boot_main
hang:
    wfi
    b hang

// x0 to x21: lines of the tables leave the data caches.
forget_tables:
    dsb sy
1:  dc ivac, x0
    add x0, x0, #16
    cmp x0, x21
    b.lo 1b
    dsb sy
    ret

// x1: physical address of the root; x2: where to go on, an address in this section that becomes the one it was linked at.
// Clobbers x0 to x5.
enable_mmu:
    ldr x0, =HCR_VALUE
    msr hcr_el2, x0
    msr hstr_el2, xzr
    ldr x0, =0x33ff                     // CPTR_EL2: FP and SIMD are free (TFP, bit 10, is 0), SVE and SME trap
    msr cptr_el2, x0
    isb
    ldr x0, =MAIR_VALUE
    msr mair_el2, x0
    ldr x0, =TCR_VALUE
    mrs x3, id_aa64mmfr0_el1            // PARange as PS; 52 bits need another granule
    and x3, x3, #15
    mov x4, #5
    cmp x3, x4
    csel x3, x3, x4, lo
    bfi x0, x3, #16, #3
    msr tcr_el2, x0
    msr ttbr0_el2, x1
    dsb sy
    ic iallu
    tlbi alle2
    dsb sy
    isb
    adrp x3, image_head
    sub x2, x2, x3
    ldr x3, =image_start
    add x2, x2, x3
    ldr x0, =SCTLR_VALUE
    msr sctlr_el2, x0
    isb
    br x2

// A further CPU, MMU off, EL2 (PSCI CPU_ON, DEN0022 5.6). What it needs is in secondary_start (cpu_start.cpp).
    .globl secondary_entry
secondary_entry:
    msr daifset, #15
    mrs x0, CurrentEL
    cmp x0, #2 << 2
    b.ne hang
    adrp x0, secondary_start
    add x0, x0, #:lo12:secondary_start
    ldr x1, [x0, #START_ROOT]
    adr x2, secondary_mapped
    b enable_mmu
secondary_mapped:
    mrs x0, sctlr_el2
    orr x0, x0, #1 << 19                // WXN
    msr sctlr_el2, x0
    ldr x0, =vectors
    msr vbar_el2, x0
    isb
    ldr x0, =secondary_start
    ldr x1, [x0, #START_STACK]
    mov sp, x1
    ldr x1, [x0, #START_BLOCK]
    msr tpidr_el2, x1
    bl start_secondary
    b hang

    .ltorg
    .section .head.end, "ax", @progbits
    .globl head_end
head_end:

    .section .boot_tables, "aw", @nobits
    .balign 4096
    .globl boot_tables
boot_tables: .space 5 * 4096

    .section .init.bss, "aw", @nobits
    .balign 65536                       // the upper half: bit 15 says that it did not overflow (cpu/entry.S)
    .space 65536
boot_stack_top:

    .section .note.GNU-stack, "", @progbits
