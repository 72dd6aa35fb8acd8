/* SPDX-License-Identifier: MIT */
/*
 * Per-domain 64-bit parameters, read and written by HVMOP_get_param and HVMOP_set_param.
 * They are numbered for every guest kind that is not PV (HVM, PVH, Arm). Most are written by the
 * domain builder before the guest runs; a guest itself may set only a handful (CALLBACK_IRQ,
 * VIRIDIAN, ...). The values are stored by the hypervisor and live as long as the domain.
 */
#ifndef __XEN_PUBLIC_HVM_PARAMS_H__
#define __XEN_PUBLIC_HVM_PARAMS_H__

#include "../abi_arch.h"
#include "hvm_op.h"

#define HVM_NR_PARAMS                       39

/* Where the guest finds its store page, console page and their event channels. */
#define HVM_PARAM_STORE_PFN                  1
#define HVM_PARAM_STORE_EVTCHN               2
#define HVM_PARAM_CONSOLE_PFN               17
#define HVM_PARAM_CONSOLE_EVTCHN            18

/* Device model pages: the default ioreq server's, and the pool for further servers. */
#define HVM_PARAM_IOREQ_PFN                  5
#define HVM_PARAM_BUFIOREQ_PFN               6
#define HVM_PARAM_IOREQ_SERVER_PFN          32
#define HVM_PARAM_NR_IOREQ_SERVER_PAGES     33

/* Ring pages of the vm_event interfaces. */
#define HVM_PARAM_PAGING_RING_PFN           27
#define HVM_PARAM_MONITOR_RING_PFN          28
#define HVM_PARAM_SHARING_RING_PFN          29

/*
 * How vCPU 0 learns of pending events. Zero means not at all; otherwise the top byte is one of
 * HVM_PARAM_CALLBACK_TYPE_* and the rest depends on it:
 *   GSI       bits 55:0  the line (never 0)
 *   PCI_INTX  bits 47:32 segment, 31:16 bus, 15:8 devfn, 1:0 pin
 *   VECTOR    bits 7:0   the vector (x86, if XENFEAT_hvm_callback_vector)
 *   PPI       bits 7:0   the PPI, 8 edge triggered, 9 active low, 55:16 zero (Arm)
 */
#define HVM_PARAM_CALLBACK_IRQ               0
#define HVM_PARAM_CALLBACK_IRQ_TYPE_MASK    xen_mk_ullong(0xFF00000000000000)
#define HVM_PARAM_CALLBACK_TYPE_GSI          0
#define HVM_PARAM_CALLBACK_TYPE_PCI_INTX     1
#if XENITH_ABI_ARCH == XENITH_ABI_X86_64 || XENITH_ABI_ARCH == XENITH_ABI_X86_32
#define HVM_PARAM_CALLBACK_TYPE_VECTOR       2

/*
 * Which Hyper-V enlightenments the guest sees: a mask of HVMPV_* that must include base_freq
 * (hypercall page, APIC and VP index MSRs, timer frequencies) unless it is zero. no_freq takes the
 * frequency MSRs away again, as before Xen 4.4. The underscored names are the bit numbers.
 */
#define HVM_PARAM_VIRIDIAN                   9

#define _HVMPV_base_freq                     0
#define _HVMPV_no_freq                       1
#define _HVMPV_time_ref_count                2
#define _HVMPV_reference_tsc                 3
#define _HVMPV_hcall_remote_tlb_flush        4
#define _HVMPV_apic_assist                   5
#define _HVMPV_crash_ctl                     6
#define _HVMPV_synic                         7
#define _HVMPV_stimer                        8
#define _HVMPV_hcall_ipi                     9
#define _HVMPV_ex_processor_masks           10
#define _HVMPV_no_vp_limit                  11
#define _HVMPV_cpu_hotplug                  12

