/* SPDX-License-Identifier: MIT */
/*
 * What 32-bit x86 guests see. Hypercall: number selects the 32-byte slot in the hypercall page,
 * arguments in ebx, ecx, edx, esi, edi, result in eax; the argument registers used are lost.
 */
#ifndef __XEN_PUBLIC_ARCH_X86_XEN_X86_32_H__
#define __XEN_PUBLIC_ARCH_X86_XEN_X86_32_H__

/* Flat segments in the reserved part of every GDT (entries 259 to 262). */
#define FLAT_RING1_CS 0xe019
#define FLAT_RING1_DS 0xe021
#define FLAT_RING1_SS 0xe021
#define FLAT_RING3_CS 0xe02b
#define FLAT_RING3_DS 0xe033
#define FLAT_RING3_SS 0xe033

/* A PV kernel runs in ring 1. */
#define FLAT_KERNEL_CS FLAT_RING1_CS
#define FLAT_KERNEL_DS FLAT_RING1_DS
#define FLAT_KERNEL_SS FLAT_RING1_SS
#define FLAT_USER_CS   FLAT_RING3_CS
#define FLAT_USER_DS   FLAT_RING3_DS
#define FLAT_USER_SS   FLAT_RING3_SS

/* Linear addresses from here on are the hypervisor's; the m2p is at their start. */
#define __HYPERVISOR_VIRT_START_PAE 0xF5800000
#define __MACH2PHYS_VIRT_START_PAE  0xF5800000
#define __MACH2PHYS_VIRT_END_PAE    0xF6800000
#define HYPERVISOR_VIRT_START_PAE   xen_mk_ulong(__HYPERVISOR_VIRT_START_PAE)
#define MACH2PHYS_VIRT_START_PAE    xen_mk_ulong(__MACH2PHYS_VIRT_START_PAE)
#define MACH2PHYS_VIRT_END_PAE      xen_mk_ulong(__MACH2PHYS_VIRT_END_PAE)

/* History: guests without PAE no longer exist. */
#define __HYPERVISOR_VIRT_START_NONPAE 0xFC000000
#define __MACH2PHYS_VIRT_START_NONPAE  0xFC000000
#define __MACH2PHYS_VIRT_END_NONPAE    0xFC400000
#define HYPERVISOR_VIRT_START_NONPAE   xen_mk_ulong(__HYPERVISOR_VIRT_START_NONPAE)
#define MACH2PHYS_VIRT_START_NONPAE    xen_mk_ulong(__MACH2PHYS_VIRT_START_NONPAE)
#define MACH2PHYS_VIRT_END_NONPAE      xen_mk_ulong(__MACH2PHYS_VIRT_END_NONPAE)

#define __HYPERVISOR_VIRT_START __HYPERVISOR_VIRT_START_PAE
#define __MACH2PHYS_VIRT_START  __MACH2PHYS_VIRT_START_PAE
#define __MACH2PHYS_VIRT_END    __MACH2PHYS_VIRT_END_PAE
#ifndef HYPERVISOR_VIRT_START
#define HYPERVISOR_VIRT_START xen_mk_ulong(__HYPERVISOR_VIRT_START)
#endif
#define MACH2PHYS_VIRT_START xen_mk_ulong(__MACH2PHYS_VIRT_START)
#define MACH2PHYS_VIRT_END   xen_mk_ulong(__MACH2PHYS_VIRT_END)
#define MACH2PHYS_NR_ENTRIES ((MACH2PHYS_VIRT_END - MACH2PHYS_VIRT_START) >> 2)
#ifndef machine_to_phys_mapping
#define machine_to_phys_mapping ((unsigned long *)MACH2PHYS_VIRT_START)
#endif

