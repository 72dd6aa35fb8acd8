/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_argo_op(cmd, arg1, arg2, arg3, arg4): messages between domains, which the hypervisor
 * copies into a ring that the receiver registered. No memory is shared between the domains.
 */
#ifndef __XEN_PUBLIC_ARGO_H__
#define __XEN_PUBLIC_ARGO_H__

#include "xen.h"

#define XEN_ARGO_DOMID_ANY     DOMID_INVALID   /* a ring for all senders */
#define XEN_ARGO_MAX_RING_SIZE (0x1000000ULL)  /* bytes */
#define XEN_ARGO_MAXIOV        8U
#define XEN_ARGO_MSG_SLOT_SIZE 0x10            /* messages in a ring start at multiples of it */

typedef uint32_t xen_argo_port_t;
typedef xenith_u64_t xen_argo_gfn_t;

typedef struct xen_argo_iov {
    XEN_GUEST_HANDLE(uint8) iov_hnd;
    uint32_t iov_len; /* bytes */
    uint32_t pad;
} xen_argo_iov_t;

typedef struct xen_argo_addr {
    xen_argo_port_t aport;
    domid_t domain_id;
    uint16_t pad;
} xen_argo_addr_t;

typedef struct xen_argo_send_addr {
    xen_argo_addr_t src;
    xen_argo_addr_t dst;
} xen_argo_send_addr_t;

/* A receiver's ring; offsets in bytes */
typedef struct xen_argo_ring {
    uint32_t rx_ptr; /* written by the receiver */
    uint32_t tx_ptr; /* written by the hypervisor */
    uint8_t reserved[56];
    uint8_t ring[XEN_FLEX_ARRAY_DIM];
} xen_argo_ring_t;

/* Before each message in the ring */
struct xen_argo_ring_message_header {
    uint32_t len; /* bytes, with this header */
    xen_argo_addr_t source;
    uint32_t message_type; /* as the sender gave it */
    uint8_t data[XEN_FLEX_ARRAY_DIM];
};

/* register_ring(register_ring, gfns[], number of them, flags) */
#define XEN_ARGO_OP_register_ring 1
#define XEN_ARGO_REGISTER_FLAG_FAIL_EXIST 0x1 /* do not replace a ring */
#ifdef __XEN__
#define XEN_ARGO_REGISTER_FLAG_MASK XEN_ARGO_REGISTER_FLAG_FAIL_EXIST
#endif
typedef struct xen_argo_register_ring {
    xen_argo_port_t aport;
    domid_t partner_id; /* sender, or XEN_ARGO_DOMID_ANY */
    uint16_t pad;
    uint32_t len;       /* bytes of data */
} xen_argo_register_ring_t;

/* unregister_ring(unregister_ring) */
#define XEN_ARGO_OP_unregister_ring 2
typedef struct xen_argo_unregister_ring {
    xen_argo_port_t aport;
    domid_t partner_id;
    uint16_t pad;
} xen_argo_unregister_ring_t;

/*
 * sendv(send_addr, iovs[], number of them, message type) returns bytes; EAGAIN: wait for VIRQ_ARGO
 */
#define XEN_ARGO_OP_sendv 3

/* notify(ring_data): ask for VIRQ_ARGO when there is room; out: how the rings are now */
#define XEN_ARGO_OP_notify 4
#define XEN_ARGO_RING_EXISTS     (1U << 0)
#define XEN_ARGO_RING_SHARED     (1U << 1) /* for all senders */
#define XEN_ARGO_RING_EMPTY      (1U << 2)
#define XEN_ARGO_RING_SUFFICIENT (1U << 3) /* the space is there */
#define XEN_ARGO_RING_EMSGSIZE   (1U << 4) /* it never will be */
#define XEN_ARGO_RING_EBUSY      (1U << 5) /* too many wait already */
typedef struct xen_argo_ring_data_ent {
    xen_argo_addr_t ring;      /* in */
    uint16_t flags;            /* out: XEN_ARGO_RING_* */
    uint16_t pad;
    uint32_t space_required;   /* in: bytes */
    uint32_t max_message_size; /* out: bytes */
} xen_argo_ring_data_ent_t;

typedef struct xen_argo_ring_data {
    uint32_t nent;
    uint32_t pad;
    xen_argo_ring_data_ent_t data[XEN_FLEX_ARRAY_DIM];
} xen_argo_ring_data_t;

#endif /* __XEN_PUBLIC_ARGO_H__ */
