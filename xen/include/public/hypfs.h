/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_hypfs_op(cmd, path, path length with NUL, buffer, size): a tree of facts and runtime
 * parameters of the hypervisor, like a small file system. path and buffer are virtual addresses.
 */
#ifndef __XEN_PUBLIC_HYPFS_H__
#define __XEN_PUBLIC_HYPFS_H__

#include "xen.h"

#define XEN_HYPFS_VERSION     1
#define XEN_HYPFS_MAX_PATHLEN 1024

struct xen_hypfs_direntry {
    uint8_t type;
#define XEN_HYPFS_TYPE_DIR    0
#define XEN_HYPFS_TYPE_BLOB   1
#define XEN_HYPFS_TYPE_STRING 2
#define XEN_HYPFS_TYPE_UINT   3
#define XEN_HYPFS_TYPE_INT    4
#define XEN_HYPFS_TYPE_BOOL   5
    uint8_t encoding;
#define XEN_HYPFS_ENC_PLAIN 0
#define XEN_HYPFS_ENC_GZIP  1
    uint16_t pad;
    uint32_t content_len;   /* bytes, as encoded */
    uint32_t max_write_len; /* bytes; 0: read-only */
};
XENITH_ABI_TYPE(xen_hypfs_direntry);

/* Contents of a directory: a list of these. */
struct xen_hypfs_dirlistentry {
    xen_hypfs_direntry_t e;
    uint16_t off_next; /* from this one, 0 for the last */
    char name[XEN_FLEX_ARRAY_DIM];
};

#define XEN_HYPFS_OP_get_version    0 /* returns XEN_HYPFS_VERSION; the rest is 0 */
#define XEN_HYPFS_OP_read           1 /* out: direntry, contents; ENOBUFS if only the former fits */
#define XEN_HYPFS_OP_write_contents 2

#endif /* __XEN_PUBLIC_HYPFS_H__ */
