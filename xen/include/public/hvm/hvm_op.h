/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_hvm_op(cmd, arg): operations on or by a guest that is not PV. arg points to the
 * structure that carries the command's name. "in" and "out" are seen from the hypervisor.
 */
#ifndef __XEN_PUBLIC_HVM_HVM_OP_H__
#define __XEN_PUBLIC_HVM_HVM_OP_H__

#include "../abi_arch.h"
#include "../xen.h"
#include "../trace.h"
#include "../event_channel.h"

#define HVMOP_set_param                  0
#define HVMOP_get_param                  1
#define HVMOP_flush_tlbs                 5 /* arg is NULL: flush all TLBs of the caller */
#define HVMOP_pagetable_dying            9
#define HVMOP_get_time                  10
#define HVMOP_xentrace                  11
#define HVMOP_get_mem_type              15
#define HVMOP_guest_request_vm_event    24 /* arg is ignored: send a vm_event to the monitor */
#define HVMOP_altp2m                    25

struct xen_hvm_param {
    domid_t domid;  /* in */
    uint16_t pad;
    uint32_t index; /* in: HVM_PARAM_* */
    uint64_t value; /* in for set, out for get */
};
typedef struct xen_hvm_param xen_hvm_param_t;
DEFINE_XEN_GUEST_HANDLE(xen_hvm_param_t);

/* A PV driver tells that it is about to tear down the page table at gpa (shadow paging hint). */
struct xen_hvm_pagetable_dying {
    domid_t domid;
    uint16_t pad[3];
    uint64_t gpa;
};
typedef struct xen_hvm_pagetable_dying xen_hvm_pagetable_dying_t;
DEFINE_XEN_GUEST_HANDLE(xen_hvm_pagetable_dying_t);

struct xen_hvm_get_time {
    uint64_t now; /* out: nanoseconds of system time */
};
typedef struct xen_hvm_get_time xen_hvm_get_time_t;
DEFINE_XEN_GUEST_HANDLE(xen_hvm_get_time_t);

/* The guest writes a record of its own into the trace buffer. */
struct xen_hvm_xentrace {
    uint16_t event, extra_bytes;
    uint8_t extra[TRACE_EXTRA_MAX * sizeof(uint32_t)];
};
typedef struct xen_hvm_xentrace xen_hvm_xentrace_t;
DEFINE_XEN_GUEST_HANDLE(xen_hvm_xentrace_t);

/* Memory types as device models see them. Compat headers leave the enumeration out. */
#ifndef XEN_GENERATING_COMPAT_HEADERS
typedef enum {
    HVMMEM_ram_rw,
    HVMMEM_ram_ro,  /* writes are dropped */
    HVMMEM_mmio_dm, /* every access goes to the device model */
#if __XEN_INTERFACE_VERSION__ < 0x00040700
    HVMMEM_mmio_write_dm,
#else
    HVMMEM_unused, /* cannot be set any more */
#endif
    /* Claimed by an ioreq server; ram_rw is the only type to come from and to go back to. */
    HVMMEM_ioreq_server
} hvmmem_type_t;
#endif

struct xen_hvm_get_mem_type {
    domid_t domid;     /* in */
    uint16_t mem_type; /* out: hvmmem_type_t */
    uint16_t pad[2];
    uint64_t pfn;      /* in */
};
typedef struct xen_hvm_get_mem_type xen_hvm_get_mem_type_t;
DEFINE_XEN_GUEST_HANDLE(xen_hvm_get_mem_type_t);

#if XENITH_ABI_ARCH == XENITH_ABI_X86_64 || XENITH_ABI_ARCH == XENITH_ABI_X86_32
/* Event upcalls of one vCPU by a vector of its own, in place of HVM_PARAM_CALLBACK_IRQ. */
#define HVMOP_set_evtchn_upcall_vector  23
struct xen_hvm_evtchn_upcall_vector {
    uint32_t vcpu;
    uint8_t vector;
};
typedef struct xen_hvm_evtchn_upcall_vector xen_hvm_evtchn_upcall_vector_t;
DEFINE_XEN_GUEST_HANDLE(xen_hvm_evtchn_upcall_vector_t);
#endif

#if defined(__XEN__) || defined(__XEN_TOOLS__)
/* Taken over by XENMEM_access_op. */
#define HVMOP_set_mem_access            12
#define HVMOP_get_mem_access            13

