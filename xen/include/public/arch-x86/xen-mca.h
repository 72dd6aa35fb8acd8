/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_mca(op): machine checks. The hypervisor collects what the banks say, decides what to
 * do, and dom0 fetches the records to log them. Members are in unless they say otherwise.
 */
#ifndef __XEN_PUBLIC_ARCH_X86_MCA_H__
#define __XEN_PUBLIC_ARCH_X86_MCA_H__

#include "../xen.h"

#define __HYPERVISOR_mca __HYPERVISOR_arch_0

#define XEN_MCA_INTERFACE_VERSION 0x01ecc003

/* xen_mc_fetch.flags, in: which queue, and whether a record has been dealt with */
#define XEN_MC_NONURGENT 0x0001
#define XEN_MC_URGENT    0x0002
#define XEN_MC_ACK       0x0004

/* out: what came of it */
#define XEN_MC_OK           0x0
#define XEN_MC_FETCHFAILED  0x1
#define XEN_MC_NODATA       0x2
#define XEN_MC_NOMATCH      0x4
#define XEN_MC_CANNOTHANDLE 0x8
#define XEN_MC_NOTDELIVERED 0x10

#define XEN_MC_VCPUID_INVALID 0xffff /* not a vCPU's */

#ifndef __ASSEMBLY__

#define VIRQ_MCA VIRQ_ARCH_0 /* something to fetch */

/* A report (mc_info) is a list of records. Each begins with this. */
#define MC_TYPE_GLOBAL   0
#define MC_TYPE_BANK     1
#define MC_TYPE_EXTENDED 2
#define MC_TYPE_RECOVERY 3
struct mcinfo_common {
    uint16_t type; /* MC_TYPE_* */
    uint16_t size; /* bytes of the record */
};
typedef struct mcinfo_common xen_mcinfo_common_t;

#define MC_FLAG_CORRECTABLE   (1 << 0)
#define MC_FLAG_UNCORRECTABLE (1 << 1)
#define MC_FLAG_RECOVERABLE   (1 << 2)
#define MC_FLAG_POLLED        (1 << 3)
#define MC_FLAG_RESET         (1 << 4)
#define MC_FLAG_CMCI          (1 << 5)
#define MC_FLAG_MCE           (1 << 6)
struct mcinfo_global {
    xen_mcinfo_common_t common;
    uint16_t mc_domid;  /* whom it hit */
    uint16_t mc_vcpuid;
    uint32_t mc_socketid; /* where it happened */
    uint16_t mc_coreid;
    uint16_t mc_core_threadid;
    uint32_t mc_apicid;
    uint32_t mc_flags;       /* MC_FLAG_* */
    xenith_u64_t mc_gstatus; /* MCG_STATUS */
};

struct mcinfo_bank {
    xen_mcinfo_common_t common;
    uint16_t mc_bank;
    uint16_t mc_domid;      /* owner of the page at mc_addr */
    xenith_u64_t mc_status; /* the bank's MSRs */
    xenith_u64_t mc_addr;
    xenith_u64_t mc_misc;
    xenith_u64_t mc_ctrl2;
    xenith_u64_t mc_tsc;    /* when */
};

struct mcinfo_msr {
    xenith_u64_t reg;
    xenith_u64_t value;
};
typedef struct mcinfo_msr xen_mcinfo_msr_t;

struct mcinfo_extended {
    xen_mcinfo_common_t common;
    uint32_t mc_msrs; /* valid elements */
    xen_mcinfo_msr_t mc_msr[32];
};

/* mcinfo_recovery.action_flags: did it help? action_types: what was done */
#define REC_ACTION_RECOVERED  (0x1 << 0)
#define REC_ACTION_NONE       (0x1 << 1)
#define REC_ACTION_NEED_RESET (0x1 << 2)
#define MC_ACTION_PAGE_OFFLINE (0x1 << 0)
#define MC_ACTION_CPU_OFFLINE  (0x1 << 1)
#define MC_ACTION_CACHE_SHRINK (0x1 << 2)

