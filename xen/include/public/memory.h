/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_memory_op(cmd, arg): the memory of domains. The commands that work on lists return how
 * many elements were done, without an error if that is less than asked for.
 */
#ifndef __XEN_PUBLIC_MEMORY_H__
#define __XEN_PUBLIC_MEMORY_H__

#include "xen.h"
#include "physdev.h"

/* More frames (out: MFNs), fewer (in: GFNs), or memory at given GFNs (in: GFNs, PV out: MFNs). */
#define XENMEM_increase_reservation 0
#define XENMEM_decrease_reservation 1
#define XENMEM_populate_physmap     6

#if __XEN_INTERFACE_VERSION__ >= 0x00030209
/* mem_flags: address width that must suffice (0: any), NUMA node plus 1, and how to allocate. */
#define XENMEMF_address_bits(x)     (x)
#define XENMEMF_get_address_bits(x) ((x) & 0xffu)
#define XENMEMF_node(x)             (((x) + 1) << 8)
#define XENMEMF_get_node(x)         ((((x) >> 8) - 1) & 0xffu)
#define XENMEMF_populate_on_demand  (1 << 16)
#define XENMEMF_exact_node_request  (1 << 17) /* this node or none */
#define XENMEMF_exact_node(n)       (XENMEMF_node(n) | XENMEMF_exact_node_request)
#define XENMEMF_vnode               (1 << 18) /* the node is a virtual one */
#endif

struct xen_memory_reservation {
    XEN_GUEST_HANDLE(xen_pfn_t) extent_start; /* in and out: first frame of each extent */
    xen_ulong_t nr_extents;                   /* in */
    unsigned int extent_order;                /* in: 2^order pages each */
#if __XEN_INTERFACE_VERSION__ >= 0x00030209
    unsigned int mem_flags; /* in: XENMEMF_* */
#else
    unsigned int address_bits;
#endif
    domid_t domid; /* in */
};
XENITH_ABI_TYPE_HANDLE(xen_memory_reservation);

/* Give frames back and get as many others, all or nothing for each chunk of the larger order. */
#define XENMEM_exchange 11
struct xen_memory_exchange {
    struct xen_memory_reservation in;  /* in: frames to give */
    struct xen_memory_reservation out; /* in: GFNs for the new ones; out: their MFNs */
    xen_ulong_t nr_exchanged;          /* in: 0; out: extents of `in` that were done */
};
XENITH_ABI_TYPE_HANDLE(xen_memory_exchange);

/* These return a number; arg of the last three is a xen_memory_domain. */
#define XENMEM_maximum_ram_page    2 /* highest MFN of RAM; no arg */
#define XENMEM_current_reservation 3
#define XENMEM_maximum_reservation 4
#define XENMEM_maximum_gpfn        14
struct xen_memory_domain {
    domid_t domid; /* in */
};

/* Frames of the m2p table, one for each 2 MiB of it; compat: of the table for 32-bit guests. */
#define XENMEM_machphys_mfn_list        5
#define XENMEM_machphys_compat_mfn_list 25
struct xen_machphys_mfn_list {
    unsigned int max_extents;                 /* in: room */
    XEN_GUEST_HANDLE(xen_pfn_t) extent_start; /* out */
    unsigned int nr_extents;                  /* out */
};
XENITH_ABI_TYPE_HANDLE(xen_machphys_mfn_list);

/* Where the caller finds the m2p. */
#define XENMEM_machphys_mapping 12
struct xen_machphys_mapping {
    xen_ulong_t v_start, v_end; /* out: linear addresses, end exclusive */
    xen_ulong_t max_mfn;        /* out: last entry */
};
XENITH_ABI_TYPE_HANDLE(xen_machphys_mapping);

/* What can be put at a guest frame. */
#define XENMAPSPACE_shared_info  0
#define XENMAPSPACE_grant_table  1
#define XENMAPSPACE_gmfn         2 /* another of the domain's frames, which moves */
#define XENMAPSPACE_gmfn_range   3 /* a run of them; add_to_physmap only */
#define XENMAPSPACE_gmfn_foreign 4 /* another domain's frame; batch only */
#define XENMAPSPACE_dev_mmio     5 /* a device frame at its own number; Arm */

