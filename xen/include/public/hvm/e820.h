/* SPDX-License-Identifier: MIT */
/* Where the builder of an HVM guest leaves the E820 map for the firmware, and the default hole. */
#ifndef __XEN_PUBLIC_HVM_E820_H__
#define __XEN_PUBLIC_HVM_E820_H__

#include "../xen.h"

/* Page of the map, with the offsets in it of the 8-bit count and of the 20-byte entries. */
#define HVM_E820_PAGE            0x00090000
#define HVM_E820_NR_OFFSET       0x000001E8
#define HVM_E820_OFFSET          0x000002D0

#define HVM_BELOW_4G_RAM_END     0xF0000000
#define HVM_BELOW_4G_MMIO_START  HVM_BELOW_4G_RAM_END
#define HVM_BELOW_4G_MMIO_LENGTH ((xen_mk_ullong(1) << 32) - HVM_BELOW_4G_MMIO_START)

#endif
