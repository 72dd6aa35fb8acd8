/* SPDX-License-Identifier: MIT */
/*
 * The block device protocol: one ring of requests, or several with multi-queue.
 *
 * Keys of the backend ("b": 0 or 1, "n": decimal; what a missing key means in brackets):
 *   mode "r"|"w"; params, type, physical-device, physical-device-path   private, for hotplug
 *   sectors n, sector-size n, info n (VDISK_*)                          must be there
 *   physical-sector-size n                        [sector-size]
 *   feature-barrier, feature-flush-cache b        [0] WRITE_BARRIER, FLUSH_DISKCACHE are understood
 *   feature-persistent b                          [0] keeps grants mapped
 *   feature-discard b                             [0] with discard-granularity n [sector-size],
 *                                                 discard-alignment n [0], discard-secure b [0];
 *                                                 discard-enable b [1] is the tools' wish
 *   feature-max-indirect-segments n               [0] INDIRECT is understood, so many segments
 *   max-ring-page-order n [0], max-ring-pages n [1]  two dialects of multi-page rings: write both
 *   multi-queue-max-queues n                      [1]
 *   direct-io-safe b                              [0] the backend may bypass its page cache
 * Keys of the frontend:
 *   virtual-device n, device-type                 written by the tools
 *   event-channel n; ring-ref n                   one page
 *   ring-page-order n, num-ring-pages n           several: ring-ref0, ring-ref1, ... instead
 *   protocol                                      XEN_IO_PROTO_ABI_* [the backend's own]
 *   feature-persistent b                          [0] reuses grants; all must be writable
 *   feature-large-sector-size b                   [0] sectors need not have 512 bytes
 *   trusted b                                     [1] 0: guard against the backend
 *   multi-queue-num-queues n                      event-channel and ring-ref* move into queue-<i>/
 */
#ifndef __XEN_PUBLIC_IO_BLKIF_H__
#define __XEN_PUBLIC_IO_BLKIF_H__

#include "../abi_arch.h"
#include "ring.h"
#include "../grant_table.h"

#ifndef blkif_vdev_t
#define blkif_vdev_t uint16_t
#endif
#define blkif_sector_t uint64_t

/* blkif_request.operation. Data always goes through granted pages. */
#define BLKIF_OP_READ            0
#define BLKIF_OP_WRITE           1
#define BLKIF_OP_WRITE_BARRIER   2 /* earlier requests first, and all of it on the medium after */
#define BLKIF_OP_FLUSH_DISKCACHE 3 /* what was completed before is on the medium after */
#define BLKIF_OP_RESERVED_1      4
#define BLKIF_OP_DISCARD         5 /* blkif_request_discard */
#define BLKIF_OP_INDIRECT        6 /* blkif_request_indirect */

#define BLKIF_MAX_SEGMENTS_PER_REQUEST       11
#define BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST 8

/* Part of a page: from and up to a unit of 512 bytes (or of sector-size if that was agreed). */
struct blkif_request_segment {
    grant_ref_t gref;
    uint8_t first_sect, last_sect;
};

struct blkif_request {
    uint8_t operation;
    uint8_t nr_segments;
    blkif_vdev_t handle; /* only for reads and writes */
    uint64_t id;         /* comes back in the response */
    blkif_sector_t sector_number;
    struct blkif_request_segment seg[BLKIF_MAX_SEGMENTS_PER_REQUEST];
};
typedef struct blkif_request blkif_request_t;

/* Overlay of blkif_request. */
#define BLKIF_DISCARD_SECURE (1 << 0)

struct blkif_request_discard {
    uint8_t operation;
    uint8_t flag; /* BLKIF_DISCARD_SECURE or 0 */
    blkif_vdev_t handle;
    uint64_t id;
    blkif_sector_t sector_number;
    uint64_t nr_sectors;
};
typedef struct blkif_request_discard blkif_request_discard_t;

/* Overlay of blkif_request: the granted pages are full of blkif_request_segment, 8 bytes each. */
struct blkif_request_indirect {
    uint8_t operation;
    uint8_t indirect_op; /* BLKIF_OP_READ or WRITE */
    uint16_t nr_segments;
    uint64_t id;
    blkif_sector_t sector_number;
    blkif_vdev_t handle;
    grant_ref_t indirect_grefs[BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST];
#if XENITH_ABI_ARCH == XENITH_ABI_X86_32
    uint64_t pad; /* same size as in the 64-bit ABI */
#endif
};
typedef struct blkif_request_indirect blkif_request_indirect_t;

#define BLKIF_RSP_EOPNOTSUPP (-2)
#define BLKIF_RSP_ERROR      (-1)
#define BLKIF_RSP_OKAY       0

struct blkif_response {
    uint64_t id;
    uint8_t operation;
    int16_t status; /* BLKIF_RSP_* */
};
typedef struct blkif_response blkif_response_t;

DEFINE_RING_TYPES(blkif, struct blkif_request, struct blkif_response);

/* The info key. */
#define VDISK_CDROM     0x1
#define VDISK_REMOVABLE 0x2
#define VDISK_READONLY  0x4

#endif