#define XENMEM_add_to_physmap 7
struct xen_add_to_physmap {
    domid_t domid;      /* in */
    uint16_t size;      /* in: pages, for gmfn_range; out: what is left */
    unsigned int space; /* in: XENMAPSPACE_* */
#define XENMAPIDX_grant_table_status 0x80000000
    xen_ulong_t idx;    /* in: which one of the space */
    xen_pfn_t gpfn;     /* in: where */
};
XENITH_ABI_TYPE_HANDLE(xen_add_to_physmap);

#define XENMEM_add_to_physmap_batch 23
struct xen_add_to_physmap_batch {
    domid_t domid;  /* in */
    uint16_t space; /* in: XENMAPSPACE_* */
    uint16_t size;  /* in: elements */
#if __XEN_INTERFACE_VERSION__ < 0x00040700
    domid_t foreign_domid;
#else
    union xen_add_to_physmap_batch_extra {
        domid_t foreign_domid; /* in: gmfn_foreign */
        uint16_t res0;         /* in: 0 for all others */
    } u;
#endif
    XEN_GUEST_HANDLE(xen_ulong_t) idxs; /* in */
    XEN_GUEST_HANDLE(xen_pfn_t) gpfns;  /* in */
    XEN_GUEST_HANDLE(int) errs;         /* out: 0 or a negative errno each */
};
XENITH_ABI_TYPE_HANDLE(xen_add_to_physmap_batch);
#if __XEN_INTERFACE_VERSION__ < 0x00040400
#define XENMEM_add_to_physmap_range XENMEM_add_to_physmap_batch
#define xen_add_to_physmap_range    xen_add_to_physmap_batch
typedef struct xen_add_to_physmap_batch xen_add_to_physmap_range_t;
DEFINE_XEN_GUEST_HANDLE(xen_add_to_physmap_range_t);
#endif

#define XENMEM_remove_from_physmap 15
struct xen_remove_from_physmap {
    domid_t domid;  /* in */
    xen_pfn_t gpfn; /* in */
};
XENITH_ABI_TYPE_HANDLE(xen_remove_from_physmap);

/* Map in E820 form: the domain's own, or the machine's (hardware domain). */
#define XENMEM_memory_map         9
#define XENMEM_machine_memory_map 10
struct xen_memory_map {
    unsigned int nr_entries;       /* in: room; out: entries */
    XEN_GUEST_HANDLE(void) buffer; /* out: e820entry[] */
};
XENITH_ABI_TYPE_HANDLE(xen_memory_map);

#define XENMEM_set_memory_map 13
struct xen_foreign_memory_map {
    domid_t domid;             /* in */
    struct xen_memory_map map; /* in */
};
XENITH_ABI_TYPE_HANDLE(xen_foreign_memory_map);

/* Populate on demand: frames that the domain may have at once. */
#define XENMEM_set_pod_target 16
#define XENMEM_get_pod_target 17
struct xen_pod_target {
    xenith_u64_t target_pages;    /* in for set */
    xenith_u64_t tot_pages;       /* out */
    xenith_u64_t pod_cache_pages; /* out */
    xenith_u64_t pod_entries;     /* out */
    domid_t domid;                /* in */
};
XENITH_ABI_TYPE(xen_pod_target);

#if defined(__XEN__) || defined(__XEN_TOOLS__)

#ifndef uint64_aligned_t
#define uint64_aligned_t uint64_t
#endif

/* Return page counts. */
#define XENMEM_get_sharing_freed_pages  18
#define XENMEM_get_sharing_shared_pages 19

/* Paging a guest's memory out and in. */
#define XENMEM_paging_op          20
#define XENMEM_paging_op_nominate 0
#define XENMEM_paging_op_evict    1
#define XENMEM_paging_op_prep     2
struct xen_mem_paging_op {
    uint8_t op;                               /* in: XENMEM_paging_op_* */
    domid_t domain;                           /* in */
    XEN_GUEST_HANDLE_64(const_uint8) buffer;  /* in: prep, contents */
    uint64_aligned_t gfn;                     /* in */
};
XENITH_ABI_TYPE_HANDLE(xen_mem_paging_op);

