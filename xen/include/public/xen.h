/* SPDX-License-Identifier: MIT */
/*
 * The core of the ABI between guests and hypervisor: hypercall numbers, page-table operations, and
 * the structures that both sides share. Every other header of this folder builds on this one.
 *
 * "in" and "out" are seen from the hypervisor. Hypercalls return 0 or more on success and a
 * negative errno (errno.h) on failure. MFN: machine frame; PFN/GFN: frame as the guest numbers its
 * memory.
 */
#ifndef __XEN_PUBLIC_XEN_H__
#define __XEN_PUBLIC_XEN_H__

#include "abi_arch.h"
#include "xen-compat.h"

#if XENITH_ABI_X86
#include "arch-x86/xen.h"
#else
#include "arch-arm.h"
#endif

#ifndef __ASSEMBLY__

DEFINE_XEN_GUEST_HANDLE(char);
__DEFINE_XEN_GUEST_HANDLE(uchar, unsigned char);
DEFINE_XEN_GUEST_HANDLE(int);
__DEFINE_XEN_GUEST_HANDLE(uint, unsigned int);
#if __XEN_INTERFACE_VERSION__ < 0x00040300
DEFINE_XEN_GUEST_HANDLE(long);
__DEFINE_XEN_GUEST_HANDLE(ulong, unsigned long);
#endif
DEFINE_XEN_GUEST_HANDLE(void);
DEFINE_XEN_GUEST_HANDLE(uint64_t);
DEFINE_XEN_GUEST_HANDLE(xen_pfn_t);
DEFINE_XEN_GUEST_HANDLE(xen_ulong_t);

/* Dimension of an array at the end of a structure whose length the caller knows. */
#if defined(__STDC_VERSION__) && __STDC_VERSION__ >= 199901L
#define XEN_FLEX_ARRAY_DIM
#elif defined(__GNUC__)
#define XEN_FLEX_ARRAY_DIM 0
#else
#define XEN_FLEX_ARRAY_DIM 1
#endif

/* Suffixes for constants that assembly reads too. */
#define __xen_mk_uint(x)  x##U
#define __xen_mk_ulong(x) x##UL
#ifndef __xen_mk_ullong
#define __xen_mk_ullong(x) x##ULL
#endif
#define xen_mk_uint(x)   __xen_mk_uint(x)
#define xen_mk_ulong(x)  __xen_mk_ulong(x)
#define xen_mk_ullong(x) __xen_mk_ullong(x)

#else

#define xen_mk_uint(x)   x
#define xen_mk_ulong(x)  x
#define xen_mk_ullong(x) x

#endif

/* Hypercall numbers. */
#define __HYPERVISOR_set_trap_table              0
#define __HYPERVISOR_mmu_update                  1
#define __HYPERVISOR_set_gdt                     2
#define __HYPERVISOR_stack_switch                3
#define __HYPERVISOR_set_callbacks               4
#define __HYPERVISOR_fpu_taskswitch              5
#define __HYPERVISOR_sched_op_compat             6 /* replaced by 29 */
#define __HYPERVISOR_platform_op                 7
#define __HYPERVISOR_set_debugreg                8
#define __HYPERVISOR_get_debugreg                9
#define __HYPERVISOR_update_descriptor          10
#define __HYPERVISOR_memory_op                  12
#define __HYPERVISOR_multicall                  13
#define __HYPERVISOR_update_va_mapping          14
#define __HYPERVISOR_set_timer_op               15
#define __HYPERVISOR_event_channel_op_compat    16 /* replaced by 32 */
#define __HYPERVISOR_xen_version                17
#define __HYPERVISOR_console_io                 18
#define __HYPERVISOR_physdev_op_compat          19 /* replaced by 33 */
#define __HYPERVISOR_grant_table_op             20
#define __HYPERVISOR_vm_assist                  21
#define __HYPERVISOR_update_va_mapping_otherdomain 22
#define __HYPERVISOR_iret                       23 /* x86 */
#define __HYPERVISOR_vcpu_op                    24
#define __HYPERVISOR_set_segment_base           25 /* x86_64 */
#define __HYPERVISOR_mmuext_op                  26
#define __HYPERVISOR_xsm_op                     27
#define __HYPERVISOR_nmi_op                     28
#define __HYPERVISOR_sched_op                   29
#define __HYPERVISOR_callback_op                30
#define __HYPERVISOR_xenoprof_op                31
#define __HYPERVISOR_event_channel_op           32
#define __HYPERVISOR_physdev_op                 33
#define __HYPERVISOR_hvm_op                     34
#define __HYPERVISOR_sysctl                     35
#define __HYPERVISOR_domctl                     36
#define __HYPERVISOR_kexec_op                   37
#define __HYPERVISOR_tmem_op                    38
#define __HYPERVISOR_argo_op                    39
#define __HYPERVISOR_xenpmu_op                  40
#define __HYPERVISOR_dm_op                      41
#define __HYPERVISOR_hypfs_op                   42
/* Each architecture's own; x86: arch_0 is the machine-check interface (arch-x86/xen-mca.h). */
#define __HYPERVISOR_arch_0                     48
#define __HYPERVISOR_arch_1                     49
#define __HYPERVISOR_arch_2                     50
#define __HYPERVISOR_arch_3                     51
#define __HYPERVISOR_arch_4                     52
#define __HYPERVISOR_arch_5                     53
#define __HYPERVISOR_arch_6                     54
#define __HYPERVISOR_arch_7                     55

