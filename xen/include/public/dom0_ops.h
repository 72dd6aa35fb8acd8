/* SPDX-License-Identifier: MIT */
/* Names that platform_op had when it was dom0_op, for old guests. */
#ifndef __XEN_PUBLIC_DOM0_OPS_H__
#define __XEN_PUBLIC_DOM0_OPS_H__

#include "xen.h"
#include "platform.h"

#if __XEN_INTERFACE_VERSION__ >= 0x00030204
#error "dom0_ops.h is for interface versions before 0x00030204: include platform.h"
#endif

#define DOM0_INTERFACE_VERSION XENPF_INTERFACE_VERSION

#define DOM0_SETTIME          XENPF_settime
#define dom0_settime          xenpf_settime
#define dom0_settime_t        xenpf_settime_t
#define DOM0_ADD_MEMTYPE      XENPF_add_memtype
#define dom0_add_memtype      xenpf_add_memtype
#define dom0_add_memtype_t    xenpf_add_memtype_t
#define DOM0_DEL_MEMTYPE      XENPF_del_memtype
#define dom0_del_memtype      xenpf_del_memtype
#define dom0_del_memtype_t    xenpf_del_memtype_t
#define DOM0_READ_MEMTYPE     XENPF_read_memtype
#define dom0_read_memtype     xenpf_read_memtype
#define dom0_read_memtype_t   xenpf_read_memtype_t
#define DOM0_MICROCODE        XENPF_microcode_update
#define dom0_microcode        xenpf_microcode_update
#define dom0_microcode_t      xenpf_microcode_update_t
#define DOM0_PLATFORM_QUIRK   XENPF_platform_quirk
#define dom0_platform_quirk   xenpf_platform_quirk
#define dom0_platform_quirk_t xenpf_platform_quirk_t

typedef xenith_u64_t cpumap_t;

/* Commands that no longer exist */
#define DOM0_MSR 15
struct dom0_msr {
    uint32_t write;    /* in: not 0 to write */
    cpumap_t cpu_mask; /* in */
    uint32_t msr;      /* in */
    uint32_t in1;      /* in: low half */
    uint32_t in2;      /* in: high half */
    uint32_t out1;     /* out: low half */
    uint32_t out2;     /* out: high half */
};
XENITH_ABI_TYPE_HANDLE(dom0_msr);

#define DOM0_PHYSICAL_MEMORY_MAP 40
struct dom0_memory_map_entry {
    xenith_u64_t start, end;
    uint32_t flags;
    uint8_t is_ram;
};
XENITH_ABI_TYPE_HANDLE(dom0_memory_map_entry);

struct dom0_op {
    uint32_t cmd;
    uint32_t interface_version; /* DOM0_INTERFACE_VERSION */
    union {
        struct dom0_msr msr;
        struct dom0_settime settime;
        struct dom0_add_memtype add_memtype;
        struct dom0_del_memtype del_memtype;
        struct dom0_read_memtype read_memtype;
        struct dom0_microcode microcode;
        struct dom0_platform_quirk platform_quirk;
        struct dom0_memory_map_entry physical_memory_map;
        uint8_t pad[128];
    } u;
};
XENITH_ABI_TYPE_HANDLE(dom0_op);

#endif /* __XEN_PUBLIC_DOM0_OPS_H__ */
