/* SPDX-License-Identifier: MIT */
/*
 * x86 records of hvm/save.h (include that one). Each record is named in its DECLARE_HVM_SAVE_TYPE;
 * CPU_XSAVE and CPU_MSR have a variable length and only a code.
 */
#ifndef __XEN_PUBLIC_HVM_SAVE_X86_H__
#define __XEN_PUBLIC_HVM_SAVE_X86_H__

#include "../../xen.h"

/* First record of a stream. */
#define HVM_FILE_MAGIC   0x54381286
#define HVM_FILE_VERSION 0x00000001

struct hvm_save_header {
    uint32_t magic;
    uint32_t version;
    xenith_u64_t changeset; /* of the hypervisor that wrote it */
    uint32_t cpuid;     /* leaf 1 eax of that machine */
    uint32_t gtsc_khz;  /* TSC frequency that the guest sees */
};

DECLARE_HVM_SAVE_TYPE(HEADER, 1, struct hvm_save_header);

/* hvm_hw_cpu.flags */
#define _XEN_X86_FPU_INITIALISED 0
#define XEN_X86_FPU_INITIALISED  (1U << _XEN_X86_FPU_INITIALISED)

/* Registers of a vCPU that both the present record and the one before Xen 3.4 have. */
#define XENITH_ABI_HVM_CPU_REGISTERS                                                             \
    uint8_t fpu_regs[512]; /* FXSAVE image */                                                     \
    xenith_u64_t rax, rbx, rcx, rdx, rbp, rsi, rdi, rsp;                                          \
    xenith_u64_t r8, r9, r10, r11, r12, r13, r14, r15;                                            \
    xenith_u64_t rip, rflags;                                                                     \
    xenith_u64_t cr0, cr2, cr3, cr4;                                                              \
    xenith_u64_t dr0, dr1, dr2, dr3, dr6, dr7;                                                    \
    uint32_t cs_sel, ds_sel, es_sel, fs_sel, gs_sel, ss_sel, tr_sel, ldtr_sel;                    \
    uint32_t cs_limit, ds_limit, es_limit, fs_limit, gs_limit, ss_limit, tr_limit, ldtr_limit;    \
    uint32_t idtr_limit, gdtr_limit;                                                              \
    xenith_u64_t cs_base, ds_base, es_base, fs_base, gs_base, ss_base, tr_base, ldtr_base;        \
    xenith_u64_t idtr_base, gdtr_base;                                                            \
    uint32_t cs_arbytes, ds_arbytes, es_arbytes, fs_arbytes;                                      \
    uint32_t gs_arbytes, ss_arbytes, tr_arbytes, ldtr_arbytes;                                    \
    xenith_u64_t sysenter_cs, sysenter_esp, sysenter_eip;                                         \
    xenith_u64_t shadow_gs;                                                                       \
    xenith_u64_t msr_flags; /* ignored */                                                         \
    xenith_u64_t msr_lstar, msr_star, msr_cstar, msr_syscall_mask, msr_efer

/* An event that was being delivered. */
#define XENITH_ABI_HVM_PENDING_EVENT          \
    union {                                   \
        uint32_t pending_event;               \
        struct {                              \
            uint8_t pending_vector : 8;       \
            uint8_t pending_type : 3;         \
            uint8_t pending_error_valid : 1;  \
            uint32_t pending_reserved : 19;   \
            uint8_t pending_valid : 1;        \
        };                                    \
    };                                        \
    uint32_t error_code

struct hvm_hw_cpu {
    XENITH_ABI_HVM_CPU_REGISTERS;
    xenith_u64_t msr_tsc_aux;
    xenith_u64_t tsc; /* what RDTSC would have given */
    XENITH_ABI_HVM_PENDING_EVENT;
    uint32_t flags; /* XEN_X86_FPU_INITIALISED; since 4.7 */
    uint32_t pad0;
};

/* Before Xen 3.4: without msr_tsc_aux and flags. */
struct hvm_hw_cpu_compat {
    XENITH_ABI_HVM_CPU_REGISTERS;
    xenith_u64_t tsc;
    XENITH_ABI_HVM_PENDING_EVENT;
};

#undef XENITH_ABI_HVM_CPU_REGISTERS
#undef XENITH_ABI_HVM_PENDING_EVENT

/*
 * Turns an older body of size bytes, in a buffer that has room for the present one, into that.
 * Writers before 4.7 knew no flags: their FPU state always counts as initialised.
 */
