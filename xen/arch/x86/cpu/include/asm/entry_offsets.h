/* SPDX-License-Identifier: MIT
 * Offsets and selectors that the entry code needs, as macros; entry_offsets.cpp asserts that they are right. Offsets that
 * depend on other people's structures are absolute symbols defined there (offset_*). */
#pragma once

#define BLOCK_SIZE 64
#define BLOCK_CURRENT 0
#define BLOCK_SCRATCH 24
#define BLOCK_REGS_END 32
#define BLOCK_SOFTIRQS 48

#define REGS_R15 8
#define REGS_R14 16
#define REGS_R13 24
#define REGS_R12 32
#define REGS_RBP 40
#define REGS_RBX 48
#define REGS_R11 56
#define REGS_R10 64
#define REGS_R9 72
#define REGS_R8 80
#define REGS_RAX 88
#define REGS_RCX 96
#define REGS_RDX 104
#define REGS_RSI 112
#define REGS_RDI 120
#define REGS_ERROR 128
#define REGS_VECTOR 132
#define REGS_RIP 136
#define REGS_CS 144
#define REGS_RFLAGS 152
#define REGS_RSP 160
#define REGS_SS 168
#define REGS_SIZE 176

#define STACK_SIZE 0x8000
#define SEL_XEN_CS 0xe008
#define SEL_XEN_SS 0xe010
#define SEL_GUEST_CS32 0xe023
#define SEL_GUEST_SS 0xe02b
#define SEL_GUEST_CS64 0xe033

#define ENTRY_SYSCALL 0x100
#define HYPERCALLS 64
#define TRACE_HYPERCALL 0x20100d
#define RESTART -85
#define HYPERCALL_IRET 23
#define IRET_BY_SYSRET 0x100

#define TRAP_DPL 10
#define TRAP_MASKS_EVENTS 11
#define INFO_MASK 1
#define INFO_CR2 16

#define EXCEPTION_PAGE_FAULT 14
#define EXCEPTION_INT80 0x80
#define FAULT_PRESENT_RESERVED 9
#define FAULT_USER 4
#define XEN_START_TOP_21_BITS 0x1ffff0

#define FLAG_IF 0x200
#define FLAGS_HIDDEN 0x3200
#define FLAGS_CLEARED_BY_TRAP 0x77100
#define FLAGS_REFUSED_TO_KERNEL 0x27000
#define ARCHITECTURAL_IOPL 0x10
