/* SPDX-License-Identifier: MIT */
/*
 * The network protocol: for each queue a ring for packets to the backend (tx) and one for packets
 * to the frontend (rx), and optionally one ring for control. Directions are the frontend's.
 *
 * A packet is a chain of slots: the first request, its extra infos (EXTRA_INFO set), further
 * fragments (MORE_DATA set in all but the last). tx: the size of the first request is that of the
 * whole packet. rx: the frontend posts buffers, responses carry the flags.
 *
 * Keys (missing means no):
 *   both ends  feature-sg, feature-gso-tcpv4, feature-gso-tcpv6, feature-no-csum-offload (IPv4),
 *              feature-ipv6-csum-offload, feature-multicast-control, request-multicast-control,
 *              feature-dynamic-multicast-control
 *   backend    feature-rx-copy, feature-split-event-channels, feature-ctrl-ring,
 *              multi-queue-max-queues
 *   frontend   mac, handle, trusted (missing means yes); tx-ring-ref, rx-ring-ref, event-channel or
 *              event-channel-tx and event-channel-rx; request-rx-copy, feature-rx-notify;
 *              ctrl-ring-ref, event-channel-ctrl; multi-queue-num-queues (rings and channels are
 *              then in queue-<i>/)
 */
#ifndef __XEN_PUBLIC_IO_NETIF_H__
#define __XEN_PUBLIC_IO_NETIF_H__

#include "ring.h"
#include "../grant_table.h"

/* Slots of one packet that every backend accepts. */
#define XEN_NETIF_NR_SLOTS_MIN 18

/* Which fields of a packet are hashed, and how. */
#define _XEN_NETIF_CTRL_HASH_TYPE_IPV4         0
#define _XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP     1
#define _XEN_NETIF_CTRL_HASH_TYPE_IPV6         2
#define _XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP     3
#define XEN_NETIF_CTRL_HASH_TYPE_IPV4          (1 << _XEN_NETIF_CTRL_HASH_TYPE_IPV4)
#define XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP      (1 << _XEN_NETIF_CTRL_HASH_TYPE_IPV4_TCP)
#define XEN_NETIF_CTRL_HASH_TYPE_IPV6          (1 << _XEN_NETIF_CTRL_HASH_TYPE_IPV6)
#define XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP      (1 << _XEN_NETIF_CTRL_HASH_TYPE_IPV6_TCP)

#define XEN_NETIF_CTRL_HASH_ALGORITHM_NONE     0
#define XEN_NETIF_CTRL_HASH_ALGORITHM_TOEPLITZ 1

#ifdef XEN_NETIF_DEFINE_TOEPLITZ
/*
 * Toeplitz hash (Microsoft RSS): for every set bit of the input, from the top, add (xor) the 32 key
 * bits that start at the same position. A key that is too short goes on with zeros.
 */
static uint32_t xen_netif_toeplitz_hash(const uint8_t *key, unsigned int keylen,
                                        const uint8_t *buf, unsigned int buflen)
{
    uint32_t hash = 0;
    uint32_t window = 0; /* key bits at the current position */
    unsigned int i;
    int bit;

    for (i = 0; i < 4; i++)
        window = window << 8 | (i < keylen ? key[i] : 0u);
    for (i = 0; i < buflen; i++) {
        const uint32_t next = i + 4 < keylen ? key[i + 4] : 0u;

        for (bit = 7; bit >= 0; bit--) {
            if (buf[i] >> bit & 1)
                hash ^= window;
            window = window << 1 | (next >> bit & 1);
        }
    }
    return hash;
}
#endif

/* Control ring. data[] of the request and data of the response are given for each type. */
#define XEN_NETIF_CTRL_TYPE_INVALID               0
#define XEN_NETIF_CTRL_TYPE_GET_HASH_FLAGS        1  /* -> types that can be hashed */
#define XEN_NETIF_CTRL_TYPE_SET_HASH_FLAGS        2  /* types to hash */
#define XEN_NETIF_CTRL_TYPE_SET_HASH_KEY          3  /* grant, bytes */
#define XEN_NETIF_CTRL_TYPE_GET_HASH_MAPPING_SIZE 4  /* -> most entries of the queue table */
#define XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING_SIZE 5  /* entries */
#define XEN_NETIF_CTRL_TYPE_SET_HASH_MAPPING      6  /* grant of uint32_t[], entries, first */
#define XEN_NETIF_CTRL_TYPE_SET_HASH_ALGORITHM    7  /* algorithm */
#define XEN_NETIF_CTRL_TYPE_GET_GREF_MAPPING_SIZE 8  /* queue -> most grants kept mapped */
#define XEN_NETIF_CTRL_TYPE_ADD_GREF_MAPPING      9  /* queue, grant of xen_netif_gref[], entries */
#define XEN_NETIF_CTRL_TYPE_DEL_GREF_MAPPING     10  /* the same */

struct xen_netif_ctrl_request {
    uint16_t id;
    uint16_t type; /* XEN_NETIF_CTRL_TYPE_* */
    uint32_t data[3];
};

#define XEN_NETIF_CTRL_STATUS_SUCCESS           0
#define XEN_NETIF_CTRL_STATUS_NOT_SUPPORTED     1
#define XEN_NETIF_CTRL_STATUS_INVALID_PARAMETER 2
#define XEN_NETIF_CTRL_STATUS_BUFFER_OVERFLOW   3

