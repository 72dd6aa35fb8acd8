// SPDX-License-Identifier: MIT
// The small arm64 guest begins as a kernel image does (Linux Documentation/arm64/booting.rst), with its MMU off for ever.
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
    adr x1, stack_end
    mov sp, x1
    bl guest_main

// s64 hypercall(u64 operation, const void* argument) of sched_op; nothing in memory is handed over but what the image holds.
    .globl sched_op
sched_op:
    mov x16, #29                        // __HYPERVISOR_sched_op
    hvc #0xea1                          // XEN_HYPERCALL_TAG
    ret

// Nothing is enabled that could wake it.
    .globl wait_for_interrupt
wait_for_interrupt:
    wfi
    ret

    .section .bss
    .balign 16
    .skip 4096
stack_end:
    .section .note.GNU-stack, "", @progbits