/* Access rights beneath the guest's own page tables, for introspection. */
#define XENMEM_access_op                  21
#define XENMEM_access_op_set_access       0
#define XENMEM_access_op_get_access       1
/* 2 and 3 turned the listener on and off once. */
#define XENMEM_access_op_set_access_multi 4
typedef enum {
    XENMEM_access_n,
    XENMEM_access_r,
    XENMEM_access_w,
    XENMEM_access_rw,
    XENMEM_access_x,
    XENMEM_access_rx,
    XENMEM_access_wx,
    XENMEM_access_rwx,
    XENMEM_access_rx2rw, /* rx until the first write */
    XENMEM_access_n2rwx, /* nothing until the first access */
    XENMEM_access_default
} xenmem_access_t;

struct xen_mem_access_op {
    uint8_t op;           /* in: XENMEM_access_op_* */
    uint8_t access;       /* in or out: XENMEM_access_* */
    domid_t domid;        /* in */
    uint32_t nr;          /* in: frames */
    uint64_aligned_t pfn; /* in: first; ~0 is the default for new frames */
    XEN_GUEST_HANDLE(const_uint64) pfn_list;   /* in: set_access_multi */
    XEN_GUEST_HANDLE(const_uint8) access_list; /* in: set_access_multi */
};
XENITH_ABI_TYPE_HANDLE(xen_mem_access_op);

/* Frames shared between domains until one writes. */
#define XENMEM_sharing_op               22
#define XENMEM_sharing_op_nominate_gfn  0
#define XENMEM_sharing_op_nominate_gref 1
#define XENMEM_sharing_op_share         2
#define XENMEM_sharing_op_debug_gfn     3
#define XENMEM_sharing_op_debug_mfn     4
#define XENMEM_sharing_op_debug_gref    5
#define XENMEM_sharing_op_add_physmap   6
#define XENMEM_sharing_op_audit         7
#define XENMEM_sharing_op_range_share   8
#define XENMEM_sharing_op_fork          9
#define XENMEM_sharing_op_fork_reset    10

/* Errors of share: the frame behind a handle is not sharable any more. */
#define XENMEM_SHARING_OP_S_HANDLE_INVALID (-10)
#define XENMEM_SHARING_OP_C_HANDLE_INVALID (-9)

/* A gfn member that holds a grant reference. */
#define XENMEM_SHARING_OP_FIELD_IS_GREF_FLAG (xen_mk_ullong(1) << 62)
#define XENMEM_SHARING_OP_FIELD_MAKE_GREF(field, val) \
    (field) = (XENMEM_SHARING_OP_FIELD_IS_GREF_FLAG | val)
#define XENMEM_SHARING_OP_FIELD_IS_GREF(field)  ((field) & XENMEM_SHARING_OP_FIELD_IS_GREF_FLAG)
#define XENMEM_SHARING_OP_FIELD_GET_GREF(field) ((field) & (~XENMEM_SHARING_OP_FIELD_IS_GREF_FLAG))

struct xen_mem_sharing_op {
    uint8_t op;     /* in: XENMEM_sharing_op_* */
    domid_t domain; /* in */
    union {
        struct mem_sharing_op_nominate {
            union {
                uint64_aligned_t gfn;
                uint32_t grant_ref;
            } u;                     /* in */
            uint64_aligned_t handle; /* out */
        } nominate;
        struct mem_sharing_op_share { /* in; add_physmap too */
            uint64_aligned_t source_gfn;
            uint64_aligned_t source_handle;
            uint64_aligned_t client_gfn;
            uint64_aligned_t client_handle;
            domid_t client_domain;
        } share;
        struct mem_sharing_op_range {
            uint64_aligned_t first_gfn; /* in */
            uint64_aligned_t last_gfn;  /* in: included */
            uint64_aligned_t opaque;    /* in: 0; the hypervisor's progress */
            domid_t client_domain;      /* in */
            uint16_t _pad[3];
        } range;
        struct mem_sharing_op_debug {
            union {
                uint64_aligned_t gfn;
                uint64_aligned_t mfn;
                uint32_t gref;
            } u; /* in */
        } debug;
        struct mem_sharing_op_fork {
            domid_t parent_domain; /* in */
#define XENMEM_FORK_WITH_IOMMU_ALLOWED (1u << 0)
#define XENMEM_FORK_BLOCK_INTERRUPTS   (1u << 1)
#define XENMEM_FORK_RESET_STATE        (1u << 2)
#define XENMEM_FORK_RESET_MEMORY       (1u << 3)
            uint16_t flags; /* in: XENMEM_FORK_* */
            uint32_t pad;
        } fork;
    } u;
};
XENITH_ABI_TYPE_HANDLE(xen_mem_sharing_op);

