// SPDX-License-Identifier: MIT
// From the boot tables' 64-bit code to real mode, one call of the video BIOS, and back (SDM volume 3, 9.8.5.4 and 9.9).
// The code runs in a copy at the start of a page below 1 MiB that the boot tables map one to one; the end of that page is
// the stack of the BIOS. rdi: the address of the copy. Interrupts are off all the way.

#define EFER 0xc0000080
#define LME 0x100
#define LMA 0x400
#define XEN_CS 0xe008
#define XEN_SS 0xe010

#define FLAT_CODE 0x08
#define FLAT_DATA 0x10
#define REAL_CODE 0x18
#define REAL_DATA 0x20
#define LONG_CODE 0x28

#define IN_PAGE(x) ((x) - text_mode_start)

    .section .init.text, "ax", @progbits
    .globl text_mode_start, text_mode_end
    .balign 16
    .code64
text_mode_start:
    pushfq
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    sgdt old_gdt(%rip)
    sidt old_idt(%rip)
    mov %rsp, old_stack(%rip)
    mov %cr3, %rax
    mov %eax, old_cr3(%rip)
    mov %cr4, %rax
    mov %eax, old_cr4(%rip)
    mov %cr0, %rax
    mov %eax, old_cr0(%rip)
    mov $EFER, %ecx
    rdmsr
    mov %eax, old_efer(%rip)

    mov %edi, %ebx                      // the copy learns where it is
    lea gdt(%rip), %rax
    mov %rax, gdt_base(%rip)
    lea flat(%rip), %rax
    mov %eax, to_flat(%rip)
    lea flat_again(%rip), %rax
    mov %eax, to_flat_again(%rip)
    lea long_again(%rip), %rax
    mov %eax, to_long(%rip)
    mov %bx, real_code + 2(%rip)
    mov %bx, real_data + 2(%rip)
    mov %ebx, %eax
    shr $16, %eax
    mov %al, real_code + 4(%rip)
    mov %al, real_data + 4(%rip)
    mov %ebx, %eax
    shr $4, %eax
    mov %ax, to_real + 2(%rip)
    lgdt gdt_pointer(%rip)
    ljmp *to_flat(%rip)

    .code32
flat:
    mov $FLAT_DATA, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov %cr0, %eax
    and $0x7fffffff, %eax               // PG
    mov %eax, %cr0
    mov $EFER, %ecx
    rdmsr
    and $~LME, %eax
    wrmsr
    xor %eax, %eax
    mov %eax, %cr4
    ljmp $REAL_CODE, $IN_PAGE(narrow)

    .code16
narrow:
    mov $REAL_DATA, %ax
    mov %ax, %ds
    mov %ax, %es
    mov %ax, %ss
    lidtl IN_PAGE(real_idt)
    mov $0x10, %eax                     // CR0: ET
    mov %eax, %cr0
    ljmp *IN_PAGE(to_real)
real:
    mov %cs, %ax
    mov %ax, %ds
    mov %ax, %es
    mov %ax, %ss
    mov $0x1000, %sp
    mov $0x0003, %ax                    // set mode 3: 80 by 25 cells
    int $0x10
    cli
    cld
    mov %cs, %ax
    mov %ax, %ds
    xor %ebx, %ebx
    mov %ax, %bx
    shl $4, %ebx
    lgdtl IN_PAGE(gdt_pointer)
    mov $0x11, %eax                     // CR0: ET, PE
    mov %eax, %cr0
    ljmpl *IN_PAGE(to_flat_again)

    .code32
flat_again:
    mov $FLAT_DATA, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %ss
    mov IN_PAGE(old_cr4)(%ebx), %eax
    mov %eax, %cr4
    mov IN_PAGE(old_cr3)(%ebx), %eax
    mov %eax, %cr3
    mov $EFER, %ecx
    rdmsr
    mov IN_PAGE(old_efer)(%ebx), %eax
    and $~LMA, %eax
    wrmsr
    mov IN_PAGE(old_cr0)(%ebx), %eax
    mov %eax, %cr0
    ljmp *IN_PAGE(to_long)(%ebx)

    .code64
long_again:
    mov old_stack(%rip), %rsp
    lgdt old_gdt(%rip)
    lidt old_idt(%rip)
    xor %eax, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %fs
    mov %eax, %gs
    mov $XEN_SS, %eax
    mov %eax, %ss
    push $XEN_CS
    lea 1f(%rip), %rax
    push %rax
    lretq
1:  pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    popfq
    ret

    .balign 8
gdt:
    .quad 0
    .quad 0x00cf9b000000ffff            // 32-bit code
    .quad 0x00cf93000000ffff            // data
real_code:
    .quad 0x00009b000000ffff            // 16-bit code and data, from this page on
real_data:
    .quad 0x000093000000ffff
    .quad 0x00af9b000000ffff            // 64-bit code
gdt_pointer:
    .short gdt_pointer - gdt - 1
gdt_base:
    .quad 0
real_idt:
    .short 0x3ff
    .long 0
    .balign 4
to_flat:
    .long 0
    .short FLAT_CODE
to_flat_again:
    .long 0
    .short FLAT_CODE
to_long:
    .long 0
    .short LONG_CODE
to_real:
    .short IN_PAGE(real), 0
    .balign 8
old_stack: .quad 0
old_gdt: .skip 10
old_idt: .skip 10
    .balign 4
old_cr0: .long 0
old_cr3: .long 0
old_cr4: .long 0
old_efer: .long 0
text_mode_end:

    .section .note.GNU-stack, "", @progbits
