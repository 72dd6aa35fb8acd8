/* SPDX-License-Identifier: MIT */
/* The x86 part of a vCPU's performance counter page (pmu.h). */
#ifndef __XEN_PUBLIC_ARCH_X86_PMU_H__
#define __XEN_PUBLIC_ARCH_X86_PMU_H__

#include "../xen.h"

/* Counters and controls are offsets from the start of the context to the arrays in regs. */
struct xen_pmu_amd_ctxt {
    uint32_t counters;
    uint32_t ctrls;
    xenith_u64_t regs[XEN_FLEX_ARRAY_DIM];
};
XENITH_ABI_TYPE_HANDLE(xen_pmu_amd_ctxt);

struct xen_pmu_cntr_pair {
    xenith_u64_t counter;
    xenith_u64_t control;
};
XENITH_ABI_TYPE_HANDLE(xen_pmu_cntr_pair);

/* The MSRs of these names; arch_counters leads to xen_pmu_cntr_pair[]. */
struct xen_pmu_intel_ctxt {
    uint32_t fixed_counters;
    uint32_t arch_counters;
    xenith_u64_t global_ctrl;
    xenith_u64_t global_ovf_ctrl;
    xenith_u64_t global_status;
    xenith_u64_t fixed_ctrl;
    xenith_u64_t ds_area;
    xenith_u64_t pebs_enable;
    xenith_u64_t debugctl;
    xenith_u64_t regs[XEN_FLEX_ARRAY_DIM];
};
XENITH_ABI_TYPE_HANDLE(xen_pmu_intel_ctxt);

struct xen_pmu_regs {
    xenith_u64_t ip;
    xenith_u64_t sp;
    xenith_u64_t flags;
    uint16_t cs;
    uint16_t ss;
    uint8_t cpl;
    uint8_t pad[3];
};
XENITH_ABI_TYPE_HANDLE(xen_pmu_regs);

#define PMU_CACHED      (1 << 0) /* the guest's registers are in this page, not in the CPU */
#define PMU_SAMPLE_USER (1 << 1) /* the sample is of user mode, */
#define PMU_SAMPLE_REAL (1 << 2) /* real mode, */
#define PMU_SAMPLE_PV   (1 << 3) /* a PV guest */

struct xen_pmu_arch {
    union {
        xen_pmu_regs_t regs; /* out: what was interrupted */
#define XENPMU_REGS_PAD_SZ 64
        uint8_t pad[XENPMU_REGS_PAD_SZ];
    } r;
    xenith_u64_t pmu_flags; /* PMU_*: out; the guest clears PMU_CACHED */
    union {
        uint32_t lapic_lvtpc; /* in: XENPMU_lvtpc_set */
        xenith_u64_t pad;
    } l;
    union {
        xen_pmu_amd_ctxt_t amd;
        xen_pmu_intel_ctxt_t intel;
#define XENPMU_CTXT_PAD_SZ 128
        uint8_t pad[XENPMU_CTXT_PAD_SZ];
    } c; /* in and out, while PMU_CACHED */
};
XENITH_ABI_TYPE_HANDLE(xen_pmu_arch);

#endif /* __XEN_PUBLIC_ARCH_X86_PMU_H__ */
