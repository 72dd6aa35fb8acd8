/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_event_channel_op(cmd, arg): ports between domains, and from interrupts to domains.
 * arg points to the structure evtchn_<name of the command>.
 */
#ifndef __XEN_PUBLIC_EVENT_CHANNEL_H__
#define __XEN_PUBLIC_EVENT_CHANNEL_H__

#include "xen.h"

#define EVTCHNOP_bind_interdomain  0
#define EVTCHNOP_bind_virq         1
#define EVTCHNOP_bind_pirq         2
#define EVTCHNOP_close             3
#define EVTCHNOP_send              4
#define EVTCHNOP_status            5
#define EVTCHNOP_alloc_unbound     6
#define EVTCHNOP_bind_ipi          7
#define EVTCHNOP_bind_vcpu         8
#define EVTCHNOP_unmask            9
#define EVTCHNOP_reset            10
#define EVTCHNOP_init_control     11
#define EVTCHNOP_expand_array     12
#define EVTCHNOP_set_priority     13
#ifdef __XEN__
#define EVTCHNOP_reset_cont       14 /* a preempted reset, continued */
#endif

typedef uint32_t evtchn_port_t;
DEFINE_XEN_GUEST_HANDLE(evtchn_port_t);

/* A port in dom that remote_dom may bind to. */
struct evtchn_alloc_unbound {
    domid_t dom, remote_dom; /* in: DOMID_SELF allowed; dom other than self needs privilege */
    evtchn_port_t port;      /* out */
};
XENITH_ABI_TYPE(evtchn_alloc_unbound);

/* Connect to a port that waits for the caller; an event on local_port is raised at once. */
struct evtchn_bind_interdomain {
    domid_t remote_dom;        /* in */
    evtchn_port_t remote_port; /* in */
    evtchn_port_t local_port;  /* out */
};
XENITH_ABI_TYPE(evtchn_bind_interdomain);

struct evtchn_bind_virq {
    uint32_t virq;      /* in: VIRQ_* */
    uint32_t vcpu;      /* in: 0 for all but the per-vCPU ones */
    evtchn_port_t port; /* out */
};
XENITH_ABI_TYPE(evtchn_bind_virq);

struct evtchn_bind_pirq {
    uint32_t pirq;  /* in */
#define BIND_PIRQ__WILL_SHARE 1
    uint32_t flags; /* in: BIND_PIRQ__* */
    evtchn_port_t port; /* out */
};
XENITH_ABI_TYPE(evtchn_bind_pirq);

struct evtchn_bind_ipi {
    uint32_t vcpu;      /* in: receiver */
    evtchn_port_t port; /* out */
};
XENITH_ABI_TYPE(evtchn_bind_ipi);

struct evtchn_close {
    evtchn_port_t port; /* in: the peer's port goes back to unbound */
};
XENITH_ABI_TYPE(evtchn_close);

struct evtchn_send {
    evtchn_port_t port; /* in: the caller's end */
};
XENITH_ABI_TYPE(evtchn_send);

struct evtchn_status {
    domid_t dom;        /* in */
    evtchn_port_t port; /* in */
#define EVTCHNSTAT_closed      0
#define EVTCHNSTAT_unbound     1
#define EVTCHNSTAT_interdomain 2
#define EVTCHNSTAT_pirq        3
#define EVTCHNSTAT_virq        4
#define EVTCHNSTAT_ipi         5
    uint32_t status;    /* out: EVTCHNSTAT_* */
    uint32_t vcpu;      /* out: where events go */
    union {             /* out, by status */
        struct {
            domid_t dom;
        } unbound;
        struct {
            domid_t dom;
            evtchn_port_t port;
        } interdomain;
        uint32_t pirq;
        uint32_t virq;
    } u;
};
XENITH_ABI_TYPE(evtchn_status);

struct evtchn_bind_vcpu {
    evtchn_port_t port; /* in: not an IPI, not a per-vCPU VIRQ */
    uint32_t vcpu;      /* in */
};
XENITH_ABI_TYPE(evtchn_bind_vcpu);

struct evtchn_unmask {
    evtchn_port_t port; /* in */
};
XENITH_ABI_TYPE(evtchn_unmask);

/* Close all ports and go back to two-level events. */
struct evtchn_reset {
    domid_t dom; /* in */
};
XENITH_ABI_TYPE(evtchn_reset);

/* Enter FIFO mode for one vCPU; the first one switches the domain. */
struct evtchn_init_control {
    xenith_u64_t control_gfn; /* in: page of the control block */
    uint32_t offset;          /* in: bytes into the page, multiple of 8 */
    uint32_t vcpu;            /* in */
    uint8_t link_bits;        /* out: width of the link */
    uint8_t _pad[7];
};
XENITH_ABI_TYPE(evtchn_init_control);

struct evtchn_expand_array {
    xenith_u64_t array_gfn; /* in: next page of event words */
};
XENITH_ABI_TYPE(evtchn_expand_array);

struct evtchn_set_priority {
    evtchn_port_t port; /* in */
    uint32_t priority;  /* in: EVTCHN_FIFO_PRIORITY_* */
};
XENITH_ABI_TYPE(evtchn_set_priority);

/* Argument of __HYPERVISOR_event_channel_op_compat. */
struct evtchn_op {
    uint32_t cmd;
    union {
        evtchn_alloc_unbound_t alloc_unbound;
        evtchn_bind_interdomain_t bind_interdomain;
        evtchn_bind_virq_t bind_virq;
        evtchn_bind_pirq_t bind_pirq;
        evtchn_bind_ipi_t bind_ipi;
        evtchn_close_t close;
        evtchn_send_t send;
        evtchn_status_t status;
        evtchn_bind_vcpu_t bind_vcpu;
        evtchn_unmask_t unmask;
    } u;
};
XENITH_ABI_TYPE_HANDLE(evtchn_op);

/* Two-level: a selector word, each bit of it a word of ports. */
#define EVTCHN_2L_NR_CHANNELS (sizeof(xen_ulong_t) * sizeof(xen_ulong_t) * 64)

/* FIFO: queues by priority, 0 first. */
#define EVTCHN_FIFO_PRIORITY_MAX     0
#define EVTCHN_FIFO_PRIORITY_DEFAULT 7
#define EVTCHN_FIFO_PRIORITY_MIN     15
#define EVTCHN_FIFO_MAX_QUEUES       (EVTCHN_FIFO_PRIORITY_MIN + 1)

/* One word for each port: flags, and the port that follows in the queue. */
typedef uint32_t event_word_t;
#define EVTCHN_FIFO_PENDING     31
#define EVTCHN_FIFO_MASKED      30
#define EVTCHN_FIFO_LINKED      29
#define EVTCHN_FIFO_BUSY        28
#define EVTCHN_FIFO_LINK_BITS   17
#define EVTCHN_FIFO_LINK_MASK   ((1 << EVTCHN_FIFO_LINK_BITS) - 1)
#define EVTCHN_FIFO_NR_CHANNELS (1 << EVTCHN_FIFO_LINK_BITS)

struct evtchn_fifo_control_block {
    uint32_t ready; /* bit n: queue n has events; hypervisor sets, guest clears */
    uint32_t _rsvd;
    uint32_t head[EVTCHN_FIFO_MAX_QUEUES]; /* first port, 0 for none */
};
XENITH_ABI_TYPE(evtchn_fifo_control_block);

#endif /* __XEN_PUBLIC_EVENT_CHANNEL_H__ */
