// SPDX-License-Identifier: MIT
// From the loader's 32-bit flat mode to 64-bit code at the linked address. Temporary page tables: the low 4 GiB
// one to one and at the direct map's place, and the image. SDM volume 3, 9.8.5 has the order of the steps.

#define IMAGE_BASE 0xffff82d040000000
#define LOAD 0x200000
#define PHYS(x) ((x) - IMAGE_BASE + LOAD)

#define TABLE 0x63                      // present, writable, accessed, dirty
#define LEAF_2M 0xe3                    // and a 2 MiB page

#define XEN_CS 0xe008
#define XEN_SS 0xe010

    .section .head, "ax", @progbits
    .code32
    .globl start
start:
    cld
    cli
    mov $PHYS(boot_stack_end), %esp
    mov %eax, %ebp                      // the loader's magic
    mov %ebx, %edi                      // its information

    mov $0x80000000, %eax
    cpuid
    cmp $0x80000001, %eax
    jb no_long_mode
    mov $0x80000001, %eax
    cpuid
    bt $29, %edx
    jnc no_long_mode
    bt $20, %edx
    jnc no_execute_disable

    // The low 4 GiB in 2 MiB pages.
    mov $PHYS(early_l2_low), %ebx
    mov $LEAF_2M, %eax
    mov $2048, %ecx
1:  mov %eax, (%ebx)
    add $0x200000, %eax
    add $8, %ebx
    dec %ecx
    jnz 1b
    mov $PHYS(early_l3_low), %ebx
    mov $PHYS(early_l2_low) + TABLE, %eax
    mov $4, %ecx
1:  mov %eax, (%ebx)
    add $0x1000, %eax
    add $8, %ebx
    dec %ecx
    jnz 1b

    // The image: 32 MiB from its load address.
    mov $PHYS(early_l2_image), %ebx
    mov $LOAD + LEAF_2M, %eax
    mov $16, %ecx
1:  mov %eax, (%ebx)
    add $0x200000, %eax
    add $8, %ebx
    dec %ecx
    jnz 1b
    movl $PHYS(early_l2_image) + TABLE, PHYS(early_l3_image) + 321 * 8
    movl $PHYS(early_l3_low) + TABLE, PHYS(early_l4) + 0 * 8
    movl $PHYS(early_l3_image) + TABLE, PHYS(early_l4) + 261 * 8
    movl $PHYS(early_l3_low) + TABLE, PHYS(early_l4) + 262 * 8

    mov %cr4, %eax
    or $0x220, %eax                     // PAE, OSFXSR
    mov %eax, %cr4
    mov $PHYS(early_l4), %eax
    mov %eax, %cr3
    mov $0xc0000080, %ecx               // EFER: LME, NXE
    rdmsr
    or $0x900, %eax
    wrmsr
    mov $0x80010033, %eax               // CR0: PG, WP, NE, ET, MP, PE
    mov %eax, %cr0

    lgdt PHYS(boot_gdt_pointer32)
    ljmp $XEN_CS, $PHYS(start64)

no_long_mode:
    mov $PHYS(text_no_long_mode), %esi
    jmp fail
no_execute_disable:
    mov $PHYS(text_no_nx), %esi
fail:                                   // the text to the first serial port and to the text screen
    mov $0xb8000, %edi
    mov $0x0f, %ah
1:  lodsb
    test %al, %al
    jz 3f
    stosw
    mov %al, %bl
    mov $0x3fd, %dx
2:  in %dx, %al
    test $0x20, %al
    jz 2b
    mov $0x3f8, %dx
    mov %bl, %al
    out %al, %dx
    jmp 1b
3:  hlt
    jmp 3b

text_no_long_mode: .asciz "Xenith: this processor has no 64-bit mode\r\n"
text_no_nx: .asciz "Xenith: this processor has no execute-disable\r\n"

    .code64
start64:
    movabs $start_high, %rax
    jmp *%rax

    .section .init.text, "ax", @progbits
start_high:
    lgdt boot_gdt_pointer(%rip)
    xor %eax, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %fs
    mov %eax, %gs
    mov $XEN_SS, %eax
    mov %eax, %ss
    lea boot_stack_end(%rip), %rsp
    mov %edi, %esi
    mov %ebp, %edi
    xor %ebp, %ebp
    call boot_main
    ud2

    // Selectors 0xe008 and up, as in every GDT (asm/layout.hpp): the table seems to begin 0xe000 bytes earlier.
    .section .rodata, "a", @progbits
    .balign 16
    .globl gdt_template
gdt_template:
    .quad 0
    .quad 0x00af9b000000ffff            // e008 hypervisor code
    .quad 0x00cf93000000ffff            // e010 hypervisor data
    .quad 0
    .quad 0x00cffb000000ffff            // e023 guest 32-bit code
    .quad 0x00cff3000000ffff            // e02b guest data
    .quad 0x00affb000000ffff            // e033 guest 64-bit code
    .quad 0
    .quad 0, 0                          // e040 TSS
    .quad 0, 0                          // e050 LDT
gdt_template_end:
boot_gdt_pointer32:
    .short 0xe05f
    .long PHYS(gdt_template) - 0xe000
    .balign 4
boot_gdt_pointer:
    .short 0xe05f
    .quad gdt_template - 0xe000

    .section .init.bss, "aw", @nobits
    .balign 32768
    .globl boot_stack
boot_stack:
    .skip 32768 - 64                    // what is left is the CPU block
boot_stack_end:
    .skip 64
    .globl early_l4
early_l4: .skip 4096
early_l3_low: .skip 4096
early_l3_image: .skip 4096
early_l2_image: .skip 4096
early_l2_low: .skip 4 * 4096

    .section .note.GNU-stack, "", @progbits
