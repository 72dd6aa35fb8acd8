// SPDX-License-Identifier: MIT
// Where a started processor begins: real mode, at the start of a page below 1 MiB that holds a copy of this code (SDM
// volume 3, 8.4.4). Straight into 64-bit mode, with tables that also map that page one to one, then to the image.
#include <asm/entry_offsets.h>

    .section .rodata, "a", @progbits
    .balign 16
    .globl trampoline_start, trampoline_end, trampoline_cr3, trampoline_stack, trampoline_gdt_base, trampoline_far
    .code16
trampoline_start:
    cli
    cld
    mov %cs, %ax
    mov %ax, %ds
    xor %esi, %esi
    mov %ax, %si
    shl $4, %esi                        // the page's address
    mov $0x20, %eax                     // CR4: PAE
    mov %eax, %cr4
    mov trampoline_cr3 - trampoline_start, %eax
    mov %eax, %cr3
    mov $0xc0000080, %ecx               // EFER: LME, NXE
    rdmsr
    or $0x900, %eax
    wrmsr
    lgdtl trampoline_gdt_pointer - trampoline_start
    mov $0x80010033, %eax               // CR0: PG, WP, NE, ET, MP, PE
    mov %eax, %cr0
    ljmpl *(trampoline_far - trampoline_start)

    .code64
trampoline_64:
    mov trampoline_stack - trampoline_start(%rsi), %rsp
    mov trampoline_entry - trampoline_start(%rsi), %rax
    jmp *%rax

    .balign 8
trampoline_gdt:
    .quad 0
    .quad 0x00af9b000000ffff            // 64-bit code
trampoline_gdt_pointer:
    .short 15
trampoline_gdt_base:                    // these four are filled in by init_trampoline and start_cpu
    .long trampoline_gdt - trampoline_start
    .balign 4
trampoline_far:
    .long trampoline_64 - trampoline_start
    .short 8
    .balign 8
trampoline_cr3: .quad 0
trampoline_stack: .quad 0
trampoline_entry: .quad ap_entry
trampoline_end:

    .section .text.entry, "ax", @progbits
ap_entry:
    lgdt ap_gdt_pointer(%rip)
    xor %eax, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %fs
    mov %eax, %gs
    mov $SEL_XEN_SS, %eax
    mov %eax, %ss
    push $SEL_XEN_CS
    lea 1f(%rip), %rax
    push %rax
    lretq
1:  xor %ebp, %ebp
    call start_ap
    ud2

    .section .rodata, "a", @progbits
ap_gdt_pointer:
    .short 0xe05f
    .quad gdt_template - 0xe000

    .section .note.GNU-stack, "", @progbits
