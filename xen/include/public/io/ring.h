/* SPDX-License-Identifier: MIT */
/*
 * Rings in shared memory, as macros because each protocol has message types of its own.
 *
 * DEFINE_RING_TYPES(name, request, response) makes a slotted ring: the frontend puts requests into
 * slots, the backend answers in the same slots. Indices run freely and are masked on access; never
 * may more requests be outstanding than there are slots. Nothing here locks, and nothing trusts:
 * copy a message out (RING_COPY_*) before looking at it.
 *   name_sring_t       the shared page: header and slots
 *   name_front_ring_t  the frontend's private state
 *   name_back_ring_t   the backend's private state
 *
 * DEFINE_XEN_FLEX_RING(name) makes functions for a pair of byte rings for variable-sized packets;
 * DEFINE_XEN_FLEX_RING_AND_INTF adds the page that holds their indices and grant references.
 *
 * The user provides uint8_t, memset, and for flex rings size_t, memcpy and grant_ref_t.
 */
#ifndef __XEN_PUBLIC_IO_RING_H__
#define __XEN_PUBLIC_IO_RING_H__

#include "../xen-compat.h"

/* Newer users name their barriers xen_*mb themselves. */
#if __XEN_INTERFACE_VERSION__ < 0x00030208
#define xen_mb()  mb()
#define xen_rmb() rmb()
#define xen_wmb() wmb()
#endif

typedef unsigned int RING_IDX;

/* The highest power of two not above a constant of 2, 4, 8, 16, 32 bits: halve and look. */
#define __RD2(_x)  ((_x) & 0x00000002 ? 0x2 : (_x) & 0x1)
#define __RD4(_x)  ((_x) & 0x0000000c ? __RD2((_x) >> 2) << 2 : __RD2(_x))
#define __RD8(_x)  ((_x) & 0x000000f0 ? __RD4((_x) >> 4) << 4 : __RD4(_x))
#define __RD16(_x) ((_x) & 0x0000ff00 ? __RD8((_x) >> 8) << 8 : __RD8(_x))
#define __RD32(_x) ((_x) & 0xffff0000 ? __RD16((_x) >> 16) << 16 : __RD16(_x))