/* Set frames aside for a domain that is about to be built; arg: xen_memory_reservation. */
#define XENMEM_claim_pages 24

/* Guest-physical ranges that firmware wants mapped one to one for a device. */
#define XENMEM_reserved_device_memory_map 27
struct xen_reserved_device_memory {
    xen_pfn_t start_pfn;
    xen_ulong_t nr_pages;
};
XENITH_ABI_TYPE_HANDLE(xen_reserved_device_memory);
struct xen_reserved_device_memory_map {
#define XENMEM_RDM_ALL 1
    uint32_t flags;          /* in: XENMEM_RDM_ALL for all devices */
    unsigned int nr_entries; /* in: room; out: entries, with ENOBUFS if there are more */
    XEN_GUEST_HANDLE(xen_reserved_device_memory_t) buffer; /* out */
    union {
        physdev_pci_device_t pci;
    } dev;                   /* in: otherwise */
};
XENITH_ABI_TYPE_HANDLE(xen_reserved_device_memory_map);

#endif /* __XEN__ || __XEN_TOOLS__ */

/* Frames of the hypervisor that a device model or tool may map; PV out: MFNs, else in: GFNs. */
#define XENMEM_acquire_resource 28
struct xen_mem_acquire_resource {
    domid_t domid; /* in */
    uint16_t type; /* in */
#define XENMEM_resource_ioreq_server 0
#define XENMEM_resource_grant_table  1
#define XENMEM_resource_vmtrace_buf  2
    uint32_t id;   /* in: ioreq server, grant table kind, or vCPU */
#define XENMEM_resource_grant_table_id_shared 0
#define XENMEM_resource_grant_table_id_status 1
    uint32_t nr_frames; /* in; 0 with no list asks for the size, which is out */
    uint32_t pad;
    xenith_u64_t frame; /* in: first frame of the resource */
#define XENMEM_resource_ioreq_server_frame_bufioreq 0
#define XENMEM_resource_ioreq_server_frame_ioreq(n) (1 + (n))
    XEN_GUEST_HANDLE(xen_pfn_t) frame_list;
};
XENITH_ABI_TYPE_HANDLE(xen_mem_acquire_resource);

/* The virtual NUMA topology of the caller. */
#define XENMEM_get_vnumainfo 26
struct xen_vmemrange {
    xenith_u64_t start, end; /* guest-physical */
    unsigned int flags;
    unsigned int nid;
};
XENITH_ABI_TYPE_HANDLE(xen_vmemrange);
struct xen_vnuma_topology_info {
    domid_t domid; /* in */
    uint16_t pad;
    unsigned int nr_vnodes;     /* in: room; out; the same for the next two */
    unsigned int nr_vcpus;
    unsigned int nr_vmemranges;
    union {
        XEN_GUEST_HANDLE(uint) h;
        xenith_u64_t pad;
    } vdistance; /* out: nr_vnodes * nr_vnodes */
    union {
        XEN_GUEST_HANDLE(uint) h;
        xenith_u64_t pad;
    } vcpu_to_vnode; /* out */
    union {
        XEN_GUEST_HANDLE(xen_vmemrange_t) h;
        xenith_u64_t pad;
    } vmemrange; /* out */
};
XENITH_ABI_TYPE_HANDLE(xen_vnuma_topology_info);

#endif /* __XEN_PUBLIC_MEMORY_H__ */