/* Buffered requests of an ioreq server (XEN_DMOP_create_ioreq_server). */
#define HVM_IOREQSRV_BUFIOREQ_OFF        0
#define HVM_IOREQSRV_BUFIOREQ_LEGACY     1
#define HVM_IOREQSRV_BUFIOREQ_ATOMIC     2 /* both ring pointers are accessed as one 64-bit word */
#endif

/* Interrupt wires of the emulated chipset: XEN_DMOP_* replaced these in 4.9. */
#if __XEN_INTERFACE_VERSION__ < 0x00040900
#define HVMOP_set_pci_intx_level         2
struct xen_hvm_set_pci_intx_level {
    domid_t domid;
    uint8_t domain, bus, device, intx;
    uint8_t level; /* 1 asserts */
};
typedef struct xen_hvm_set_pci_intx_level xen_hvm_set_pci_intx_level_t;
DEFINE_XEN_GUEST_HANDLE(xen_hvm_set_pci_intx_level_t);

#define HVMOP_set_isa_irq_level          3
struct xen_hvm_set_isa_irq_level {
    domid_t domid;
    uint8_t isa_irq; /* 0..15 */
    uint8_t level;
};
typedef struct xen_hvm_set_isa_irq_level xen_hvm_set_isa_irq_level_t;
DEFINE_XEN_GUEST_HANDLE(xen_hvm_set_isa_irq_level_t);

#define HVMOP_set_pci_link_route         4
struct xen_hvm_set_pci_link_route {
    domid_t domid;
    uint8_t link;    /* 0..3 */
    uint8_t isa_irq; /* 1..15, 0 disconnects */
};
typedef struct xen_hvm_set_pci_link_route xen_hvm_set_pci_link_route_t;
DEFINE_XEN_GUEST_HANDLE(xen_hvm_set_pci_link_route_t);
#endif

/*
 * HVMOP_altp2m: alternative p2m views. A view is a second set of access rights and remappings over
 * the same memory; view 0 is the host's. cmd chooses the member of the union.
 */
#define HVMOP_ALTP2M_INTERFACE_VERSION   0x00000001

#define HVMOP_altp2m_get_domain_state       1
#define HVMOP_altp2m_set_domain_state       2
#define HVMOP_altp2m_vcpu_enable_notify     3
#define HVMOP_altp2m_create_p2m             4
#define HVMOP_altp2m_destroy_p2m            5
#define HVMOP_altp2m_switch_p2m             6 /* all vCPUs of the domain */
#define HVMOP_altp2m_set_mem_access         7
#define HVMOP_altp2m_change_gfn             8
#define HVMOP_altp2m_set_mem_access_multi   9
#define HVMOP_altp2m_set_suppress_ve       10
#define HVMOP_altp2m_get_suppress_ve       11
#define HVMOP_altp2m_get_mem_access        12
#define HVMOP_altp2m_vcpu_disable_notify   13
#define HVMOP_altp2m_get_p2m_idx           14
#define HVMOP_altp2m_set_suppress_ve_multi 15
#define HVMOP_altp2m_set_visibility        16

struct xen_hvm_altp2m_domain_state {
    uint8_t state; /* boolean; in for set, out for get */
};
typedef struct xen_hvm_altp2m_domain_state xen_hvm_altp2m_domain_state_t;
DEFINE_XEN_GUEST_HANDLE(xen_hvm_altp2m_domain_state_t);

struct xen_hvm_altp2m_vcpu_enable_notify {
    uint32_t vcpu_id;
    uint32_t pad;
    uint64_t gfn; /* of the #VE information page */
};
typedef struct xen_hvm_altp2m_vcpu_enable_notify xen_hvm_altp2m_vcpu_enable_notify_t;
DEFINE_XEN_GUEST_HANDLE(xen_hvm_altp2m_vcpu_enable_notify_t);

struct xen_hvm_altp2m_vcpu_disable_notify {
    uint32_t vcpu_id;
};
typedef struct xen_hvm_altp2m_vcpu_disable_notify xen_hvm_altp2m_vcpu_disable_notify_t;
DEFINE_XEN_GUEST_HANDLE(xen_hvm_altp2m_vcpu_disable_notify_t);

struct xen_hvm_altp2m_view {
    uint16_t view;                  /* out for create, in otherwise */
    uint16_t hvmmem_default_access; /* in: xenmem_access_t */
};
typedef struct xen_hvm_altp2m_view xen_hvm_altp2m_view_t;
DEFINE_XEN_GUEST_HANDLE(xen_hvm_altp2m_view_t);

