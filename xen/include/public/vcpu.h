/* SPDX-License-Identifier: MIT */
/* HYPERVISOR_vcpu_op(cmd, vcpuid, extra_args): a guest's vCPUs and their shared areas. */
#ifndef __XEN_PUBLIC_VCPU_H__
#define __XEN_PUBLIC_VCPU_H__

#include "xen.h"

#define VCPUOP_initialise 0 /* arg: vcpu_guest_context (HVM: vcpu_hvm_context); once, before up */
#define VCPUOP_up         1
#define VCPUOP_down       2 /* stops at its next entry into the hypervisor */
#define VCPUOP_is_up      3 /* returns 0 or 1 */

#define VCPUOP_get_runstate_info 4
struct vcpu_runstate_info {
    int state;                     /* out: RUNSTATE_* */
    xenith_u64_t state_entry_time; /* out: ns; see XEN_RUNSTATE_UPDATE */
/*
 * Set in state_entry_time while the area changes, for guests with
 * VMASST_TYPE_runstate_update_flag.
 */
#define XEN_RUNSTATE_UPDATE (xen_mk_ullong(1) << 63)
    xenith_u64_t time[4];          /* out: ns spent in each RUNSTATE_* */
};
XENITH_ABI_TYPE_HANDLE(vcpu_runstate_info);

#define RUNSTATE_running  0
#define RUNSTATE_runnable 1 /* wants a CPU */
#define RUNSTATE_blocked  2 /* waits for an event */
#define RUNSTATE_offline  3 /* paused, down, or waiting for another domain */

/* Keep the runstate of a vCPU at this guest address up to date; of the caller, read directly. */
#define VCPUOP_register_runstate_memory_area 5
struct vcpu_register_runstate_memory_area {
    union {
        XEN_GUEST_HANDLE(vcpu_runstate_info_t) h;
#ifndef XENITH_ABI_FOREIGN_X86_32
        struct vcpu_runstate_info *v;
#endif
        xenith_u64_t p;
    } addr; /* in */
};
XENITH_ABI_TYPE_HANDLE(vcpu_register_runstate_memory_area);

#define VCPUOP_set_periodic_timer  6
#define VCPUOP_stop_periodic_timer 7 /* no arg */
struct vcpu_set_periodic_timer {
    xenith_u64_t period_ns; /* in: at least 1 ms */
};
XENITH_ABI_TYPE_HANDLE(vcpu_set_periodic_timer);

#define VCPUOP_set_singleshot_timer  8
#define VCPUOP_stop_singleshot_timer 9 /* no arg */
struct vcpu_set_singleshot_timer {
    xenith_u64_t timeout_abs_ns; /* in: system time */
    uint32_t flags;              /* in: VCPU_SSHOTTMR_* */
};
XENITH_ABI_TYPE_HANDLE(vcpu_set_singleshot_timer);
/* A time that has passed is an error (ETIME) rather than an event at once. */
#define _VCPU_SSHOTTMR_future (0)
#define VCPU_SSHOTTMR_future  (1U << _VCPU_SSHOTTMR_future)

/* Move vcpu_info out of shared_info, once for each vCPU, never back. */
#define VCPUOP_register_vcpu_info 10
struct vcpu_register_vcpu_info {
    xenith_u64_t mfn; /* in: frame as the guest names it */
    uint32_t offset;  /* in: bytes into it */
    uint32_t rsvd;
};
XENITH_ABI_TYPE_HANDLE(vcpu_register_vcpu_info);

#define VCPUOP_send_nmi 11 /* no arg */

/* Where a pinned vCPU of the hardware domain runs. */
#define VCPUOP_get_physid 12
struct vcpu_get_physid {
    xenith_u64_t phys_id; /* out */
};
XENITH_ABI_TYPE_HANDLE(vcpu_get_physid);
#define xen_vcpu_physid_to_x86_apicid(physid) ((uint32_t)(physid))
#define xen_vcpu_physid_to_x86_acpiid(physid) ((uint32_t)((physid) >> 32))

/* A second copy of vcpu_info.time, for user mode; h or v is a virtual address of the caller. */
#define VCPUOP_register_vcpu_time_memory_area 13
DEFINE_XEN_GUEST_HANDLE(vcpu_time_info_t);
struct vcpu_register_time_memory_area {
    union {
        XEN_GUEST_HANDLE(vcpu_time_info_t) h;
#ifndef XENITH_ABI_FOREIGN_X86_32
        struct vcpu_time_info *v;
#endif
        xenith_u64_t p;
    } addr; /* in */
};
XENITH_ABI_TYPE_HANDLE(vcpu_register_time_memory_area);

#endif /* __XEN_PUBLIC_VCPU_H__ */
