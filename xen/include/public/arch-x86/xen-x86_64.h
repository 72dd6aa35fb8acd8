/* SPDX-License-Identifier: MIT */
/*
 * What 64-bit x86 guests see. Hypercall: number selects the 32-byte slot in the hypercall page,
 * arguments in rdi, rsi, rdx, r10, r8, result in rax; the argument registers used are lost.
 */
#ifndef __XEN_PUBLIC_ARCH_X86_XEN_X86_64_H__
#define __XEN_PUBLIC_ARCH_X86_XEN_X86_64_H__

/* Flat segments in the reserved part of every GDT (entries 260 to 262). */
#define FLAT_RING3_CS32 0xe023
#define FLAT_RING3_CS64 0xe033
#define FLAT_RING3_DS32 0xe02b
#define FLAT_RING3_DS64 0x0000
#define FLAT_RING3_SS32 0xe02b
#define FLAT_RING3_SS64 0xe02b

/* A PV kernel runs in ring 3 like its user programs. */
#define FLAT_KERNEL_CS32 FLAT_RING3_CS32
#define FLAT_KERNEL_CS64 FLAT_RING3_CS64
#define FLAT_KERNEL_CS   FLAT_KERNEL_CS64
#define FLAT_KERNEL_DS32 FLAT_RING3_DS32
#define FLAT_KERNEL_DS64 FLAT_RING3_DS64
#define FLAT_KERNEL_DS   FLAT_KERNEL_DS64
#define FLAT_KERNEL_SS32 FLAT_RING3_SS32
#define FLAT_KERNEL_SS64 FLAT_RING3_SS64
#define FLAT_KERNEL_SS   FLAT_KERNEL_SS64

#define FLAT_USER_CS32 FLAT_RING3_CS32
#define FLAT_USER_CS64 FLAT_RING3_CS64
#define FLAT_USER_CS   FLAT_USER_CS64
#define FLAT_USER_DS32 FLAT_RING3_DS32
#define FLAT_USER_DS64 FLAT_RING3_DS64
#define FLAT_USER_DS   FLAT_USER_DS64
#define FLAT_USER_SS32 FLAT_RING3_SS32
#define FLAT_USER_SS64 FLAT_RING3_SS64
#define FLAT_USER_SS   FLAT_USER_SS64

/* Linear addresses that are the hypervisor's in every PV address space, END exclusive. */
#define __HYPERVISOR_VIRT_START 0xFFFF800000000000
#define __HYPERVISOR_VIRT_END   0xFFFF880000000000
#ifndef HYPERVISOR_VIRT_START
#define HYPERVISOR_VIRT_START xen_mk_ulong(__HYPERVISOR_VIRT_START)
#define HYPERVISOR_VIRT_END   xen_mk_ulong(__HYPERVISOR_VIRT_END)
#endif

/* The first of them are readable by the guest: the frame numbers of the machine, mfn to pfn. */
#define __MACH2PHYS_VIRT_START 0xFFFF800000000000
#define __MACH2PHYS_VIRT_END   0xFFFF804000000000
#define MACH2PHYS_VIRT_START   xen_mk_ulong(__MACH2PHYS_VIRT_START)
#define MACH2PHYS_VIRT_END     xen_mk_ulong(__MACH2PHYS_VIRT_END)
#define MACH2PHYS_NR_ENTRIES   ((MACH2PHYS_VIRT_END - MACH2PHYS_VIRT_START) >> 3)
#ifndef machine_to_phys_mapping
#define machine_to_phys_mapping ((unsigned long *)HYPERVISOR_VIRT_START)
#endif

/* HYPERVISOR_set_segment_base(which, base); for USER_SEL base[15:0] is a selector for user GS. */
#define SEGBASE_FS          0
#define SEGBASE_GS_USER     1
#define SEGBASE_GS_KERNEL   2
#define SEGBASE_GS_USER_SEL 3

/*
 * HYPERVISOR_iret() takes struct iret_context from the top of the kernel stack and does not return.
 * RPL 3 in cs means user mode, any other RPL kernel mode. With VGCF_in_syscall in flags the return
 * is by SYSRET, and r11, rcx, cs and ss of the frame are not restored.
 */
