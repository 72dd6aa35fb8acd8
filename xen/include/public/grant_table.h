/* SPDX-License-Identifier: MIT */
/*
 * Grant tables: a guest lets another domain use one of its frames, by an entry in a table that it
 * shares with the hypervisor, and names that entry by a reference.
 *
 * To grant: write frame and domid, barrier, write flags. To revoke: with no GTF_reading and
 * GTF_writing set, compare-and-exchange flags to 0 (v1: 16 bits; v2: clear flags, barrier, look at
 * the status word). HYPERVISOR_grant_table_op(cmd, args[], count) works on the list; the status of
 * each element is in the element (GNTST_*).
 */
#ifndef __XEN_PUBLIC_GRANT_TABLE_H__
#define __XEN_PUBLIC_GRANT_TABLE_H__

#include "xen.h"

typedef uint32_t grant_ref_t;

#if __XEN_INTERFACE_VERSION__ < 0x0003020a
#define grant_entry_v1   grant_entry
#define grant_entry_v1_t grant_entry_t
#endif
struct grant_entry_v1 {
    uint16_t flags; /* GTF_*: guest; hypervisor: GTF_reading, GTF_writing, GTF_transfer_* */
    domid_t domid;  /* guest: who may use it */
    uint32_t frame; /* guest; for a transfer the hypervisor writes the frame that came */
};
typedef struct grant_entry_v1 grant_entry_v1_t;

/* References that the toolstack fills in; the guest starts at 8. */
#define GNTTAB_NR_RESERVED_ENTRIES 8
#define GNTTAB_RESERVED_CONSOLE    0
#define GNTTAB_RESERVED_XENSTORE   1

/* Kind of an entry. */
#define GTF_invalid         (0U << 0)
#define GTF_permit_access   (1U << 0)
#define GTF_accept_transfer (2U << 0)
#define GTF_transitive      (3U << 0) /* v2: a grant that was given to us, passed on for copying */
#define GTF_type_mask       (3U << 0)

/* With GTF_permit_access and GTF_transitive. */
#define _GTF_readonly (2)
#define GTF_readonly  (1U << _GTF_readonly)
#define _GTF_reading  (3) /* hypervisor: mapped or in use */
#define GTF_reading   (1U << _GTF_reading)
#define _GTF_writing  (4) /* hypervisor: mapped or in use, writable */
#define GTF_writing   (1U << _GTF_writing)
#define _GTF_PWT      (5) /* cache attributes of the mapping, x86 */
#define GTF_PWT       (1U << _GTF_PWT)
#define _GTF_PCD      (6)
#define GTF_PCD       (1U << _GTF_PCD)
#define _GTF_PAT      (7)
#define GTF_PAT       (1U << _GTF_PAT)
#define _GTF_sub_page (8) /* v2: only a part of the page, for copying */
#define GTF_sub_page  (1U << _GTF_sub_page)

/* With GTF_accept_transfer, by the hypervisor: cannot be revoked any more; frame is there. */
#define _GTF_transfer_committed (2)
#define GTF_transfer_committed  (1U << _GTF_transfer_committed)
#define _GTF_transfer_completed (3)
#define GTF_transfer_completed  (1U << _GTF_transfer_completed)

#if __XEN_INTERFACE_VERSION__ >= 0x0003020a
/* Version 2: wider entries, with GTF_reading and GTF_writing in status words of their own. */
struct grant_entry_header {
    uint16_t flags;
    domid_t domid;
};
XENITH_ABI_TYPE(grant_entry_header);

union grant_entry_v2 {
    grant_entry_header_t hdr;
    struct {
        grant_entry_header_t hdr;
        uint32_t pad0;
        xenith_u64_t frame;
    } full_page;
    struct {
        grant_entry_header_t hdr;
        uint16_t page_off; /* bytes */
        uint16_t length;   /* bytes */
        xenith_u64_t frame;
    } sub_page;
    struct {
        grant_entry_header_t hdr;
        domid_t trans_domid; /* who granted it to us */
        uint16_t pad0;
        grant_ref_t gref;    /* and under which reference */
    } transitive;
    uint32_t __spacer[4];
};
typedef union grant_entry_v2 grant_entry_v2_t;

typedef uint16_t grant_status_t;
#endif

