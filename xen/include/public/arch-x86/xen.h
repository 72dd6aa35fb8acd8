/* SPDX-License-Identifier: MIT */
/*
 * The ABI as x86 guests see it; what differs by width is in xen-x86_32.h and xen-x86_64.h.
 * Included by xen.h.
 */
#include "../xen.h"

#ifndef __XEN_PUBLIC_ARCH_X86_XEN_H__
#define __XEN_PUBLIC_ARCH_X86_XEN_H__

/* A handle is a guest virtual address (PV: linear) that the hypervisor must never dereference. */
#if defined(XENITH_ABI_FOREIGN_X86_32)
#define ___DEFINE_XEN_GUEST_HANDLE(name, type) \
    typedef struct {                           \
        uint32_t p;                            \
    } __guest_handle_##name
#define set_xen_guest_handle_raw(hnd, val)         \
    do {                                           \
        (hnd).p = (uint32_t)(unsigned long)(val);  \
    } while (0)
#else
#if __XEN_INTERFACE_VERSION__ >= 0x00030201
#define ___DEFINE_XEN_GUEST_HANDLE(name, type) \
    typedef struct {                           \
        type *p;                               \
    } __guest_handle_##name
#else
#define ___DEFINE_XEN_GUEST_HANDLE(name, type) typedef type *__guest_handle_##name
#endif
#define set_xen_guest_handle_raw(hnd, val) \
    do {                                   \
        (hnd).p = val;                     \
    } while (0)
#endif

