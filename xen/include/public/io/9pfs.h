/* SPDX-License-Identifier: MIT */
/*
 * 9P2000 file systems over pairs of byte rings. Each packet is a 9P message; its first four bytes
 * are its size. Keys:
 *   backend   versions, max-rings, max-ring-page-order; path, security_model from the tools
 *   frontend  version, num-rings, ring-ref<i>, event-channel-<i>, tag (the mount tag)
 */
#ifndef __XEN_PUBLIC_IO_9PFS_H__
#define __XEN_PUBLIC_IO_9PFS_H__

#include "../grant_table.h"
#include "ring.h"

DEFINE_XEN_FLEX_RING_AND_INTF(xen_9pfs);

#endif