/* Old guests mean the old calls by these names. */
#if __XEN_INTERFACE_VERSION__ < 0x00030101
#undef __HYPERVISOR_sched_op
#define __HYPERVISOR_sched_op __HYPERVISOR_sched_op_compat
#endif
#if __XEN_INTERFACE_VERSION__ < 0x00030202
#undef __HYPERVISOR_event_channel_op
#undef __HYPERVISOR_physdev_op
#define __HYPERVISOR_event_channel_op __HYPERVISOR_event_channel_op_compat
#define __HYPERVISOR_physdev_op       __HYPERVISOR_physdev_op_compat
#endif
#if __XEN_INTERFACE_VERSION__ < 0x00030204
#define __HYPERVISOR_dom0_op __HYPERVISOR_platform_op
#endif

/*
 * Virtual interrupts, for EVTCHNOP_bind_virq. [v] one for each vCPU, bound to it for ever.
 * [g] one for each domain, [h] one for the machine, for the control domain; these start on vCPU 0
 * and may move.
 */
#define VIRQ_TIMER       0 /* [v] one-shot or periodic timer fired */
#define VIRQ_DEBUG       1 /* [v] somebody wants the guest's state dumped */
#define VIRQ_CONSOLE     2 /* [h] input on the emergency console */
#define VIRQ_DOM_EXC     3 /* [h] a domain shut down, crashed or died */
#define VIRQ_TBUF        4 /* [h] the trace buffers have filled up */
#define VIRQ_DEBUGGER    6 /* [h] a domain stopped for its debugger */
#define VIRQ_XENOPROF    7 /* [v] new profile samples */
#define VIRQ_CON_RING    8 /* [h] output in the hypervisor's console ring */
#define VIRQ_PCPU_STATE  9 /* [h] a CPU went on or off line */
#define VIRQ_MEM_EVENT  10 /* [h] a memory event happened */
#define VIRQ_ARGO       11 /* [g] argo message or space */
#define VIRQ_ENOMEM     12 /* [h] the heap runs low */
#define VIRQ_XENPMU     13 /* [v] performance counter overflow */
#define VIRQ_ARCH_0     16
#define VIRQ_ARCH_1     17
#define VIRQ_ARCH_2     18
#define VIRQ_ARCH_3     19
#define VIRQ_ARCH_4     20
#define VIRQ_ARCH_5     21
#define VIRQ_ARCH_6     22
#define VIRQ_ARCH_7     23
#define NR_VIRQS        24

/*
 * HYPERVISOR_mmu_update(reqs[], count, *done_out, foreigndom)
 *
 * foreigndom: bits 15:0 name the owner of the data pages, bits 31:16 the owner of the page tables
 * plus 1 (0: the caller). DOMID_IO as data owner allows device frames only, DOMID_XEN frames that
 * the hypervisor shares.
 *
 * Each request has a command in ptr[1:0]. Page tables are mapped read-only by their guest; a frame
 * is either writable or a page table of one level, never both. Bit 7 of an L1 entry is PAT, with
 * the hypervisor's PAT contents: WB, WT, UC-, UC, WC, WP, reserved, reserved (index PAT:PCD:PWT).
 */
