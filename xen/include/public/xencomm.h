/* SPDX-License-Identifier: MIT */
/*
 * Scattered hypercall arguments by physical address; of the PowerPC and IA64 ports, which are
 * gone.
 */
#ifndef _XEN_XENCOMM_H_
#define _XEN_XENCOMM_H_

#define XENCOMM_MAGIC   0x58434F4D
#define XENCOMM_INVALID (~0UL) /* address of a page that is left out */

struct xencomm_desc {
    uint32_t magic;
    uint32_t nr_addrs;
    uint64_t address[0];
};

#endif /* _XEN_XENCOMM_H_ */