/* Control interfaces have one layout for both widths: 64-bit members and handles, aligned to 8. */
#if defined(__XEN__) || defined(__XEN_TOOLS__)
#undef ___DEFINE_XEN_GUEST_HANDLE
#undef set_xen_guest_handle_raw
#ifdef XENITH_ABI_FOREIGN_X86_32
#define XENITH_ABI_HANDLE_P(type) uint32_t p
#define XENITH_ABI_HANDLE_VALUE(val) ((uint32_t)(unsigned long)(val))
#else
#define XENITH_ABI_HANDLE_P(type) type *p
#define XENITH_ABI_HANDLE_VALUE(val) val
#endif
#define ___DEFINE_XEN_GUEST_HANDLE(name, type) \
    typedef struct {                           \
        XENITH_ABI_HANDLE_P(type);             \
    } __guest_handle_##name;                   \
    typedef struct {                           \
        union {                                \
            XENITH_ABI_HANDLE_P(type);         \
            uint64_aligned_t q;                \
        };                                     \
    } __guest_handle_64_##name
/* The upper half of a 64-bit handle must not be left over. */
#define set_xen_guest_handle_raw(hnd, val)         \
    do {                                           \
        if (sizeof(hnd) == 8)                      \
            *(uint64_t *)&(hnd) = 0;               \
        (hnd).p = XENITH_ABI_HANDLE_VALUE(val);    \
    } while (0)
#define int64_aligned_t  int64_t __attribute__((aligned(8)))
#define uint64_aligned_t uint64_t __attribute__((aligned(8)))
#define __XEN_GUEST_HANDLE_64(name) __guest_handle_64_##name
#define XEN_GUEST_HANDLE_64(name)   __XEN_GUEST_HANDLE_64(name)
#endif

#ifndef __ASSEMBLY__

/* The names under which one register is reachable: all its parts for hypervisor and tools. */
#if defined(__XEN__) || defined(__XEN_TOOLS__)
#define __DECL_REG_LO8(c)            \
    union {                          \
        uint32_t e##c##x;            \
        uint16_t c##x;               \
        struct {                     \
            uint8_t c##l;            \
            uint8_t c##h;            \
        };                           \
    }
#define __DECL_REG_LO16(n)           \
    union {                          \
        uint32_t e##n, _e##n;        \
        uint16_t n;                  \
    }
#else
#define __DECL_REG_LO8(c)  uint32_t e##c##x
#define __DECL_REG_LO16(n) uint32_t e##n
#endif

struct cpu_user_regs {
    __DECL_REG_LO8(b);
    __DECL_REG_LO8(c);
    __DECL_REG_LO8(d);
    __DECL_REG_LO16(si);
    __DECL_REG_LO16(di);
    __DECL_REG_LO16(bp);
    __DECL_REG_LO8(a);
    uint16_t error_code;       /* the hypervisor's own */
    uint16_t entry_vector;     /* the hypervisor's own */
    __DECL_REG_LO16(ip);
    uint16_t cs;
    uint8_t saved_upcall_mask; /* evtchn_upcall_mask as it was; opposite of flags.IF */
    uint8_t _pad0;
    __DECL_REG_LO16(flags);
    __DECL_REG_LO16(sp);
    uint16_t ss, _pad1;
    uint16_t es, _pad2;
    uint16_t ds, _pad3;
    uint16_t fs, _pad4;
    uint16_t gs, _pad5;
};
XENITH_ABI_TYPE_HANDLE(cpu_user_regs);

#undef __DECL_REG_LO8
#undef __DECL_REG_LO16

/* CR3 has 20 bits for the frame; a frame above 4 GiB puts its high bits where flags would be. */
#define xen_pfn_to_cr3(pfn) (((unsigned)(pfn) << 12) | ((unsigned)(pfn) >> 20))
#define xen_cr3_to_pfn(cr3) (((unsigned)(cr3) >> 12) | ((unsigned)(cr3) << 20))

struct arch_vcpu_info {
    xenith_ulong_t cr2;    /* out: address of the last page fault */
    xenith_ulong_t pad[5]; /* makes vcpu_info 64 bytes */
};
XENITH_ABI_TYPE(arch_vcpu_info);

struct xen_callback {
    xenith_ulong_t cs;
    xenith_ulong_t eip;
};
XENITH_ABI_TYPE(xen_callback);

#endif /* !__ASSEMBLY__ */

#endif /* __XEN_PUBLIC_ARCH_X86_XEN_X86_32_H__ */
