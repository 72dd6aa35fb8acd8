/* SPDX-License-Identifier: MIT */
/*
 * The PV frame buffer: one page with geometry, the frame numbers of the pages that list the frame
 * buffer's pages, and two rings of 40-byte events. "out" goes to the backend. Keys:
 *   frontend  page-ref, event-channel, protocol, feature-update
 *   backend   request-update, feature-resize, width, height, videoram
 */
#ifndef __XEN_PUBLIC_IO_FBIF_H__
#define __XEN_PUBLIC_IO_FBIF_H__

/* To the backend: an area was drawn. Only if the backend wrote request-update. */
#define XENFB_TYPE_UPDATE 2

struct xenfb_update {
    uint8_t type;
    int32_t x, y;
    int32_t width, height;
};

/* To the backend: the mode changed. Only if the backend wrote feature-resize. */
#define XENFB_TYPE_RESIZE 3

struct xenfb_resize {
    uint8_t type;
    int32_t width, height;
    int32_t stride; /* bytes of a line */
    int32_t depth;  /* bits of a pixel */
    int32_t offset; /* of the first pixel in the frame buffer */
};

#define XENFB_OUT_EVENT_SIZE 40

union xenfb_out_event {
    uint8_t type;
    struct xenfb_update update;
    struct xenfb_resize resize;
    char pad[XENFB_OUT_EVENT_SIZE];
};

/* To the frontend: how often somebody looks, in milliseconds. */
#define XENFB_TYPE_REFRESH_PERIOD 1
#define XENFB_NO_REFRESH          0

struct xenfb_refresh_period {
    uint8_t type;
    uint32_t period;
};

#define XENFB_IN_EVENT_SIZE 40

union xenfb_in_event {
    uint8_t type;
    struct xenfb_refresh_period refresh_period;
    char pad[XENFB_IN_EVENT_SIZE];
};

/* Places in the page: struct xenfb_page, then the in ring, then the out ring. */
#define XENFB_IN_RING_SIZE  1024
#define XENFB_IN_RING_LEN   (XENFB_IN_RING_SIZE / XENFB_IN_EVENT_SIZE)
#define XENFB_IN_RING_OFFS  1024
#define XENFB_IN_RING(page) ((union xenfb_in_event *)((char *)(page) + XENFB_IN_RING_OFFS))
#define XENFB_IN_RING_REF(page, idx) (XENFB_IN_RING(page)[(idx) % XENFB_IN_RING_LEN])

#define XENFB_OUT_RING_SIZE  2048
#define XENFB_OUT_RING_LEN   (XENFB_OUT_RING_SIZE / XENFB_OUT_EVENT_SIZE)
#define XENFB_OUT_RING_OFFS  (XENFB_IN_RING_OFFS + XENFB_IN_RING_SIZE)
#define XENFB_OUT_RING(page) ((union xenfb_out_event *)((char *)(page) + XENFB_OUT_RING_OFFS))
#define XENFB_OUT_RING_REF(page, idx) (XENFB_OUT_RING(page)[(idx) % XENFB_OUT_RING_LEN])

struct xenfb_page {
    uint32_t in_cons, in_prod;
    uint32_t out_cons, out_prod;
    int32_t width, height;
    uint32_t line_length; /* bytes */
    uint32_t mem_length;  /* bytes of the frame buffer */
    uint8_t depth;        /* bits of a pixel */
    unsigned long pd[256]; /* frames full of frame numbers; as wide as "protocol" says */
};

/* Mode of old frontends in kernels. */
#ifdef __KERNEL__
#define XENFB_WIDTH  800
#define XENFB_HEIGHT 600
#define XENFB_DEPTH  32
#endif

#endif
