/* SPDX-License-Identifier: MIT */
/* HYPERVISOR_nmi_op(cmd, arg): the NMI of a PV kernel. */
#ifndef __XEN_PUBLIC_NMI_H__
#define __XEN_PUBLIC_NMI_H__

#include "xen.h"

/* arch_shared_info.nmi_reason, as port 0x61 tells it; the guest clears what it has handled. */
#define _XEN_NMIREASON_io_error 0
#define XEN_NMIREASON_io_error  (1UL << _XEN_NMIREASON_io_error)
#define _XEN_NMIREASON_pci_serr 1
#define XEN_NMIREASON_pci_serr  (1UL << _XEN_NMIREASON_pci_serr)
#if __XEN_INTERFACE_VERSION__ < 0x00040300
#define _XEN_NMIREASON_parity_error 1
#define XEN_NMIREASON_parity_error  (1UL << _XEN_NMIREASON_parity_error)
#endif
#define _XEN_NMIREASON_unknown 2
#define XEN_NMIREASON_unknown  (1UL << _XEN_NMIREASON_unknown)

#define XENNMI_register_callback 0 /* of the calling vCPU; hardware's NMIs go to dom0's vCPU 0 */
struct xennmi_callback {
    xenith_ulong_t handler_address; /* in */
    xenith_ulong_t pad;
};
XENITH_ABI_TYPE_HANDLE(xennmi_callback);

#define XENNMI_unregister_callback 1 /* arg is NULL */

#endif /* __XEN_PUBLIC_NMI_H__ */