#if __XEN_INTERFACE_VERSION__ < 0x00040a00
struct xen_hvm_altp2m_set_mem_access {
    uint16_t view;
    uint16_t access;
    uint32_t pad;
    uint64_t gfn;
};
typedef struct xen_hvm_altp2m_set_mem_access xen_hvm_altp2m_set_mem_access_t;
DEFINE_XEN_GUEST_HANDLE(xen_hvm_altp2m_set_mem_access_t);
#endif

struct xen_hvm_altp2m_mem_access {
    uint16_t view;
    uint16_t access; /* xenmem_access_t; in for set, out for get */
    uint32_t pad;
    uint64_t gfn;
};
typedef struct xen_hvm_altp2m_mem_access xen_hvm_altp2m_mem_access_t;
DEFINE_XEN_GUEST_HANDLE(xen_hvm_altp2m_mem_access_t);

struct xen_hvm_altp2m_set_mem_access_multi {
    uint16_t view;
    uint16_t pad;
    uint32_t nr;
    uint64_t opaque;                             /* progress of a continuation; start with 0 */
    XEN_GUEST_HANDLE(const_uint64) pfn_list;     /* nr frames */
    XEN_GUEST_HANDLE(const_uint8) access_list;   /* nr rights, one for each frame */
};

struct xen_hvm_altp2m_change_gfn {
    uint16_t view;
    uint16_t pad1;
    uint32_t pad2;
    uint64_t old_gfn;
    uint64_t new_gfn; /* all ones takes the remapping away */
};
typedef struct xen_hvm_altp2m_change_gfn xen_hvm_altp2m_change_gfn_t;
DEFINE_XEN_GUEST_HANDLE(xen_hvm_altp2m_change_gfn_t);

struct xen_hvm_altp2m_suppress_ve {
    uint16_t view;
    uint8_t suppress_ve; /* boolean */
    uint8_t pad1;
    uint32_t pad2;
    uint64_t gfn;
};

struct xen_hvm_altp2m_suppress_ve_multi {
    uint16_t view;
    uint8_t suppress_ve;
    uint8_t pad1;
    int32_t first_error;      /* out; start with 0 */
    uint64_t first_gfn;       /* in; moves on over continuations */
    uint64_t last_gfn;        /* in, inclusive */
    uint64_t first_error_gfn; /* out: where first_error happened */
};

struct xen_hvm_altp2m_get_vcpu_p2m_idx {
    uint32_t vcpu_id;    /* in */
    uint16_t altp2m_idx; /* out */
};

struct xen_hvm_altp2m_set_visibility {
    uint16_t altp2m_idx;
    uint8_t visible; /* boolean: may VMFUNC switch to this view */
    uint8_t pad;
};

struct xen_hvm_altp2m_op {
    uint32_t version; /* HVMOP_ALTP2M_INTERFACE_VERSION */
    uint32_t cmd;     /* HVMOP_altp2m_* */
    domid_t domain;
    uint16_t pad1;
    uint32_t pad2;
    union {
        struct xen_hvm_altp2m_domain_state domain_state;
        struct xen_hvm_altp2m_vcpu_enable_notify enable_notify;
        struct xen_hvm_altp2m_view view;
#if __XEN_INTERFACE_VERSION__ < 0x00040a00
        struct xen_hvm_altp2m_set_mem_access set_mem_access;
#endif
        struct xen_hvm_altp2m_mem_access mem_access;
        struct xen_hvm_altp2m_change_gfn change_gfn;
        struct xen_hvm_altp2m_set_mem_access_multi set_mem_access_multi;
        struct xen_hvm_altp2m_suppress_ve suppress_ve;
        struct xen_hvm_altp2m_suppress_ve_multi suppress_ve_multi;
        struct xen_hvm_altp2m_vcpu_disable_notify disable_notify;
        struct xen_hvm_altp2m_get_vcpu_p2m_idx get_vcpu_p2m_idx;
        struct xen_hvm_altp2m_set_visibility set_visibility;
        uint8_t pad[64];
    } u;
};
typedef struct xen_hvm_altp2m_op xen_hvm_altp2m_op_t;
DEFINE_XEN_GUEST_HANDLE(xen_hvm_altp2m_op_t);

#endif