struct xen_netif_ctrl_response {
    uint16_t id;
    uint16_t type;
    uint32_t status; /* XEN_NETIF_CTRL_STATUS_* */
    uint32_t data;
};

#define _XEN_NETIF_CTRLF_GREF_readonly 0
#define XEN_NETIF_CTRLF_GREF_readonly  (1U << _XEN_NETIF_CTRLF_GREF_readonly)

struct xen_netif_gref {
    grant_ref_t ref;
    uint16_t flags;  /* in: XEN_NETIF_CTRLF_GREF_* */
    uint16_t status; /* out: XEN_NETIF_CTRL_STATUS_* */
};

DEFINE_RING_TYPES(xen_netif_ctrl, struct xen_netif_ctrl_request, struct xen_netif_ctrl_response);

/* Slots behind the first that are no data but say more about the packet. */
#define XEN_NETIF_EXTRA_TYPE_NONE      (0)
#define XEN_NETIF_EXTRA_TYPE_GSO       (1)
#define XEN_NETIF_EXTRA_TYPE_MCAST_ADD (2)
#define XEN_NETIF_EXTRA_TYPE_MCAST_DEL (3)
#define XEN_NETIF_EXTRA_TYPE_HASH      (4)
#define XEN_NETIF_EXTRA_TYPE_MAX       (5)

#define _XEN_NETIF_EXTRA_FLAG_MORE     (0)
#define XEN_NETIF_EXTRA_FLAG_MORE      (1U << _XEN_NETIF_EXTRA_FLAG_MORE)

#define XEN_NETIF_GSO_TYPE_NONE        (0)
#define XEN_NETIF_GSO_TYPE_TCPV4       (1)
#define XEN_NETIF_GSO_TYPE_TCPV6       (2)

struct netif_extra_info {
    uint8_t type;  /* XEN_NETIF_EXTRA_TYPE_* */
    uint8_t flags; /* XEN_NETIF_EXTRA_FLAG_* */
    union {
        struct {
            uint16_t size; /* payload of a segment */
            uint8_t type;  /* XEN_NETIF_GSO_TYPE_* */
            uint8_t pad;
            uint16_t features; /* 0 */
        } gso;
        struct {
            uint8_t addr[6];
        } mcast; /* frontend to backend only */
        struct {
            uint8_t type;      /* XEN_NETIF_CTRL_HASH_TYPE_* bit number */
            uint8_t algorithm; /* XEN_NETIF_CTRL_HASH_ALGORITHM_* */
            uint8_t value[4];  /* little endian */
        } hash;
        uint16_t pad[3];
    } u;
};
typedef struct netif_extra_info netif_extra_info_t;

/* tx */
#define _NETTXF_csum_blank     (0) /* checksum is not filled in */
#define _NETTXF_data_validated (1) /* checksum need not be looked at */
#define _NETTXF_more_data      (2)
#define _NETTXF_extra_info     (3)
#define NETTXF_csum_blank      (1U << _NETTXF_csum_blank)
#define NETTXF_data_validated  (1U << _NETTXF_data_validated)
#define NETTXF_more_data       (1U << _NETTXF_more_data)
#define NETTXF_extra_info      (1U << _NETTXF_extra_info)

#define XEN_NETIF_MAX_TX_SIZE  0xFFFF

struct netif_tx_request {
    grant_ref_t gref;
    uint16_t offset;
    uint16_t flags; /* NETTXF_* */
    uint16_t id;
    uint16_t size;
};
typedef struct netif_tx_request netif_tx_request_t;

struct netif_tx_response {
    uint16_t id;
    int16_t status; /* NETIF_RSP_* */
};
typedef struct netif_tx_response netif_tx_response_t;

/* rx */
#define _NETRXF_data_validated (0)
#define _NETRXF_csum_blank     (1)
#define _NETRXF_more_data      (2)
#define _NETRXF_extra_info     (3)
#define _NETRXF_gso_prefix     (4) /* an older form of GSO: a slot before the packet */
#define NETRXF_data_validated  (1U << _NETRXF_data_validated)
#define NETRXF_csum_blank      (1U << _NETRXF_csum_blank)
#define NETRXF_more_data       (1U << _NETRXF_more_data)
#define NETRXF_extra_info      (1U << _NETRXF_extra_info)
#define NETRXF_gso_prefix      (1U << _NETRXF_gso_prefix)

struct netif_rx_request {
    uint16_t id;
    uint16_t pad;
    grant_ref_t gref;
};
typedef struct netif_rx_request netif_rx_request_t;

struct netif_rx_response {
    uint16_t id;
    uint16_t offset;
    uint16_t flags; /* NETRXF_* */
    int16_t status; /* negative: NETIF_RSP_*; otherwise the bytes received */
};
typedef struct netif_rx_response netif_rx_response_t;

DEFINE_RING_TYPES(netif_tx, struct netif_tx_request, struct netif_tx_response);
DEFINE_RING_TYPES(netif_rx, struct netif_rx_request, struct netif_rx_response);

#define NETIF_RSP_DROPPED (-2)
#define NETIF_RSP_ERROR   (-1)
#define NETIF_RSP_OKAY    0
#define NETIF_RSP_NULL    1 /* answers an extra info slot */

#endif