static inline int _hvm_hw_fix_cpu(void *h, uint32_t size)
{
    union {
        void *raw;
        struct hvm_hw_cpu *now;
        struct hvm_hw_cpu_compat *old;
    } cpu;

    cpu.raw = h;
    if (size == sizeof(struct hvm_hw_cpu_compat)) {
        const xenith_u64_t tsc = cpu.old->tsc;
        const uint32_t event = cpu.old->pending_event;
        const uint32_t error = cpu.old->error_code;

        cpu.now->msr_tsc_aux = 0;
        cpu.now->tsc = tsc;
        cpu.now->pending_event = event;
        cpu.now->error_code = error;
    }
    cpu.now->flags = XEN_X86_FPU_INITIALISED;
    return 0;
}

DECLARE_HVM_SAVE_TYPE_COMPAT(CPU, 2, struct hvm_hw_cpu, struct hvm_hw_cpu_compat, _hvm_hw_fix_cpu);

/* 8259A; instance 0 is the master. */
struct hvm_hw_vpic {
    uint8_t irr, imr, isr;
    uint8_t irq_base;                      /* IRQ number of line 0 */
    uint8_t init_state : 4;                /* 1:0 next ICW minus 1 (0: done), 2 IC4, 3 SNGL */
    uint8_t priority_add : 4;              /* line of highest priority */
    uint8_t readsel_isr : 1;               /* command port reads ISR, not IRR */
    uint8_t poll : 1;
    uint8_t auto_eoi : 1;
    uint8_t rotate_on_auto_eoi : 1;
    uint8_t special_fully_nested_mode : 1;
    uint8_t special_mask_mode : 1;
    uint8_t is_master : 1;
    uint8_t elcr;                          /* level triggered lines */
    uint8_t int_output;
};

DECLARE_HVM_SAVE_TYPE(PIC, 3, struct hvm_hw_vpic);

/* I/O APIC. The hypervisor itself may build one with another number of pins. */
union vioapic_redir_entry {
    xenith_u64_t bits;
    struct {
        uint8_t vector;
        uint8_t delivery_mode : 3;
        uint8_t dest_mode : 1;
        uint8_t delivery_status : 1;
        uint8_t polarity : 1;
        uint8_t remote_irr : 1;
        uint8_t trig_mode : 1;
        uint8_t mask : 1;
        uint8_t reserve : 7;
        uint8_t reserved[4];
        uint8_t dest_id;
    } fields;
};

#define VIOAPIC_NUM_PINS 48 /* 16 ISA lines, 32 PCI lines */

#define XEN_HVM_VIOAPIC(name, cnt)               \
    struct name {                                \
        xenith_u64_t base_address;                   \
        uint32_t ioregsel;                       \
        uint32_t id;                             \
        union vioapic_redir_entry redirtbl[cnt]; \
    }

XEN_HVM_VIOAPIC(hvm_hw_vioapic, VIOAPIC_NUM_PINS);

#ifdef __XEN__
#undef VIOAPIC_NUM_PINS
#else
#undef XEN_HVM_VIOAPIC
#endif

DECLARE_HVM_SAVE_TYPE(IOAPIC, 4, struct hvm_hw_vioapic);

/* Local APIC: hidden state, and its register page. */
struct hvm_hw_lapic {
    xenith_u64_t apic_base_msr;
    uint32_t disabled;
    uint32_t timer_divisor;
    xenith_u64_t tdt_msr; /* TSC deadline */
};

DECLARE_HVM_SAVE_TYPE(LAPIC, 5, struct hvm_hw_lapic);

struct hvm_hw_lapic_regs {
    uint8_t data[1024];
};

DECLARE_HVM_SAVE_TYPE(LAPIC_REGS, 6, struct hvm_hw_lapic_regs);

/* Level of the interrupt wires: bit device * 4 + pin, bit ISA line; then the router between. */
struct hvm_hw_pci_irqs {
    union {
        xenith_ulong_t i[16 / sizeof(xenith_ulong_t)];
        xenith_u64_t pad[2];
    };
};

DECLARE_HVM_SAVE_TYPE(PCI_IRQ, 7, struct hvm_hw_pci_irqs);

struct hvm_hw_isa_irqs {
    union {
        xenith_ulong_t i[1];
        xenith_u64_t pad[1];
    };
};

DECLARE_HVM_SAVE_TYPE(ISA_IRQ, 8, struct hvm_hw_isa_irqs);

struct hvm_hw_pci_link {
    uint8_t route[4]; /* ISA line of link (device + pin) mod 4 */
    uint8_t pad0[4];
};

DECLARE_HVM_SAVE_TYPE(PCI_LINK, 9, struct hvm_hw_pci_link);

/* 8254. */
struct hvm_hw_pit {
    struct hvm_hw_pit_channel {
        uint32_t count; /* 1..65536 */
        uint16_t latched_count;
        uint8_t count_latched, status_latched;
        uint8_t status;
        uint8_t read_state, write_state, write_latch;
        uint8_t rw_mode, mode;
        uint8_t bcd;
        uint8_t gate;
    } channels[3];
    uint32_t speaker_data_on;
    uint32_t pad0;
};