struct page_offline_action {
    xenith_u64_t mfn;
    xenith_u64_t status; /* PG_OFFLINE_* of sysctl.h */
};
typedef struct page_offline_action xen_page_offline_action_t;

struct cpu_offline_action {
    uint32_t mc_socketid;
    uint16_t mc_coreid;
    uint16_t mc_core_threadid;
};
typedef struct cpu_offline_action xen_cpu_offline_action_t;

#define MAX_UNION_SIZE 16
struct mcinfo_recovery {
    xen_mcinfo_common_t common;
    uint16_t mc_bank;
    uint8_t action_flags;
    uint8_t action_types;
    union {
        xen_page_offline_action_t page_retire;
        xen_cpu_offline_action_t cpu_offline;
        uint8_t pad[MAX_UNION_SIZE];
    } action_info;
};

#define MCINFO_HYPERCALLSIZE 1024
#define MCINFO_MAXSIZE       768

#define MCINFO_FLAGS_UNCOMPLETE 0x1 /* there was no room for all */
struct mc_info {
    uint32_t mi_nentries;
    uint32_t flags; /* MCINFO_FLAGS_* */
    xenith_u64_t mi_data[(MCINFO_MAXSIZE - 1) / 8];
};
XENITH_ABI_TYPE_HANDLE(mc_info);

/* Walking the records of a report */
#define x86_mcinfo_nentries(_mi) (_mi)->mi_nentries
#define x86_mcinfo_first(_mi)    ((struct mcinfo_common *)(_mi)->mi_data)
#define x86_mcinfo_next(_mic)    ((struct mcinfo_common *)((uint8_t *)(_mic) + (_mic)->size))

/* _ret = the first record of _type, or NULL */
#define x86_mcinfo_lookup(_ret, _mi, _type)                              \
    do {                                                                 \
        uint32_t left_ = (_mi) ? x86_mcinfo_nentries(_mi) : 0;           \
        struct mcinfo_common *mic_ = left_ ? x86_mcinfo_first(_mi) : NULL; \
        while (left_ && mic_->type != (_type)) {                         \
            mic_ = x86_mcinfo_next(mic_);                                \
            left_--;                                                     \
        }                                                                \
        (_ret) = left_ ? mic_ : NULL;                                    \
    } while (0)

/* Description of a logical CPU, for logs */
#define __MC_MSR_ARRAYSIZE 8
#if __XEN_INTERFACE_VERSION__ <= 0x00040d00
#define __MC_NMSRS 1
#endif
#define MC_NCAPS        7
#define MC_CAPS_STD_EDX 0 /* indices of mc_cpu_caps: CPUID registers, Linux's own word */
#define MC_CAPS_AMD_EDX 1
#define MC_CAPS_TM      2
#define MC_CAPS_LINUX   3
#define MC_CAPS_STD_ECX 4
#define MC_CAPS_VIA     5
#define MC_CAPS_AMD_ECX 6
struct mcinfo_logical_cpu {
    uint32_t mc_cpunr;
    uint32_t mc_chipid;
    uint16_t mc_coreid;
    uint16_t mc_threadid;
    uint32_t mc_apicid;
    uint32_t mc_clusterid;
    uint32_t mc_ncores;
    uint32_t mc_ncores_active;
    uint32_t mc_nthreads;
    int32_t mc_cpuid_level;
    uint32_t mc_family;
    uint32_t mc_vendor;
    uint32_t mc_model;
    uint32_t mc_step;
    char mc_vendorid[16];
    char mc_brandid[64];
    uint32_t mc_cpu_caps[MC_NCAPS];
    uint32_t mc_cache_size;
    uint32_t mc_cache_alignment;
    int32_t mc_nmsrvals;
    xen_mcinfo_msr_t mc_msrvalues[__MC_MSR_ARRAYSIZE];
};
typedef struct mcinfo_logical_cpu xen_mc_logical_cpu_t;
DEFINE_XEN_GUEST_HANDLE(xen_mc_logical_cpu_t);

