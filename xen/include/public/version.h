/* SPDX-License-Identifier: MIT */
/* HYPERVISOR_xen_version(cmd, arg): what runs below; arg is the type after the command, all out. */
#ifndef __XEN_PUBLIC_VERSION_H__
#define __XEN_PUBLIC_VERSION_H__

#include "xen.h"
#include "features.h"

#define XENVER_version 0 /* no arg; returns major << 16 | minor */

#define XENVER_extraversion 1
typedef char xen_extraversion_t[16];
#define XEN_EXTRAVERSION_LEN (sizeof(xen_extraversion_t))

#define XENVER_compile_info 2
struct xen_compile_info {
    char compiler[64];
    char compile_by[16];
    char compile_domain[32];
    char compile_date[32];
};
XENITH_ABI_TYPE(xen_compile_info);

#define XENVER_capabilities 3 /* guest kinds, separated by blanks: "xen-3.0-x86_64 hvm-3.0-..." */
typedef char xen_capabilities_info_t[1024];
#define XEN_CAPABILITIES_INFO_LEN (sizeof(xen_capabilities_info_t))

#define XENVER_changeset 4
typedef char xen_changeset_info_t[64];
#define XEN_CHANGESET_INFO_LEN (sizeof(xen_changeset_info_t))

#define XENVER_platform_parameters 5
struct xen_platform_parameters {
    xen_ulong_t virt_start; /* first linear address of the hypervisor */
};
XENITH_ABI_TYPE(xen_platform_parameters);

#define XENVER_get_features 6
struct xen_feature_info {
    unsigned int submap_idx; /* in: word, below XENFEAT_NR_SUBMAPS */
    uint32_t submap;         /* out: bits XENFEAT_* */
};
XENITH_ABI_TYPE(xen_feature_info);

#define XENVER_pagesize 7 /* no arg; returns bytes */

#define XENVER_guest_handle 8 /* arg: xen_domain_handle_t */

#define XENVER_commandline 9 /* arg: xen_commandline_t */
typedef char xen_commandline_t[1024];

#define XENVER_build_id 10 /* returns the length; NULL asks for that alone */
struct xen_build_id {
    uint32_t len; /* in: room in buf */
    unsigned char buf[XEN_FLEX_ARRAY_DIM];
};
XENITH_ABI_TYPE(xen_build_id);

#endif /* __XEN_PUBLIC_VERSION_H__ */
