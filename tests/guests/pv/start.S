// SPDX-License-Identifier: MIT
// Entry point, ELF notes (public/elfnote.h), hypercall page, and the entries for bounced traps.
#include <public/elfnote.h>

.macro note type, desc:vararg
    .pushsection .note.Xen, "a", @note
    .balign 4
    .long 4, 9f - 8f, \type
    .asciz "Xen"
8:  \desc
9:  .balign 4
    .popsection
.endm

    note XEN_ELFNOTE_GUEST_OS, .asciz "pv-test"
    note XEN_ELFNOTE_GUEST_VERSION, .asciz "1"
    note XEN_ELFNOTE_XEN_VERSION, .asciz "xen-3.0"
    note XEN_ELFNOTE_LOADER, .asciz "generic"
    note XEN_ELFNOTE_VIRT_BASE, .quad 0xffffffff80000000
    note XEN_ELFNOTE_PADDR_OFFSET, .quad 0
    note XEN_ELFNOTE_ENTRY, .quad _start
    note XEN_ELFNOTE_HYPERCALL_PAGE, .quad hypercall_page
    note XEN_ELFNOTE_FEATURES, .asciz "!writable_page_tables|pae_pgdir_above_4gb"
    note XEN_ELFNOTE_HV_START_LOW, .quad 0xffff800000000000
    note XEN_ELFNOTE_SUSPEND_CANCEL, .long 1

    .section .text.page, "ax", @progbits
    .balign 4096
    .globl hypercall_page
hypercall_page:
    .skip 4096

    .text
    .globl _start
_start:
    // The builder gives us %rsi = start_info and a small stack; take a larger one at once.
    cld
    leaq boot_stack_top(%rip), %rsp
    xorl %ebp, %ebp
    movq %rsi, %rdi
    call guest_main
1:  jmp 1b

    .globl secondary_start
secondary_start:
    xorl %ebp, %ebp
    call secondary_main
1:  jmp 1b

// A bounced trap leaves rcx, r11, [error code], rip, cs, rflags, rsp, ss on the stack
// (public/arch-x86/xen-x86_64.h); every entry brings it to one shape: vector, error, rip ...
.macro entry name, vector, has_error
    .globl \name
\name:
    popq %rcx
    popq %r11
    .if \has_error == 0
    pushq $0
    .endif
    pushq $\vector
    jmp trap_common
.endm

.altmacro
.macro trap_entry n, has_error
    entry trap_entry_\n, \n, \has_error
.endm
.set vec, 0
.rept 32
    .if (vec == 8) || (vec == 10) || (vec == 11) || (vec == 12) || (vec == 13) || (vec == 14) || (vec == 17) || (vec == 21)
    trap_entry %vec, 1
    .else
    trap_entry %vec, 0
    .endif
    .set vec, vec + 1
.endr
.noaltmacro
    entry trap_entry_128, 0x80, 0
    entry syscall_entry, 256, 0
    entry sysenter_entry, 257, 0
    entry event_entry, 258, 0
    entry nmi_entry, 260, 0

    .globl failsafe_entry
failsafe_entry:
    popq %rcx
    popq %r11
    addq $32, %rsp                  // ds, es, fs, gs
    pushq $0
    pushq $259
    jmp trap_common

trap_common:
    cld
    pushq %rax
    pushq %rcx
    pushq %rdx
    pushq %rbx
    pushq %rbp
    pushq %rsi
    pushq %rdi
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, %rdi
    movq %rsp, %rbx
    andq $-16, %rsp
    call trap_handler
    movq %rbx, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rdi
    popq %rsi
    popq %rbp
    popq %rbx
    popq %rdx
    popq %rcx
    popq %rax
    addq $16, %rsp
    pushq $0                        // struct iret_context, from its flags downwards
    pushq %rcx
    pushq %r11
    pushq %rax
    movl $23, %eax                  // __HYPERVISOR_iret
    syscall
1:  jmp 1b

    .section .rodata
    .balign 8
    .globl trap_entries
trap_entries:
.altmacro
.macro trap_address n
    .quad trap_entry_\n
.endm
.set vec, 0
.rept 32
    trap_address %vec
    .set vec, vec + 1
.endr
.noaltmacro

    .bss
    .balign 4096
    .skip 65536
boot_stack_top:
    .section .note.GNU-stack, "", @progbits