#define _VGCF_in_syscall 8
#define VGCF_in_syscall  (1 << _VGCF_in_syscall)
#define VGCF_IN_SYSCALL  VGCF_in_syscall

#ifndef __ASSEMBLY__

struct iret_context {
    uint64_t rax, r11, rcx, flags, rip, cs, rflags, rsp, ss; /* rax at the lowest address */
};

/*
 * The names under which one register is reachable. Hypervisor and tools get every part of it (al,
 * ah, ax, eax, rax); a guest with GNU extensions gets eax as a second name of the whole of rax and
 * _eax for its low half; a strictly standard one rax alone.
 */
#if defined(__XEN__) || defined(__XEN_TOOLS__)
#define __DECL_REG_LOHI(c)           \
    union {                          \
        uint64_t r##c##x;            \
        uint32_t e##c##x;            \
        uint16_t c##x;               \
        struct {                     \
            uint8_t c##l;            \
            uint8_t c##h;            \
        };                           \
    }
#define __DECL_REG_LO8(n)            \
    union {                          \
        uint64_t r##n;               \
        uint32_t e##n;               \
        uint16_t n;                  \
        uint8_t n##l;                \
    }
#define __DECL_REG_LO16(n)           \
    union {                          \
        uint64_t r##n;               \
        uint32_t e##n;               \
        uint16_t n;                  \
    }
#define __DECL_REG_HI(n)             \
    union {                          \
        uint64_t r##n;               \
        uint32_t r##n##d;            \
        uint16_t r##n##w;            \
        uint8_t r##n##b;             \
    }
#else
#if defined(__GNUC__) && !defined(__STRICT_ANSI__)
#define __DECL_REG(n)                \
    union {                          \
        uint64_t r##n, e##n;         \
        uint32_t _e##n;              \
    }
#else
#define __DECL_REG(n) uint64_t r##n
#endif
#define __DECL_REG_LOHI(c) __DECL_REG(c##x)
#define __DECL_REG_LO8     __DECL_REG
#define __DECL_REG_LO16    __DECL_REG
#define __DECL_REG_HI(n)   uint64_t r##n
#endif

struct cpu_user_regs {
    __DECL_REG_HI(15);
    __DECL_REG_HI(14);
    __DECL_REG_HI(13);
    __DECL_REG_HI(12);
    __DECL_REG_LO8(bp);
    __DECL_REG_LOHI(b);
    __DECL_REG_HI(11);
    __DECL_REG_HI(10);
    __DECL_REG_HI(9);
    __DECL_REG_HI(8);
    __DECL_REG_LOHI(a);
    __DECL_REG_LOHI(c);
    __DECL_REG_LOHI(d);
    __DECL_REG_LO8(si);
    __DECL_REG_LO8(di);
    uint32_t error_code;       /* the hypervisor's own */
    uint32_t entry_vector;     /* the hypervisor's own */
    __DECL_REG_LO16(ip);
    uint16_t cs, _pad0[1];
    uint8_t saved_upcall_mask; /* evtchn_upcall_mask as it was; opposite of flags.IF */
    uint8_t _pad1[3];
    __DECL_REG_LO16(flags);
    __DECL_REG_LO8(sp);
    uint16_t ss, _pad2[3];
    uint16_t es, _pad3[3];
    uint16_t ds, _pad4[3];
    uint16_t fs, _pad5[3];
    uint16_t gs, _pad6[3];
};
XENITH_ABI_TYPE_HANDLE(cpu_user_regs);

#undef __DECL_REG
#undef __DECL_REG_LOHI
#undef __DECL_REG_LO8
#undef __DECL_REG_LO16
#undef __DECL_REG_HI

#define xen_pfn_to_cr3(pfn) ((unsigned long)(pfn) << 12)
#define xen_cr3_to_pfn(cr3) ((unsigned long)(cr3) >> 12)

struct arch_vcpu_info {
    unsigned long cr2; /* out: address of the last page fault */
    unsigned long pad; /* makes vcpu_info 64 bytes */
};
XENITH_ABI_TYPE(arch_vcpu_info);

typedef unsigned long xen_callback_t;

#endif /* !__ASSEMBLY__ */

#endif /* __XEN_PUBLIC_ARCH_X86_XEN_X86_64_H__ */