DECLARE_HVM_SAVE_TYPE(PIT, 10, struct hvm_hw_pit);

/* MC146818. */
#define RTC_CMOS_SIZE 14

struct hvm_hw_rtc {
    uint8_t cmos_data[RTC_CMOS_SIZE];
    uint8_t cmos_index;
    uint8_t pad0;
    xenith_s64_t rtc_offset; /* from the host's clock */
};

DECLARE_HVM_SAVE_TYPE(RTC, 11, struct hvm_hw_rtc);

/* HPET: the register page, and what was last written to each comparator. */
#define HPET_TIMER_NUM 3

struct hvm_hw_hpet {
    xenith_u64_t capability;
    xenith_u64_t res0;
    xenith_u64_t config;
    xenith_u64_t res1;
    xenith_u64_t isr;
    xenith_u64_t res2[25];
    xenith_u64_t mc64;
    xenith_u64_t res3;
    struct {
        xenith_u64_t config;
        xenith_u64_t cmp;
        xenith_u64_t fsb;
        xenith_u64_t res4;
    } timers[HPET_TIMER_NUM];
    xenith_u64_t res5[4 * (24 - HPET_TIMER_NUM)];

    xenith_u64_t period[HPET_TIMER_NUM];
};

DECLARE_HVM_SAVE_TYPE(HPET, 12, struct hvm_hw_hpet);

/* ACPI PM timer and PM1a event block. */
struct hvm_hw_pmtimer {
    uint32_t tmr_val;
    uint16_t pm1a_sts;
    uint16_t pm1a_en;
};

DECLARE_HVM_SAVE_TYPE(PMTIMER, 13, struct hvm_hw_pmtimer);

#define MTRR_VCNT     8
#define NUM_FIXED_MSR 11

struct hvm_hw_mtrr {
    xenith_u64_t msr_pat_cr;
    xenith_u64_t msr_mtrr_var[MTRR_VCNT * 2]; /* base and mask in turn */
    xenith_u64_t msr_mtrr_fixed[NUM_FIXED_MSR];
    xenith_u64_t msr_mtrr_cap;
    xenith_u64_t msr_mtrr_def_type;
};

DECLARE_HVM_SAVE_TYPE(MTRR, 14, struct hvm_hw_mtrr);

/* XSAVE image in the standard layout; components beyond the header follow the structure. */
#define CPU_XSAVE_CODE 16

struct hvm_hw_cpu_xsave {
    xenith_u64_t xfeature_mask; /* ignored */
    xenith_u64_t xcr0;
    xenith_u64_t xcr0_accum; /* every bit that xcr0 ever had */
    struct {
        struct {
            char x[512];
        } fpu_sse;
        struct hvm_hw_cpu_xsave_hdr {
            xenith_u64_t xstate_bv;
            xenith_u64_t xcomp_bv;
            xenith_u64_t reserved[6];
        } xsave_hdr;
    } save_area;
};

struct hvm_viridian_domain_context {
    xenith_u64_t hypercall_gpa;
    xenith_u64_t guest_os_id;
    xenith_u64_t time_ref_count;
    xenith_u64_t reference_tsc;
};

DECLARE_HVM_SAVE_TYPE(VIRIDIAN_DOMAIN, 15, struct hvm_viridian_domain_context);

struct hvm_viridian_vcpu_context {
    xenith_u64_t vp_assist_msr;
    uint8_t apic_assist_pending;
    uint8_t _pad[7];
    xenith_u64_t simp_msr;
    xenith_u64_t sint_msr[16];
    xenith_u64_t stimer_config_msr[4];
    xenith_u64_t stimer_count_msr[4];
};

DECLARE_HVM_SAVE_TYPE(VIRIDIAN_VCPU, 17, struct hvm_viridian_vcpu_context);

struct hvm_vmce_vcpu {
    xenith_u64_t caps;
    xenith_u64_t mci_ctl2_bank0;
    xenith_u64_t mci_ctl2_bank1;
    xenith_u64_t mcg_ext_ctl;
};

DECLARE_HVM_SAVE_TYPE(VMCE_VCPU, 18, struct hvm_vmce_vcpu);

struct hvm_tsc_adjust {
    xenith_u64_t tsc_adjust;
};

DECLARE_HVM_SAVE_TYPE(TSC_ADJUST, 19, struct hvm_tsc_adjust);

/* Further MSRs, by index; only those that are not at their reset value. */
#define CPU_MSR_CODE 20

struct hvm_msr {
    uint32_t count;
    struct hvm_one_msr {
        uint32_t index;
        uint32_t _rsvd;
        xenith_u64_t val;
    } msr[XEN_FLEX_ARRAY_DIM];
};

/* 22..34 belong to a vendor and must not be given out. */
#define HVM_SAVE_CODE_MAX 20

#endif
