/* SPDX-License-Identifier: MIT */
/*
 * The page that describes a vchan, a byte stream in both directions between two domains. "left" is
 * what the server reads, "right" what the client reads. Rings of order 10 and 11 lie in this page
 * (at 1024 and 2048, one ring each); larger ones are granted page by page in grants[], left first.
 */
#ifndef __XEN_PUBLIC_IO_LIBXENVCHAN_H__
#define __XEN_PUBLIC_IO_LIBXENVCHAN_H__

struct ring_shared {
    uint32_t cons, prod;
};

/* Wishes to be signalled: when the other side has written, has read. */
#define VCHAN_NOTIFY_WRITE 0x1
#define VCHAN_NOTIFY_READ  0x2

struct vchan_interface {
    struct ring_shared left, right;
    uint16_t left_order, right_order; /* log2 of the bytes */
    uint8_t cli_live, srv_live;       /* 0 has left, 1 is there, 2 has not come yet */
    uint8_t cli_notify, srv_notify;   /* VCHAN_NOTIFY_*; cleared by the side that signals */
    uint32_t grants[0];
};

#endif