#define GNTTABOP_map_grant_ref     0
#define GNTTABOP_unmap_grant_ref   1
#define GNTTABOP_setup_table       2
#define GNTTABOP_dump_table        3
#define GNTTABOP_transfer          4
#define GNTTABOP_copy              5
#define GNTTABOP_query_size        6
#define GNTTABOP_unmap_and_replace 7
#if __XEN_INTERFACE_VERSION__ >= 0x0003020a
#define GNTTABOP_set_version       8
#define GNTTABOP_get_status_frames 9
#define GNTTABOP_get_version       10
#define GNTTABOP_swap_grant_ref    11
#define GNTTABOP_cache_flush       12
#endif

typedef uint32_t grant_handle_t; /* names one mapping of the caller */

struct gnttab_map_grant_ref {
    xenith_u64_t host_addr;    /* in: virtual address, PTE's machine address, or guest-physical */
    uint32_t flags;            /* in: GNTMAP_* */
    grant_ref_t ref;           /* in */
    domid_t dom;               /* in: who granted */
    int16_t status;            /* out */
    grant_handle_t handle;     /* out */
    xenith_u64_t dev_bus_addr; /* out: machine address of the frame */
};
XENITH_ABI_TYPE_HANDLE(gnttab_map_grant_ref);

struct gnttab_unmap_grant_ref {
    xenith_u64_t host_addr;    /* in: as when mapped; 0 leaves it */
    xenith_u64_t dev_bus_addr; /* in: as when mapped; 0 leaves it */
    grant_handle_t handle;     /* in */
    int16_t status;            /* out */
};
XENITH_ABI_TYPE_HANDLE(gnttab_unmap_grant_ref);

/* Make the table at least so long and tell its frames. One element a call. */
struct gnttab_setup_table {
    domid_t dom;        /* in */
    uint32_t nr_frames; /* in */
    int16_t status;     /* out */
#if __XEN_INTERFACE_VERSION__ < 0x00040300
    XEN_GUEST_HANDLE(ulong) frame_list;
#else
    XEN_GUEST_HANDLE(xen_pfn_t) frame_list; /* out */
#endif
};
XENITH_ABI_TYPE_HANDLE(gnttab_setup_table);

/* Print it on the console, for debugging. */
struct gnttab_dump_table {
    domid_t dom;    /* in */
    int16_t status; /* out */
};
XENITH_ABI_TYPE_HANDLE(gnttab_dump_table);

/* Give a frame away, to a domain that has an entry with GTF_accept_transfer. */
struct gnttab_transfer {
    xen_pfn_t mfn;   /* in */
    domid_t domid;   /* in */
    grant_ref_t ref; /* in */
    int16_t status;  /* out */
};
XENITH_ABI_TYPE_HANDLE(gnttab_transfer);

/* Copy bytes; each side is a reference or a frame, as GNTCOPY_* says. */
#define _GNTCOPY_source_gref (0)
#define GNTCOPY_source_gref  (1 << _GNTCOPY_source_gref)
#define _GNTCOPY_dest_gref   (1)
#define GNTCOPY_dest_gref    (1 << _GNTCOPY_dest_gref)
struct gnttab_copy {
    struct gnttab_copy_ptr {
        union {
            grant_ref_t ref;
            xen_pfn_t gmfn;
        } u;
        domid_t domid;
        uint16_t offset; /* bytes into the page */
    } source, dest;      /* in */
    uint16_t len;        /* in: bytes, within both pages */
    uint16_t flags;      /* in: GNTCOPY_* */
    int16_t status;      /* out */
};
XENITH_ABI_TYPE_HANDLE(gnttab_copy);

struct gnttab_query_size {
    domid_t dom;            /* in */
    uint32_t nr_frames;     /* out: now */
    uint32_t max_nr_frames; /* out: limit */
    int16_t status;         /* out */
};
XENITH_ABI_TYPE_HANDLE(gnttab_query_size);

/* Unmap, and move the mapping of new_addr to host_addr. */
struct gnttab_unmap_and_replace {
    xenith_u64_t host_addr; /* in */
    xenith_u64_t new_addr;  /* in: left unmapped */
    grant_handle_t handle;  /* in */
    int16_t status;         /* out */
};
XENITH_ABI_TYPE_HANDLE(gnttab_unmap_and_replace);

