/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_kexec_op(cmd, arg): dom0 loads the kernel that runs when the hypervisor hands over the
 * machine, on request or after a crash. All members are in unless they say out.
 */
#ifndef _XEN_PUBLIC_KEXEC_H
#define _XEN_PUBLIC_KEXEC_H

#include "xen.h"

#define KEXEC_TYPE_DEFAULT 0
#define KEXEC_TYPE_CRASH   1

#define KEXEC_CMD_kexec 0
typedef struct xen_kexec_exec {
    int type; /* KEXEC_TYPE_* */
} xen_kexec_exec_t;

/* The first way of loading: Linux's own structures. Of history only. */
#if XENITH_ABI_X86
#define KEXEC_XEN_NO_PAGES 17
#endif
typedef struct xen_kexec_image {
#if XENITH_ABI_X86
    xenith_ulong_t page_list[KEXEC_XEN_NO_PAGES];
#endif
    xenith_ulong_t indirection_page;
    xenith_ulong_t start_address;
} xen_kexec_image_t;

#define KEXEC_CMD_kexec_load_v1   1
#define KEXEC_CMD_kexec_unload_v1 2
typedef struct xen_kexec_load_v1 {
    int type; /* KEXEC_TYPE_* */
    xen_kexec_image_t image;
} xen_kexec_load_v1_t;

/* Where things are in machine memory. */
#define KEXEC_RANGE_MA_CRASH      0 /* reserved for the crash kernel */
#define KEXEC_RANGE_MA_XEN        1 /* the hypervisor */
#define KEXEC_RANGE_MA_CPU        2 /* crash note of CPU nr */
#define KEXEC_RANGE_MA_XENHEAP    3
#define KEXEC_RANGE_MA_BOOT_PARAM 4
#define KEXEC_RANGE_MA_EFI_MEMMAP 5
#define KEXEC_RANGE_MA_VMCOREINFO 6

#define KEXEC_CMD_kexec_get_range 3
typedef struct xen_kexec_range {
    int range;            /* KEXEC_RANGE_MA_* */
    int nr;
    xenith_ulong_t size;  /* out: bytes */
    xenith_ulong_t start; /* out */
} xen_kexec_range_t;

#if __XEN_INTERFACE_VERSION__ >= 0x00040400

typedef struct xen_kexec_segment {
    union {
        XEN_GUEST_HANDLE(const_void) h;
        xenith_u64_t _pad;
    } buf;                   /* contents */
    xenith_u64_t buf_size;   /* bytes; the rest up to dest_size is zero */
    xenith_u64_t dest_maddr; /* page aligned */
    xenith_u64_t dest_size;  /* bytes, whole pages */
} xen_kexec_segment_t;
DEFINE_XEN_GUEST_HANDLE(xen_kexec_segment_t);

#define KEXEC_CMD_kexec_load 4
typedef struct xen_kexec_load {
    uint8_t type; /* KEXEC_TYPE_* */
    uint8_t _pad;
    uint16_t arch; /* ELF e_machine: whether it starts in 32-bit or 64-bit mode */
    uint32_t nr_segments;
    union {
        XEN_GUEST_HANDLE(xen_kexec_segment_t) h;
        xenith_u64_t _pad;
    } segments;
    xenith_u64_t entry_maddr;
} xen_kexec_load_t;
DEFINE_XEN_GUEST_HANDLE(xen_kexec_load_t);

#define KEXEC_CMD_kexec_unload 5
typedef struct xen_kexec_unload {
    uint8_t type; /* KEXEC_TYPE_* */
} xen_kexec_unload_t;
DEFINE_XEN_GUEST_HANDLE(xen_kexec_unload_t);

#define KEXEC_CMD_kexec_status 6 /* returns 1 if an image is loaded */
typedef struct xen_kexec_status {
    uint8_t type; /* KEXEC_TYPE_* */
} xen_kexec_status_t;
DEFINE_XEN_GUEST_HANDLE(xen_kexec_status_t);

#else

#define KEXEC_CMD_kexec_load   KEXEC_CMD_kexec_load_v1
#define KEXEC_CMD_kexec_unload KEXEC_CMD_kexec_unload_v1
#define xen_kexec_load         xen_kexec_load_v1
#define xen_kexec_load_t       xen_kexec_load_v1_t

#endif

#endif /* _XEN_PUBLIC_KEXEC_H */
