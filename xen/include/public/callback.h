/* SPDX-License-Identifier: MIT */
/* HYPERVISOR_callback_op(cmd, arg): where the hypervisor enters a PV kernel. */
#ifndef __XEN_PUBLIC_CALLBACK_H__
#define __XEN_PUBLIC_CALLBACK_H__

#include "xen.h"

#define CALLBACKTYPE_event               0 /* events are pending */
#define CALLBACKTYPE_failsafe            1 /* a return to the guest faulted */
#define CALLBACKTYPE_syscall             2 /* x86_64 */
#define CALLBACKTYPE_sysenter_deprecated 3 /* x86_32, entered on another stack than 5 */
#define CALLBACKTYPE_nmi                 4
#define CALLBACKTYPE_sysenter            5
#define CALLBACKTYPE_syscall32           7 /* x86_64, from compatibility mode */
#if __XEN_INTERFACE_VERSION__ < 0x00030207
#undef CALLBACKTYPE_sysenter
#define CALLBACKTYPE_sysenter CALLBACKTYPE_sysenter_deprecated
#endif

/* Set evtchn_upcall_mask on entry. */
#define _CALLBACKF_mask_events 0
#define CALLBACKF_mask_events  (1U << _CALLBACKF_mask_events)

#define CALLBACKOP_register 0
struct callback_register {
    uint16_t type;          /* in: CALLBACKTYPE_* */
    uint16_t flags;         /* in: CALLBACKF_* */
    xen_callback_t address; /* in */
};
XENITH_ABI_TYPE_HANDLE(callback_register);

#define CALLBACKOP_unregister 1
struct callback_unregister {
    uint16_t type; /* in: CALLBACKTYPE_* that can do without */
    uint16_t _unused;
};
XENITH_ABI_TYPE_HANDLE(callback_unregister);

#endif /* __XEN_PUBLIC_CALLBACK_H__ */
