/* SPDX-License-Identifier: MIT */
/* HYPERVISOR_xenpmu_op(cmd, arg): performance counters for guests. */
#ifndef __XEN_PUBLIC_PMU_H__
#define __XEN_PUBLIC_PMU_H__

#include "xen.h"
#if XENITH_ABI_X86
#include "arch-x86/pmu.h"
#else
#include "arch-arm.h"
#endif

#define XENPMU_VER_MAJ 0
#define XENPMU_VER_MIN 1

#define XENPMU_mode_get    0 /* val out; get and set: control domain */
#define XENPMU_mode_set    1 /* val in: XENPMU_MODE_* */
#define XENPMU_feature_get 2 /* val out */
#define XENPMU_feature_set 3 /* val in: XENPMU_FEATURE_* */
#define XENPMU_init        4 /* val in: guest frame for xen_pmu_data of vcpu */
#define XENPMU_finish      5 /* of vcpu */
#define XENPMU_lvtpc_set   6 /* from xen_pmu_data; no arg */
#define XENPMU_flush       7 /* load the cached registers; no arg */

struct xen_pmu_params {
    struct {
        uint32_t maj;
        uint32_t min;
    } version;        /* in and out */
    xenith_u64_t val; /* in or out */
    uint32_t vcpu;    /* in */
    uint32_t pad;
};
XENITH_ABI_TYPE_HANDLE(xen_pmu_params);

/* Who is profiled by whom. */
#define XENPMU_MODE_OFF  0
#define XENPMU_MODE_SELF (1 << 0) /* each guest itself */
#define XENPMU_MODE_HV   (1 << 1) /* and dom0 the hypervisor too */
#define XENPMU_MODE_ALL  (1 << 2) /* everybody, by dom0 */

#define XENPMU_FEATURE_INTEL_BTS (1 << 0) /* branch trace store */
#define XENPMU_FEATURE_IPC_ONLY  (1 << 1) /* cycles and instructions only */
#define XENPMU_FEATURE_ARCH_ONLY (1 << 2) /* architectural events only */

/* The page of a vCPU: what was sampled, out. */
struct xen_pmu_data {
    uint32_t vcpu_id;  /* that was interrupted */
    uint32_t pcpu_id;
    domid_t domain_id; /* DOMID_XEN: in the hypervisor */
    uint8_t pad[6];
    xen_pmu_arch_t pmu;
};

#endif /* __XEN_PUBLIC_PMU_H__ */