#define MMU_NORMAL_PT_UPDATE       0 /* entry at machine address ptr = val, checked */
#define MMU_MACHPHYS_UPDATE        1 /* m2p of the frame at machine address ptr = val */
#define MMU_PT_UPDATE_PRESERVE_AD  2 /* as 0, atomically keeping accessed and dirty */
#define MMU_PT_UPDATE_NO_TRANSLATE 3 /* as 0, val is a machine frame even in a translated guest */

/*
 * HYPERVISOR_mmuext_op(uops[], count, *done_out, foreigndom); arg1 is mfn, or linear_addr where
 * noted. The PIN operations validate a frame as the root of a tree and hold that type until UNPIN.
 */
#define MMUEXT_PIN_L1_TABLE        0
#define MMUEXT_PIN_L2_TABLE        1
#define MMUEXT_PIN_L3_TABLE        2
#define MMUEXT_PIN_L4_TABLE        3
#define MMUEXT_UNPIN_TABLE         4
#define MMUEXT_NEW_BASEPTR         5 /* load CR3 */
#define MMUEXT_TLB_FLUSH_LOCAL     6 /* no argument */
#define MMUEXT_INVLPG_LOCAL        7 /* linear_addr */
#define MMUEXT_TLB_FLUSH_MULTI     8 /* vcpumask */
#define MMUEXT_INVLPG_MULTI        9 /* linear_addr, vcpumask */
#define MMUEXT_TLB_FLUSH_ALL      10 /* no argument: all vCPUs */
#define MMUEXT_INVLPG_ALL         11 /* linear_addr: all vCPUs */
#define MMUEXT_FLUSH_CACHE        12 /* no argument: WBINVD here */
#define MMUEXT_SET_LDT            13 /* linear_addr (page aligned), nr_ents */
#define MMUEXT_NEW_USER_BASEPTR   15 /* CR3 for user mode, x86_64; mfn 0 means none */
#define MMUEXT_CLEAR_PAGE         16
#define MMUEXT_COPY_PAGE          17 /* mfn = contents of src_mfn */
#define MMUEXT_FLUSH_CACHE_GLOBAL 18 /* no argument: WBINVD on all CPUs */
#define MMUEXT_MARK_SUPER         19 /* superpages of PV guests: not supported any more */
#define MMUEXT_UNMARK_SUPER       20

#ifndef __ASSEMBLY__
struct mmuext_op {
    unsigned int cmd; /* MMUEXT_* */
    union {
        xen_pfn_t mfn;
        xenith_ulong_t linear_addr;
    } arg1;
    union {
        unsigned int nr_ents;
#if __XEN_INTERFACE_VERSION__ >= 0x00030205 || defined(XENITH_ABI_FOREIGN_X86_32)
        XEN_GUEST_HANDLE(const_void) vcpumask; /* bit n: vCPU n */
#else
        const void *vcpumask;
#endif
        xen_pfn_t src_mfn;
    } arg2;
};
XENITH_ABI_TYPE_HANDLE(mmuext_op);
#endif

/*
 * HYPERVISOR_update_va_mapping(va, val, flags): write the L1 entry that maps va in the current
 * address space. ..._otherdomain(va, val, flags, domid): val names a frame of that domain.
 * flags: how much to flush, and on which vCPUs; for UVMF_MULTI the upper bits are a pointer to a
 * vCPU bitmap, NULL for the caller alone.
 */
#define UVMF_NONE           (xen_mk_ulong(0) << 0)
#define UVMF_TLB_FLUSH      (xen_mk_ulong(1) << 0)
#define UVMF_INVLPG         (xen_mk_ulong(2) << 0)
#define UVMF_FLUSHTYPE_MASK (xen_mk_ulong(3) << 0)
#define UVMF_MULTI          (xen_mk_ulong(0) << 2)
#define UVMF_LOCAL          (xen_mk_ulong(0) << 2)
#define UVMF_ALL            (xen_mk_ulong(1) << 2)

/* HYPERVISOR_console_io(cmd, count, buffer); read returns the number of bytes. */
#define CONSOLEIO_write 0
#define CONSOLEIO_read  1

