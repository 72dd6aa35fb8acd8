/* SPDX-License-Identifier: MIT */
/*
 * Initial registers of a vCPU of an HVM or PVH guest, given to VCPUOP_initialise.
 */
#ifndef __XEN_PUBLIC_HVM_HVM_VCPU_H__
#define __XEN_PUBLIC_HVM_HVM_VCPU_H__

#include "../xen.h"

/* Values of vcpu_hvm_context.mode. */
#define VCPU_HVM_MODE_32B 0
#define VCPU_HVM_MODE_64B 1

/*
 * Start without long mode, or in its compatibility mode: efer may have NXE, LME and LMA only.
 * The *_ar fields are descriptor attributes in the order of the descriptor with the limit bits
 * taken out: 3:0 type, 4 s, 6:5 dpl, 7 p, 8 avl, 9 l, 10 db, 11 g, 15:12 zero (SDM 3A 3.4.5).
 */
struct vcpu_hvm_x86_32 {
    uint32_t eax, ecx, edx, ebx, esp, ebp, esi, edi;
    uint32_t eip, eflags;
    uint32_t cr0, cr3, cr4;
    uint32_t pad1;
    uint64_t efer;
    uint32_t cs_base, ds_base, ss_base, es_base, tr_base;
    uint32_t cs_limit, ds_limit, ss_limit, es_limit, tr_limit;
    uint16_t cs_ar, ds_ar, ss_ar, es_ar, tr_ar;
    uint16_t pad2[3];
};
typedef struct vcpu_hvm_x86_32 xen_vcpu_hvm_x86_32_t;

/* Start in 64-bit mode: the segments are the flat ones that this mode implies. */
struct vcpu_hvm_x86_64 {
    uint64_t rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi;
    uint64_t rip, rflags;
    uint64_t cr0, cr3, cr4, efer;
};
typedef struct vcpu_hvm_x86_64 xen_vcpu_hvm_x86_64_t;

struct vcpu_hvm_context {
    uint32_t mode; /* VCPU_HVM_MODE_*: which member counts */
    uint32_t pad;
    union {
        xen_vcpu_hvm_x86_32_t x86_32;
        xen_vcpu_hvm_x86_64_t x86_64;
    } cpu_regs;
};
typedef struct vcpu_hvm_context vcpu_hvm_context_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_hvm_context_t);

#endif