#if __XEN_INTERFACE_VERSION__ >= 0x0003020a
struct gnttab_set_version {
    uint32_t version; /* in: 1 or 2; out: what it is now */
};
XENITH_ABI_TYPE_HANDLE(gnttab_set_version);

struct gnttab_get_status_frames {
    uint32_t nr_frames;                    /* in */
    domid_t dom;                           /* in */
    int16_t status;                        /* out */
    XEN_GUEST_HANDLE(uint64_t) frame_list; /* out: frames of the v2 status words */
};
XENITH_ABI_TYPE_HANDLE(gnttab_get_status_frames);

struct gnttab_get_version {
    domid_t dom; /* in */
    uint16_t pad;
    uint32_t version; /* out */
};
XENITH_ABI_TYPE_HANDLE(gnttab_get_version);

/* Exchange the contents of two entries that nobody uses. */
struct gnttab_swap_grant_ref {
    grant_ref_t ref_a; /* in */
    grant_ref_t ref_b; /* in */
    int16_t status;    /* out */
};
XENITH_ABI_TYPE_HANDLE(gnttab_swap_grant_ref);

/* Cache maintenance on a granted or own frame, for DMA (Arm). */
struct gnttab_cache_flush {
    union {
        xenith_u64_t dev_bus_addr; /* in */
        grant_ref_t ref;           /* in, with GNTTAB_CACHE_SOURCE_GREF */
    } a;
    uint16_t offset; /* in: bytes */
    uint16_t length; /* in: bytes, within the page */
#define GNTTAB_CACHE_CLEAN       (1u << 0)
#define GNTTAB_CACHE_INVAL       (1u << 1)
#define GNTTAB_CACHE_SOURCE_GREF (1u << 31)
    uint32_t op; /* in: GNTTAB_CACHE_* */
};
XENITH_ABI_TYPE_HANDLE(gnttab_cache_flush);
#endif

/* How to map: into the IOMMU, into the caller's tables, read-only, for user mode too (x86_32). */
#define _GNTMAP_device_map      (0)
#define GNTMAP_device_map       (1 << _GNTMAP_device_map)
#define _GNTMAP_host_map        (1)
#define GNTMAP_host_map         (1 << _GNTMAP_host_map)
#define _GNTMAP_readonly        (2)
#define GNTMAP_readonly         (1 << _GNTMAP_readonly)
#define _GNTMAP_application_map (3)
#define GNTMAP_application_map  (1 << _GNTMAP_application_map)
/* host_addr is the machine address of the L1 entry to write. */
#define _GNTMAP_contains_pte    (4)
#define GNTMAP_contains_pte     (1 << _GNTMAP_contains_pte)
/* Goes into the bits of the entry that are free for software (XENFEAT_gnttab_map_avail_bits). */
#define _GNTMAP_guest_avail0    (16)
#define GNTMAP_guest_avail_mask ((uint32_t)~0 << _GNTMAP_guest_avail0)

#define GNTST_okay              (0)
#define GNTST_general_error     (-1)
#define GNTST_bad_domain        (-2)
#define GNTST_bad_gntref        (-3)
#define GNTST_bad_handle        (-4)
#define GNTST_bad_virt_addr     (-5)
#define GNTST_bad_dev_addr      (-6)
#define GNTST_no_device_space   (-7)  /* IOMMU */
#define GNTST_permission_denied (-8)
#define GNTST_bad_page          (-9)
#define GNTST_bad_copy_arg      (-10) /* crosses the page */
#define GNTST_address_too_big   (-11) /* frame too high for the receiver */
#define GNTST_eagain            (-12)
#define GNTST_no_space          (-13) /* out of handles */

/* Texts for messages, indexed by the negated status. */
#define GNTTABOP_error_msgs                         \
    {                                               \
        "success",                                  \
        "error without a name",                     \
        "no such domain",                           \
        "reference is not a valid grant",           \
        "handle is not a mapping",                  \
        "virtual address cannot be used",           \
        "device address cannot be used",            \
        "IOMMU has no room",                        \
        "not permitted",                            \
        "page cannot be used",                      \
        "copy leaves the page",                     \
        "address is too wide",                      \
        "not done, call again",                     \
        "no room",                                  \
    }

#endif /* __XEN_PUBLIC_GRANT_TABLE_H__ */
