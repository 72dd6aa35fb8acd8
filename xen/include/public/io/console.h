/* SPDX-License-Identifier: MIT */
/*
 * The PV console: one page with two byte rings. "in" goes to the guest, "out" comes from it. The
 * indices run freely; each side writes its own two and signals the other by the event channel.
 * The first console's page and port are in start_info or in HVM_PARAM_CONSOLE_*; further ones at
 *   device/console/<n>/  ring-ref, port, type, output, limit, protocol
 */
#ifndef __XEN_PUBLIC_IO_CONSOLE_H__
#define __XEN_PUBLIC_IO_CONSOLE_H__

typedef uint32_t XENCONS_RING_IDX;

#define MASK_XENCONS_IDX(idx, ring) ((idx) & (sizeof(ring) - 1))

struct xencons_interface {
    char in[1024];
    char out[2048];
    XENCONS_RING_IDX in_cons, in_prod;
    XENCONS_RING_IDX out_cons, out_prod;
};

#ifdef XEN_WANT_FLEX_CONSOLE_RING
#include "ring.h"
DEFINE_XEN_FLEX_RING(xencons);
#endif

#endif