/* HYPERVISOR_vm_assist(cmd, type). */
#define VMASST_CMD_enable  0
#define VMASST_CMD_disable 1

#define VMASST_TYPE_4gb_segments          0 /* 32-bit: emulate accesses past the segment limit */
#define VMASST_TYPE_4gb_segments_notify   1 /* and tell the guest by vector 15 */
#define VMASST_TYPE_writable_pagetables   2 /* emulate guest writes to its page tables */
#define VMASST_TYPE_pae_extended_cr3      3 /* PAE root above 4 GiB */
#define VMASST_TYPE_architectural_iopl    4 /* IOPL as hardware has it, not PHYSDEVOP_set_iopl */
#define VMASST_TYPE_runstate_update_flag  5 /* XEN_RUNSTATE_UPDATE is set during updates */
#define VMASST_TYPE_m2p_strict           32 /* x86_64: no m2p in user-mode page tables */
#if __XEN_INTERFACE_VERSION__ < 0x00040600
#define MAX_VMASST_TYPE 3
#endif

/* Domain numbers with a meaning of their own. */
#define DOMID_FIRST_RESERVED xen_mk_uint(0x7FF0)
#define DOMID_SELF           xen_mk_uint(0x7FF0) /* the caller */
#define DOMID_IO             xen_mk_uint(0x7FF1) /* owns device frames */
#define DOMID_XEN            xen_mk_uint(0x7FF2) /* owns frames that the hypervisor shares */
#define DOMID_COW            xen_mk_uint(0x7FF3) /* owns frames shared copy-on-write */
#define DOMID_INVALID        xen_mk_uint(0x7FF4) /* nobody */
#define DOMID_IDLE           xen_mk_uint(0x7FFF) /* the hypervisor's idle loops */
#define DOMID_MASK           xen_mk_uint(0x7FFF)

#ifndef __ASSEMBLY__

typedef uint16_t domid_t;

struct mmu_update {
    xenith_u64_t ptr; /* machine address, command in bits 1:0 */
    xenith_u64_t val; /* new contents */
};
XENITH_ABI_TYPE_HANDLE(mmu_update);

/* HYPERVISOR_multicall(calls[], count) runs all, whatever each returns. */
struct multicall_entry {
    xen_ulong_t op, result; /* in, out */
    xen_ulong_t args[6];
};
XENITH_ABI_TYPE_HANDLE(multicall_entry);

#if __XEN_INTERFACE_VERSION__ < 0x00040400
#define NR_EVENT_CHANNELS EVTCHN_2L_NR_CHANNELS
#endif

/*
 * Clock of a vCPU, written by the hypervisor alone. It is consistent if version is even and the
 * same before and after reading:
 *   now = system_time + ((((tsc - tsc_timestamp) << tsc_shift) * tsc_to_system_mul) >> 32)
 * (a negative shift is to the right).
 */
struct vcpu_time_info {
    uint32_t version;
    uint32_t pad0;
    xenith_u64_t tsc_timestamp;
    xenith_u64_t system_time;   /* ns since boot of the hypervisor, at tsc_timestamp */
    uint32_t tsc_to_system_mul; /* ns per 2^32 ticks, after the shift */
    int8_t tsc_shift;
#if __XEN_INTERFACE_VERSION__ > 0x040600
    uint8_t flags; /* XEN_PVCLOCK_* */
    uint8_t pad1[2];
#else
    int8_t pad1[3];
#endif
};
XENITH_ABI_TYPE(vcpu_time_info);
#define XEN_PVCLOCK_TSC_STABLE_BIT (1 << 0) /* monotonic over all vCPUs */
#define XEN_PVCLOCK_GUEST_STOPPED  (1 << 1)

/* 64 bytes for each vCPU, in shared_info or where VCPUOP_register_vcpu_info put it. */
struct vcpu_info {
    uint8_t evtchn_upcall_pending; /* hypervisor sets, guest clears before it scans */
#ifdef XEN_HAVE_PV_UPCALL_MASK
    uint8_t evtchn_upcall_mask; /* guest: no upcalls, as a cleared interrupt flag */
#else
    uint8_t pad0;
#endif
    xen_ulong_t evtchn_pending_sel; /* bit n: look at word n of evtchn_pending */
    struct arch_vcpu_info arch;
    vcpu_time_info_t time;
};
#ifndef __XEN__
XENITH_ABI_TYPE(vcpu_info);
#endif