/* Slots of a ring in _sz bytes: by the tag of its types (a constant), or by a pointer to it. */
#define __CONST_RING_SIZE(_s, _sz)                          \
    __RD32(((_sz) - offsetof(struct _s##_sring, ring)) /    \
           sizeof(((struct _s##_sring *)0)->ring[0]))
#define __RING_SIZE(_s, _sz) \
    __RD32(((_sz) - ((long)(_s)->ring - (long)(_s))) / sizeof((_s)->ring[0]))

/*
 * The header is 64 bytes: two pairs of index and notification threshold, then padding that some
 * protocols once used. ring[] has as many slots as fit.
 */
#define DEFINE_RING_TYPES(__name, __req_t, __rsp_t)     \
    union __name##_sring_entry {                        \
        __req_t req;                                    \
        __rsp_t rsp;                                    \
    };                                                  \
    struct __name##_sring {                             \
        RING_IDX req_prod, req_event;                   \
        RING_IDX rsp_prod, rsp_event;                   \
        union {                                         \
            struct {                                    \
                uint8_t smartpoll_active;               \
            } netif;                                    \
            struct {                                    \
                uint8_t msg;                            \
            } tapif_user;                               \
            uint8_t pvt_pad[4];                         \
        } pvt;                                          \
        uint8_t __pad[44];                              \
        union __name##_sring_entry ring[1];             \
    };                                                  \
    struct __name##_front_ring {                        \
        RING_IDX req_prod_pvt; /* not yet published */  \
        RING_IDX rsp_cons;                              \
        unsigned int nr_ents;                           \
        struct __name##_sring *sring;                   \
    };                                                  \
    struct __name##_back_ring {                         \
        RING_IDX rsp_prod_pvt; /* not yet published */  \
        RING_IDX req_cons;                              \
        unsigned int nr_ents;                           \
        struct __name##_sring *sring;                   \
    };                                                  \
    typedef struct __name##_sring __name##_sring_t;     \
    typedef struct __name##_front_ring __name##_front_ring_t; \
    typedef struct __name##_back_ring __name##_back_ring_t

/* Set up: the frontend initialises the shared page, then each side its own half. */
#define SHARED_RING_INIT(_s)                                               \
    do {                                                                   \
        (_s)->req_prod = 0;                                                \
        (_s)->req_event = 1;                                               \
        (_s)->rsp_prod = 0;                                                \
        (_s)->rsp_event = 1;                                               \
        (void)memset((_s)->pvt.pvt_pad, 0, sizeof((_s)->pvt.pvt_pad));     \
        (void)memset((_s)->__pad, 0, sizeof((_s)->__pad));                 \
    } while (0)

/* ATTACH takes over a ring that already runs, at index _i. */
#define FRONT_RING_ATTACH(_r, _s, _i, __size)       \
    do {                                            \
        (_r)->sring = (_s);                         \
        (_r)->nr_ents = __RING_SIZE(_s, __size);    \
        (_r)->req_prod_pvt = (_i);                  \
        (_r)->rsp_cons = (_i);                      \
    } while (0)
#define BACK_RING_ATTACH(_r, _s, _i, __size)        \
    do {                                            \
        (_r)->sring = (_s);                         \
        (_r)->nr_ents = __RING_SIZE(_s, __size);    \
        (_r)->rsp_prod_pvt = (_i);                  \
        (_r)->req_cons = (_i);                      \
    } while (0)

#define FRONT_RING_INIT(_r, _s, __size) FRONT_RING_ATTACH(_r, _s, 0, __size)
#define BACK_RING_INIT(_r, _s, __size)  BACK_RING_ATTACH(_r, _s, 0, __size)
#define XEN_FRONT_RING_INIT(r, s, size) \
    do {                                \
        SHARED_RING_INIT(s);            \
        FRONT_RING_INIT(r, s, size);    \
    } while (0)

/* How full it is. FREE and FULL are for the frontend. */
#define RING_SIZE(_r)          ((_r)->nr_ents)
#define RING_FREE_REQUESTS(_r) (RING_SIZE(_r) - ((_r)->req_prod_pvt - (_r)->rsp_cons))
#define RING_FULL(_r)          (RING_FREE_REQUESTS(_r) == 0)

#define XEN_RING_NR_UNCONSUMED_RESPONSES(_r) ((_r)->sring->rsp_prod - (_r)->rsp_cons)

/* Never more than there are slots for answers, whatever the frontend wrote. */
#ifdef __GNUC__
#define XEN_RING_NR_UNCONSUMED_REQUESTS(_r)                                               \
    ({                                                                                    \
        unsigned int ring_new_ = (_r)->sring->req_prod - (_r)->req_cons;                  \
        unsigned int ring_room_ = RING_SIZE(_r) - ((_r)->req_cons - (_r)->rsp_prod_pvt);  \
        ring_new_ < ring_room_ ? ring_new_ : ring_room_;                                  \
    })
#else
#define XEN_RING_NR_UNCONSUMED_REQUESTS(_r)                              \
    ((_r)->sring->req_prod - (_r)->req_cons <                            \
     RING_SIZE(_r) - ((_r)->req_cons - (_r)->rsp_prod_pvt)               \
         ? (_r)->sring->req_prod - (_r)->req_cons                        \
         : RING_SIZE(_r) - ((_r)->req_cons - (_r)->rsp_prod_pvt))
#endif

/* A number, because users took it for one; a boolean for those that ask. */
#ifdef XEN_RING_HAS_UNCONSUMED_IS_BOOL
#define RING_HAS_UNCONSUMED_RESPONSES(_r) (!!XEN_RING_NR_UNCONSUMED_RESPONSES(_r))
#define RING_HAS_UNCONSUMED_REQUESTS(_r)  (!!XEN_RING_NR_UNCONSUMED_REQUESTS(_r))
#else
#define RING_HAS_UNCONSUMED_RESPONSES(_r) XEN_RING_NR_UNCONSUMED_RESPONSES(_r)
#define RING_HAS_UNCONSUMED_REQUESTS(_r)  XEN_RING_NR_UNCONSUMED_REQUESTS(_r)
#endif

/* A slot in place, and a copy of it that the other side cannot change any more. */
#define RING_GET_REQUEST(_r, _idx)  (&(_r)->sring->ring[(_idx) & (RING_SIZE(_r) - 1)].req)
#define RING_GET_RESPONSE(_r, _idx) (&(_r)->sring->ring[(_idx) & (RING_SIZE(_r) - 1)].rsp)

#define RING_COPY_(type, r, idx, dest)                                       \
    do {                                                                     \
        /* volatile: the compiler must not read the shared slot again */     \
        *(dest) = *(volatile __typeof__(dest))RING_GET_##type(r, idx);       \
    } while (0)
#define RING_COPY_REQUEST(r, idx, req)  RING_COPY_(REQUEST, r, idx, req)
#define RING_COPY_RESPONSE(r, idx, rsp) RING_COPY_(RESPONSE, r, idx, rsp)

/* Indices that a well-behaved other side cannot reach. */
#define RING_REQUEST_CONS_OVERFLOW(_r, _cons)  (((_cons) - (_r)->rsp_prod_pvt) >= RING_SIZE(_r))
#define RING_REQUEST_PROD_OVERFLOW(_r, _prod)  (((_prod) - (_r)->rsp_prod_pvt) > RING_SIZE(_r))
#define RING_RESPONSE_PROD_OVERFLOW(_r, _prod) (((_prod) - (_r)->rsp_cons) > RING_SIZE(_r))

/* Publish: the messages must be visible before the index. */
#define RING_PUSH_REQUESTS(_r)                      \
    do {                                            \
        xen_wmb();                                  \
        (_r)->sring->req_prod = (_r)->req_prod_pvt; \
    } while (0)
#define RING_PUSH_RESPONSES(_r)                     \
    do {                                            \
        xen_wmb();                                  \
        (_r)->sring->rsp_prod = (_r)->rsp_prod_pvt; \
    } while (0)

/*
 * Publish, and tell in _notify whether the other side wants an event: whether its threshold lies
 * among the messages just published. The index must be visible before the threshold is read.
 */
#define RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(_r, _notify)                    \
    do {                                                                    \
        RING_IDX ring_from_ = (_r)->sring->req_prod;                        \
        RING_IDX ring_to_ = (_r)->req_prod_pvt;                             \
        RING_PUSH_REQUESTS(_r);                                             \
        xen_mb();                                                           \
        (_notify) = (RING_IDX)(ring_to_ - (_r)->sring->req_event) <         \
                    (RING_IDX)(ring_to_ - ring_from_);                      \
    } while (0)
#define RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(_r, _notify)                   \
    do {                                                                    \
        RING_IDX ring_from_ = (_r)->sring->rsp_prod;                        \
        RING_IDX ring_to_ = (_r)->rsp_prod_pvt;                             \
        RING_PUSH_RESPONSES(_r);                                            \
        xen_mb();                                                           \
        (_notify) = (RING_IDX)(ring_to_ - (_r)->sring->rsp_event) <         \
                    (RING_IDX)(ring_to_ - ring_from_);                      \
    } while (0)

/*
 * Before going to sleep: ask for an event at the very next message, then look once more, because it
 * may have come in between. Users that want to be woken later set the threshold themselves.
 */
#define RING_FINAL_CHECK_FOR_REQUESTS(_r, _work_to_do)          \
    do {                                                        \
        (_work_to_do) = RING_HAS_UNCONSUMED_REQUESTS(_r);       \
        if (!(_work_to_do)) {                                   \
            (_r)->sring->req_event = (_r)->req_cons + 1;        \
            xen_mb();                                           \
            (_work_to_do) = RING_HAS_UNCONSUMED_REQUESTS(_r);   \
        }                                                       \
    } while (0)
#define RING_FINAL_CHECK_FOR_RESPONSES(_r, _work_to_do)         \
    do {                                                        \
        (_work_to_do) = RING_HAS_UNCONSUMED_RESPONSES(_r);      \
        if (!(_work_to_do)) {                                   \
            (_r)->sring->rsp_event = (_r)->rsp_cons + 1;        \
            xen_mb();                                           \
            (_work_to_do) = RING_HAS_UNCONSUMED_RESPONSES(_r);  \
        }                                                       \
    } while (0)

/* Pages of these protocols are 4 KiB on every machine. */
#ifndef XEN_PAGE_SHIFT
#define XEN_PAGE_SHIFT 12
#endif

/* Bytes of one of the two rings that share 2^order pages. */
#define XEN_FLEX_RING_SIZE(order) (1UL << ((order) + XEN_PAGE_SHIFT - 1))

/*
 * name_mask           index within the ring
 * name_get_ring_ptr   address of a free-running index
 * name_read_packet    copy size bytes out, moving the masked consumer index on
 * name_write_packet   copy size bytes in, moving the masked producer index on
 * name_queued         bytes between two free-running indices
 * The caller has checked that there are size bytes of data, or of room.
 */
#define DEFINE_XEN_FLEX_RING(name)                                                              \
    static inline RING_IDX name##_mask(RING_IDX idx, RING_IDX ring_size)                        \
    {                                                                                           \
        return idx & (ring_size - 1);                                                           \
    }                                                                                           \
    static inline unsigned char *name##_get_ring_ptr(unsigned char *buf, RING_IDX idx,          \
                                                     RING_IDX ring_size)                        \
    {                                                                                           \
        return &buf[name##_mask(idx, ring_size)];                                               \
    }                                                                                           \
    static inline void name##_read_packet(void *opaque, const unsigned char *buf, size_t size,  \
                                          RING_IDX masked_prod, RING_IDX *masked_cons,          \
                                          RING_IDX ring_size)                                   \
    {                                                                                           \
        const RING_IDX at = *masked_cons;                                                       \
        const size_t to_end = ring_size - at;                                                   \
        const size_t first = at < masked_prod || size <= to_end ? size : to_end;                \
                                                                                                \
        memcpy(opaque, buf + at, first);                                                        \
        if (first < size)                                                                       \
            memcpy((unsigned char *)opaque + first, buf, size - first);                         \
        *masked_cons = name##_mask((RING_IDX)(at + size), ring_size);                           \
    }                                                                                           \
    static inline void name##_write_packet(unsigned char *buf, const void *opaque, size_t size, \
                                           RING_IDX *masked_prod, RING_IDX masked_cons,         \
                                           RING_IDX ring_size)                                  \
    {                                                                                           \
        const RING_IDX at = *masked_prod;                                                       \
        const size_t to_end = ring_size - at;                                                   \
        const size_t first = at < masked_cons || size <= to_end ? size : to_end;                \
                                                                                                \
        memcpy(buf + at, opaque, first);                                                        \
        if (first < size)                                                                       \
            memcpy(buf, (const unsigned char *)opaque + first, size - first);                   \
        *masked_prod = name##_mask((RING_IDX)(at + size), ring_size);                           \
    }                                                                                           \
    static inline RING_IDX name##_queued(RING_IDX prod, RING_IDX cons, RING_IDX ring_size)      \
    {                                                                                           \
        const RING_IDX used = name##_mask(prod - cons, ring_size);                              \
                                                                                                \
        return used == 0 && prod != cons ? ring_size : used; /* equal after masking: full */    \
    }                                                                                           \
    struct name##_data {                                                                        \
        unsigned char *in;  /* one half of the pages each */                                    \
        unsigned char *out;                                                                     \
    }

#define DEFINE_XEN_FLEX_RING_AND_INTF(name) \
    struct name##_data_intf {               \
        RING_IDX in_cons, in_prod;          \
        uint8_t pad1[56];                   \
        RING_IDX out_cons, out_prod;        \
        uint8_t pad2[56];                   \
        RING_IDX ring_order;                \
        grant_ref_t ref[];                  \
    };                                      \
    DEFINE_XEN_FLEX_RING(name)

#endif