#define HVMPV_base_freq                     (1 << _HVMPV_base_freq)
#define HVMPV_no_freq                       (1 << _HVMPV_no_freq)
#define HVMPV_time_ref_count                (1 << _HVMPV_time_ref_count)
#define HVMPV_reference_tsc                 (1 << _HVMPV_reference_tsc)
#define HVMPV_hcall_remote_tlb_flush        (1 << _HVMPV_hcall_remote_tlb_flush)
#define HVMPV_apic_assist                   (1 << _HVMPV_apic_assist)
#define HVMPV_crash_ctl                     (1 << _HVMPV_crash_ctl)
#define HVMPV_synic                         (1 << _HVMPV_synic)
#define HVMPV_stimer                        (1 << _HVMPV_stimer)
#define HVMPV_hcall_ipi                     (1 << _HVMPV_hcall_ipi)
#define HVMPV_ex_processor_masks            (1 << _HVMPV_ex_processor_masks)
#define HVMPV_no_vp_limit                   (1 << _HVMPV_no_vp_limit)
#define HVMPV_cpu_hotplug                   (1 << _HVMPV_cpu_hotplug)

/* Every bit that may be set: all thirteen are defined without a gap. */
#define HVMPV_feature_mask                  ((1 << (_HVMPV_cpu_hotplug + 1)) - 1)
#else
#define HVM_PARAM_CALLBACK_TYPE_PPI          2
#define HVM_PARAM_CALLBACK_TYPE_PPI_FLAG_MASK      0xFF00
#define HVM_PARAM_CALLBACK_TYPE_PPI_FLAG_LOW_LEVEL 2
#endif

/* What emulated periodic timers do with ticks that fell due while the vCPU was not running. */
#define HVM_PARAM_TIMER_MODE                10
#define HVMPTM_delay_for_missed_ticks        0 /* deliver all; guest time lags behind meanwhile */
#define HVMPTM_no_delay_for_missed_ticks     1 /* deliver all; guest time is wall time */
#define HVMPTM_no_missed_ticks_pending       2 /* keep none; the timer goes on while preempted */
#define HVMPTM_one_missed_tick_pending       3 /* fold them into one late tick */

#define HVM_PARAM_HPET_ENABLED              11 /* boolean, x86 */
#define HVM_PARAM_IDENT_PT                  12 /* identity page table for VMX without paging */
#define HVM_PARAM_ACPI_S_STATE              14 /* 0 or 3 */
#define HVM_PARAM_VM86_TSS                  15 /* superseded by VM86_TSS_SIZED */
#define HVM_PARAM_VPT_ALIGN                 16 /* boolean: align periodic timers to each other */
#define HVM_PARAM_ACPI_IOPORTS_LOCATION     19 /* version n: ACPI_*_ADDRESS_Vn of hvm/ioreq.h */
#define HVM_PARAM_TRIPLE_FAULT_REASON       31 /* SHUTDOWN_* */
#define HVM_PARAM_VM_GENERATION_ID_ADDR     34 /* guest-physical address */

/* Who may use alternative p2m views of this domain. */
#define HVM_PARAM_ALTP2M                    35
#define XEN_ALTP2M_disabled                  0
#define XEN_ALTP2M_mixed                     1 /* guest and tools */
#define XEN_ALTP2M_external                  2 /* tools only */
#define XEN_ALTP2M_limited                   3 /* guest: only VMFUNC and #VE */

/* Bytes of x87 FIP and FDP that are kept: 8, 4 (with the selectors), or 0 to decide by value. */
#define HVM_PARAM_X87_FIP_WIDTH             36

/* TSS for VMX real mode: address in the low half, size in the high half. */
#define HVM_PARAM_VM86_TSS_SIZED            37

#define HVM_PARAM_MCA_CAP                   38
#define XEN_HVM_MCA_CAP_LMCE                (xen_mk_ullong(1) << 0)
#define XEN_HVM_MCA_CAP_MASK                XEN_HVM_MCA_CAP_LMCE

/* Numbers that mean nothing any more; the tools still name them. */
#if defined(__XEN__) || defined(__XEN_TOOLS__)
#define HVM_PARAM_PAE_ENABLED                4
#define HVM_PARAM_DM_DOMAIN                 13
#define HVM_PARAM_MEMORY_EVENT_CR0          20
#define HVM_PARAM_MEMORY_EVENT_CR3          21
#define HVM_PARAM_MEMORY_EVENT_CR4          22
#define HVM_PARAM_MEMORY_EVENT_INT3         23
#define HVM_PARAM_NESTEDHVM                 24
#define HVM_PARAM_MEMORY_EVENT_SINGLE_STEP  25
#define HVM_PARAM_BUFIOREQ_EVTCHN           26
#define HVM_PARAM_MEMORY_EVENT_MSR          30
#endif

#endif