/* One page for each domain, written by both sides. */
struct shared_info {
    struct vcpu_info vcpu_info[XEN_LEGACY_MAX_VCPUS];
    /* Two-level event channels, one bit a port: raised, and held back by the guest. */
    xen_ulong_t evtchn_pending[sizeof(xen_ulong_t) * 8];
    xen_ulong_t evtchn_mask[sizeof(xen_ulong_t) * 8];
    /* Wall clock at system time 0, UTC; consistent under the rule of vcpu_time_info.version. */
    uint32_t wc_version;
    uint32_t wc_sec;
    uint32_t wc_nsec;
#if XENITH_ABI_ARCH != XENITH_ABI_X86_32
    uint32_t wc_sec_hi;
#define xen_wc_sec_hi wc_sec_hi
#elif !defined(__XEN__) && !defined(__XEN_TOOLS__)
#define xen_wc_sec_hi arch.wc_sec_hi
#endif
    struct arch_shared_info arch;
};
#ifndef __XEN__
XENITH_ABI_TYPE(shared_info);
#endif

#ifdef XEN_HAVE_PV_GUEST_ENTRY
/*
 * The page that a PV guest finds through its first register (rsi, esi). At entry its memory is,
 * from the virtual base on: kernel, module, p2m list, this page, store page, console page, page
 * tables, boot stack, and at least 512 KiB padding up to a 4 MiB boundary. After resume only the
 * members up to console are valid.
 */
struct start_info {
    char magic[32];             /* "xen-<version>-<platform>" */
    xenith_ulong_t nr_pages;    /* memory of the domain */
    xenith_ulong_t shared_info; /* machine address */
    uint32_t flags;             /* SIF_* */
    xen_pfn_t store_mfn;
    uint32_t store_evtchn;
    union {
        struct {
            xen_pfn_t mfn;
            uint32_t evtchn;
        } domU;
        struct {
            uint32_t info_off;  /* dom0_vga_console_info, offset in this page */
            uint32_t info_size;
        } dom0;
    } console;
    xenith_ulong_t pt_base;      /* virtual address of the top page table */
    xenith_ulong_t nr_pt_frames; /* page tables that were built */
    xenith_ulong_t mfn_list;     /* virtual address of the p2m list */
    xenith_ulong_t mod_start;    /* virtual address of the module; PFN with SIF_MOD_START_PFN */
    xenith_ulong_t mod_len;      /* bytes */
#define MAX_GUEST_CMDLINE 1024
    int8_t cmd_line[MAX_GUEST_CMDLINE];
    xenith_ulong_t first_p2m_pfn; /* the p2m list, if it is not behind the kernel */
    xenith_ulong_t nr_p2m_frames;
};
XENITH_ABI_TYPE(start_info);
#if __XEN_INTERFACE_VERSION__ < 0x00030203
#define console_mfn    console.domU.mfn
#define console_evtchn console.domU.evtchn
#endif
#endif

/* start_info.flags */
#define SIF_PRIVILEGED      (1 << 0)    /* may control the machine */
#define SIF_INITDOMAIN      (1 << 1)    /* is the first domain */
#define SIF_MULTIBOOT_MOD   (1 << 2)    /* mod_start is a xen_multiboot_mod_list */
#define SIF_MOD_START_PFN   (1 << 3)    /* mod_start is a PFN */
#define SIF_VIRT_P2M_4TOOLS (1 << 4)    /* the tools understand a linear p2m */
#define SIF_PM_MASK         (0xFF << 8) /* power management: who does what */

/* An array of these, ended by mod_start 0; addresses are offsets from the virtual base. */
struct xen_multiboot_mod_list {
    uint32_t mod_start;
    uint32_t mod_end; /* one past the last byte */
    uint32_t cmdline;
    uint32_t pad;
};