#define XEN_MC_fetch 1
struct xen_mc_fetch {
    uint32_t flags; /* in: XEN_MC_NONURGENT, URGENT, ACK; out: XEN_MC_OK, ... */
    uint32_t _pad0;
    xenith_u64_t fetch_id; /* out; in with ACK */
    XEN_GUEST_HANDLE(mc_info_t) data; /* out */
};
XENITH_ABI_TYPE_HANDLE(xen_mc_fetch);

/* Tell a domain. Never done by anybody. */
#define XEN_MC_notifydomain 2
struct xen_mc_notifydomain {
    uint16_t mc_domid;
    uint16_t mc_vcpuid;
    uint32_t flags; /* in and out */
};
XENITH_ABI_TYPE_HANDLE(xen_mc_notifydomain);

#define XEN_MC_physcpuinfo 3
struct xen_mc_physcpuinfo {
    uint32_t ncpus; /* in: room; out: CPUs on line */
    uint32_t _pad0;
    XEN_GUEST_HANDLE(xen_mc_logical_cpu_t) info; /* out; NULL asks for the number alone */
};
XENITH_ABI_TYPE(xen_mc_physcpuinfo);

/* Testing: write bank MSRs, or have them read so, then raise the exception. */
#define XEN_MC_msrinject      4
#define MC_MSRINJ_MAXMSRS     8
#define MC_MSRINJ_F_INTERPOSE 0x1 /* the hardware is left alone */
#define MC_MSRINJ_F_GPADDR    0x2 /* addresses are mcinj_domid's */
struct xen_mc_msrinject {
    uint32_t mcinj_cpunr;
    uint32_t mcinj_flags; /* MC_MSRINJ_F_* */
    uint32_t mcinj_count; /* valid elements */
    domid_t mcinj_domid;
    uint16_t _pad0;
    xen_mcinfo_msr_t mcinj_msr[MC_MSRINJ_MAXMSRS];
};
XENITH_ABI_TYPE(xen_mc_msrinject);

#define XEN_MC_mceinject 5
struct xen_mc_mceinject {
    unsigned int mceinj_cpunr;
};
XENITH_ABI_TYPE(xen_mc_mceinject);

#if defined(__XEN__) || defined(__XEN_TOOLS__)
#define XEN_MC_inject_v2            6
#define XEN_MC_INJECT_TYPE_MASK     0x7
#define XEN_MC_INJECT_TYPE_MCE      0x0
#define XEN_MC_INJECT_TYPE_CMCI     0x1
#define XEN_MC_INJECT_TYPE_LMCE     0x2
#define XEN_MC_INJECT_CPU_BROADCAST 0x8 /* all CPUs, whatever cpumap says */
struct xen_mc_inject_v2 {
    uint32_t flags; /* XEN_MC_INJECT_* */
    xenctl_bitmap_t cpumap;
};
XENITH_ABI_TYPE(xen_mc_inject_v2);
#endif

struct xen_mc {
    uint32_t cmd;               /* XEN_MC_* */
    uint32_t interface_version; /* XEN_MCA_INTERFACE_VERSION; out: the hypervisor's */
    union {
        xen_mc_fetch_t mc_fetch;
        xen_mc_notifydomain_t mc_notifydomain;
        xen_mc_physcpuinfo_t mc_physcpuinfo;
        xen_mc_msrinject_t mc_msrinject;
        xen_mc_mceinject_t mc_mceinject;
#if defined(__XEN__) || defined(__XEN_TOOLS__)
        xen_mc_inject_v2_t mc_inject_v2;
#endif
    } u;
};
XENITH_ABI_TYPE_HANDLE(xen_mc);

#endif /* !__ASSEMBLY__ */

#endif /* __XEN_PUBLIC_ARCH_X86_MCA_H__ */