/* Each type gets a handle to it and one to its const form, named const_<name>. */
#define __DEFINE_XEN_GUEST_HANDLE(name, type) \
    ___DEFINE_XEN_GUEST_HANDLE(name, type);   \
    ___DEFINE_XEN_GUEST_HANDLE(const_##name, const type)
#define DEFINE_XEN_GUEST_HANDLE(name)  __DEFINE_XEN_GUEST_HANDLE(name, name)
#define __XEN_GUEST_HANDLE(name)       __guest_handle_##name
#define XEN_GUEST_HANDLE(name)         __XEN_GUEST_HANDLE(name)
#define XEN_GUEST_HANDLE_PARAM(name)   XEN_GUEST_HANDLE(name)
#define set_xen_guest_handle(hnd, val) set_xen_guest_handle_raw(hnd, val)

#if XENITH_ABI_ARCH == XENITH_ABI_X86_32
#include "xen-x86_32.h"
#else
#include "xen-x86_64.h"
#endif

#ifndef __ASSEMBLY__
typedef xenith_ulong_t xen_pfn_t;
typedef xenith_ulong_t xen_ulong_t;
#ifdef XENITH_ABI_FOREIGN_X86_32
#define PRI_xen_pfn   "x"
#define PRIu_xen_pfn  "u"
#define PRI_xen_ulong "x"
#else
#define PRI_xen_pfn   "lx"
#define PRIu_xen_pfn  "lu"
#define PRI_xen_ulong "lx"
#endif
#endif

/* x86 guests may start by start_info and mask events in vcpu_info. */
#define XEN_HAVE_PV_GUEST_ENTRY 1
#define XEN_HAVE_PV_UPCALL_MASK 1

/* HYPERVISOR_set_gdt(frames[], entries): the GDT from this page on belongs to the hypervisor. */
#define FIRST_RESERVED_GDT_PAGE  14
#define FIRST_RESERVED_GDT_BYTE  (FIRST_RESERVED_GDT_PAGE * 4096)
#define FIRST_RESERVED_GDT_ENTRY (FIRST_RESERVED_GDT_BYTE / 8)

/* vCPUs that have a vcpu_info in shared_info; later ones register theirs by VCPUOP. */
#define XEN_LEGACY_MAX_VCPUS 32

#ifndef __ASSEMBLY__

/* HYPERVISOR_set_trap_table(table[]) ends at an entry with address 0; NULL clears all entries. */
#define TI_GET_DPL(_ti)       ((_ti)->flags & 3)
#define TI_GET_IF(_ti)        ((_ti)->flags & 4)
#define TI_SET_DPL(_ti, _dpl) ((_ti)->flags |= (_dpl))
#define TI_SET_IF(_ti, _if)   ((_ti)->flags |= ((!!(_if)) << 2))
struct trap_info {
    uint8_t vector;         /* exception or INT n */
    uint8_t flags;          /* bits 0-1: outermost ring that may use INT n; bit 2: mask events */
    uint16_t cs;            /* handler */
    xenith_ulong_t address; /* handler */
};
XENITH_ABI_TYPE_HANDLE(trap_info);

typedef xenith_u64_t tsc_timestamp_t;

/* State of one vCPU, for VCPUOP_initialise and XEN_DOMCTL_{get,set}vcpucontext. */
struct vcpu_guest_context {
    struct {
        char x[512];
    } fpu_ctxt; /* FXSAVE image */
#define VGCF_I387_VALID                (1 << 0)
#define VGCF_IN_KERNEL                 (1 << 2)
#define _VGCF_i387_valid               0
#define VGCF_i387_valid                (1 << _VGCF_i387_valid)
#define _VGCF_in_kernel                2
#define VGCF_in_kernel                 (1 << _VGCF_in_kernel)
#define _VGCF_failsafe_disables_events 3
#define VGCF_failsafe_disables_events  (1 << _VGCF_failsafe_disables_events)
#define _VGCF_syscall_disables_events  4
#define VGCF_syscall_disables_events   (1 << _VGCF_syscall_disables_events)
#define _VGCF_online                   5
#define VGCF_online                    (1 << _VGCF_online)
    xenith_ulong_t flags; /* VGCF_* */
    struct cpu_user_regs user_regs;
    struct trap_info trap_ctxt[256];         /* indexed by vector */
    xenith_ulong_t ldt_base, ldt_ents;       /* linear address, number of entries */
    xenith_ulong_t gdt_frames[16], gdt_ents; /* machine frames, number of entries */
    xenith_ulong_t kernel_ss, kernel_sp;     /* stack on entry to the kernel */
    xenith_ulong_t ctrlreg[8];               /* CR n; [1] is the user CR3 of a 64-bit PV guest */
    xenith_ulong_t debugreg[8];
#if XENITH_ABI_ARCH == XENITH_ABI_X86_32
    xenith_ulong_t event_callback_cs;
    xenith_ulong_t event_callback_eip;
    xenith_ulong_t failsafe_callback_cs;
    xenith_ulong_t failsafe_callback_eip;
#else
    xenith_ulong_t event_callback_eip;
    xenith_ulong_t failsafe_callback_eip;
#ifdef __XEN__
    /* A 32-bit guest has no SYSCALL entry, but code selectors for its two callbacks. */
    union {
        xenith_ulong_t syscall_callback_eip;
        struct {
            unsigned int event_callback_cs;
            unsigned int failsafe_callback_cs;
        };
    };
#else
    xenith_ulong_t syscall_callback_eip;
#endif
#endif
    xenith_ulong_t vm_assist; /* bit n: VMASST_TYPE n */
#if XENITH_ABI_ARCH == XENITH_ABI_X86_64
    uint64_t fs_base;
    uint64_t gs_base_kernel;
    uint64_t gs_base_user;
#endif
};
XENITH_ABI_TYPE_HANDLE(vcpu_guest_context);

/* Written by the guest except nmi_reason; read by tools that save or dump it. */
struct arch_shared_info {
    xenith_ulong_t max_pfn;               /* entries in the p2m */
    xen_pfn_t pfn_to_mfn_frame_list_list; /* root of the 3-level p2m; 0: not yet, ~0: none */
    xenith_ulong_t nmi_reason;            /* XEN_NMIREASON_*, written by the hypervisor */
    /* Linear p2m, valid if p2m_cr3 is not 0. The generation is odd while its mappings change. */
    xenith_ulong_t p2m_cr3;        /* as a CR3 value: address space where p2m_vaddr is valid */
    xenith_ulong_t p2m_vaddr;      /* first entry; entries change by single atomic writes */
    xenith_ulong_t p2m_generation; /* incremented before and after each change */
#if XENITH_ABI_ARCH == XENITH_ABI_X86_32
    uint32_t wc_sec_hi; /* high half of shared_info.wc_sec */
#endif
};
XENITH_ABI_TYPE(arch_shared_info);

#if defined(__XEN__) || defined(__XEN_TOOLS__)
/* Part of XEN_DOMCTL_createdomain; versioned with XEN_DOMCTL_INTERFACE_VERSION. */
struct xen_arch_domainconfig {
#define _XEN_X86_EMU_LAPIC    0
#define XEN_X86_EMU_LAPIC     (1U << _XEN_X86_EMU_LAPIC)
#define _XEN_X86_EMU_HPET     1
#define XEN_X86_EMU_HPET      (1U << _XEN_X86_EMU_HPET)
#define _XEN_X86_EMU_PM       2
#define XEN_X86_EMU_PM        (1U << _XEN_X86_EMU_PM)
#define _XEN_X86_EMU_RTC      3
#define XEN_X86_EMU_RTC       (1U << _XEN_X86_EMU_RTC)
#define _XEN_X86_EMU_IOAPIC   4
#define XEN_X86_EMU_IOAPIC    (1U << _XEN_X86_EMU_IOAPIC)
#define _XEN_X86_EMU_PIC      5
#define XEN_X86_EMU_PIC       (1U << _XEN_X86_EMU_PIC)
#define _XEN_X86_EMU_VGA      6
#define XEN_X86_EMU_VGA       (1U << _XEN_X86_EMU_VGA)
#define _XEN_X86_EMU_IOMMU    7
#define XEN_X86_EMU_IOMMU     (1U << _XEN_X86_EMU_IOMMU)
#define _XEN_X86_EMU_PIT      8
#define XEN_X86_EMU_PIT       (1U << _XEN_X86_EMU_PIT)
#define _XEN_X86_EMU_USE_PIRQ 9
#define XEN_X86_EMU_USE_PIRQ  (1U << _XEN_X86_EMU_USE_PIRQ)
#define _XEN_X86_EMU_VPCI     10
#define XEN_X86_EMU_VPCI      (1U << _XEN_X86_EMU_VPCI)
#define XEN_X86_EMU_ALL                                                                 \
    (XEN_X86_EMU_LAPIC | XEN_X86_EMU_HPET | XEN_X86_EMU_PM | XEN_X86_EMU_RTC |          \
     XEN_X86_EMU_IOAPIC | XEN_X86_EMU_PIC | XEN_X86_EMU_VGA | XEN_X86_EMU_IOMMU |       \
     XEN_X86_EMU_PIT | XEN_X86_EMU_USE_PIRQ | XEN_X86_EMU_VPCI)
    uint32_t emulation_flags; /* devices that the hypervisor emulates */

/* Unknown MSRs read as 0 and swallow writes, where the default is #GP. */
#define XEN_X86_MSR_RELAXED (1u << 0)
    uint32_t misc_flags;
};
#define XEN_X86_MISC_FLAGS_MAX XEN_X86_MSR_RELAXED
#endif

/* One CPUID leaf and one MSR, as CPU policies travel through domctl and sysctl. */
typedef struct xen_cpuid_leaf {
#define XEN_CPUID_NO_SUBLEAF 0xffffffffu
    uint32_t leaf, subleaf; /* subleaf: XEN_CPUID_NO_SUBLEAF where the leaf has none */
    uint32_t a, b, c, d;
} xen_cpuid_leaf_t;
DEFINE_XEN_GUEST_HANDLE(xen_cpuid_leaf_t);

typedef struct xen_msr_entry {
    uint32_t idx;
    uint32_t flags; /* must be 0 */
    xenith_u64_t val;
} xen_msr_entry_t;
DEFINE_XEN_GUEST_HANDLE(xen_msr_entry_t);

#endif /* !__ASSEMBLY__ */

/*
 * HYPERVISOR_fpu_taskswitch(set): CR0.TS = set.
 * HYPERVISOR_set_debugreg(n, value), HYPERVISOR_get_debugreg(n): DR n of the caller; get cannot
 * tell -EINVAL from a value.
 */

/* UD2 and "xen" before CPUID asks the hypervisor for the guest's view where CPUID does not trap. */
#ifdef __ASSEMBLY__
#define XEN_EMULATE_PREFIX .byte 0x0f,0x0b,0x78,0x65,0x6e ;
#define XEN_CPUID          XEN_EMULATE_PREFIX cpuid
#else
#define XEN_EMULATE_PREFIX ".byte 0x0f,0x0b,0x78,0x65,0x6e ; "
#define XEN_CPUID          XEN_EMULATE_PREFIX "cpuid"
#endif

/* Bytes that an HVM guest writes here appear on the hypervisor's console. */
#define XEN_HVM_DEBUGCONS_IOPORT 0xe9

#endif /* __XEN_PUBLIC_ARCH_X86_XEN_H__ */