/* How the screen was left. Later members exist if start_info.console.dom0.info_size covers them. */
typedef struct dom0_vga_console_info {
    uint8_t video_type;
#define XEN_VGATYPE_TEXT_MODE_3 0x03
#define XEN_VGATYPE_VESA_LFB    0x23
#define XEN_VGATYPE_EFI_LFB     0x70
    union {
        struct {
            uint16_t font_height; /* pixels */
            uint16_t cursor_x, cursor_y;
            uint16_t rows, columns;
        } text_mode_3;
        struct {
            uint16_t width, height; /* pixels */
            uint16_t bytes_per_line;
            uint16_t bits_per_pixel;
            uint32_t lfb_base; /* physical address, low half */
            uint32_t lfb_size; /* 64 KiB units */
            uint8_t red_pos, red_size; /* bits within a pixel */
            uint8_t green_pos, green_size;
            uint8_t blue_pos, blue_size;
            uint8_t rsvd_pos, rsvd_size;
#if __XEN_INTERFACE_VERSION__ >= 0x00030206
            uint32_t gbl_caps; /* VESA capabilities and mode attributes */
            uint16_t mode_attrs;
            uint16_t pad;
#endif
#if __XEN_INTERFACE_VERSION__ >= 0x00040d00
            uint32_t ext_lfb_base; /* physical address, high half */
#endif
        } vesa_lfb; /* also for EFI */
    } u;
} dom0_vga_console_info_t;
#define xen_vga_console_info   dom0_vga_console_info
#define xen_vga_console_info_t dom0_vga_console_info_t

typedef uint8_t xen_domain_handle_t[16];

__DEFINE_XEN_GUEST_HANDLE(uint8, uint8_t);
__DEFINE_XEN_GUEST_HANDLE(uint16, uint16_t);
__DEFINE_XEN_GUEST_HANDLE(uint32, uint32_t);
__DEFINE_XEN_GUEST_HANDLE(uint64, uint64_t);

/* A UUID in the order in which it is written down. */
typedef struct {
    uint8_t a[16];
} xen_uuid_t;

/* From the five groups of the text: 32, 16, 16, 16 bits and six bytes. */
#define XEN_DEFINE_UUID_(a, b, c, d, e1, e2, e3, e4, e5, e6)                                      \
    {{((a) >> 24) & 0xFF, ((a) >> 16) & 0xFF, ((a) >> 8) & 0xFF, ((a) >> 0) & 0xFF,               \
      ((b) >> 8) & 0xFF, ((b) >> 0) & 0xFF, ((c) >> 8) & 0xFF, ((c) >> 0) & 0xFF,                 \
      ((d) >> 8) & 0xFF, ((d) >> 0) & 0xFF, e1, e2, e3, e4, e5, e6}}

#if defined(__cplusplus)
#define XEN_DEFINE_UUID(a, b, c, d, e1, e2, e3, e4, e5, e6) \
    (xen_uuid_t XEN_DEFINE_UUID_(a, b, c, d, e1, e2, e3, e4, e5, e6))
#elif defined(__STDC_VERSION__) ? __STDC_VERSION__ >= 199901L : defined(__GNUC__)
#define XEN_DEFINE_UUID(a, b, c, d, e1, e2, e3, e4, e5, e6) \
    ((xen_uuid_t)XEN_DEFINE_UUID_(a, b, c, d, e1, e2, e3, e4, e5, e6))
#else
#define XEN_DEFINE_UUID(a, b, c, d, e1, e2, e3, e4, e5, e6) \
    XEN_DEFINE_UUID_(a, b, c, d, e1, e2, e3, e4, e5, e6)
#endif

#endif /* !__ASSEMBLY__ */

/* What the control interfaces (domctl, sysctl, ...) are made of. */
#if defined(__XEN__) || defined(__XEN_TOOLS__)
#ifndef int64_aligned_t
#define int64_aligned_t int64_t
#endif
#ifndef uint64_aligned_t
#define uint64_aligned_t uint64_t
#endif
#ifndef XEN_GUEST_HANDLE_64
#define XEN_GUEST_HANDLE_64(name) XEN_GUEST_HANDLE(name)
#endif
#ifndef __ASSEMBLY__
struct xenctl_bitmap {
    XEN_GUEST_HANDLE_64(uint8) bitmap; /* bit n is bit n%8 of byte n/8 */
    uint32_t nr_bits;
};
XENITH_ABI_TYPE(xenctl_bitmap);
#endif
#endif

#endif /* __XEN_PUBLIC_XEN_H__ */
