/* SPDX-License-Identifier: MIT */
/*
 * ELF notes named "Xen", by which a kernel tells how it wants to be started (types 0 to 18), and
 * those in crash images and core dumps. Numbers are 4 or 8 bytes, the rest strings.
 */
#ifndef __XEN_PUBLIC_ELFNOTE_H__
#define __XEN_PUBLIC_ELFNOTE_H__

#define XEN_ELFNOTE_INFO                0 /* free text */
#define XEN_ELFNOTE_ENTRY               1 /* virtual address of the entry */
#define XEN_ELFNOTE_HYPERCALL_PAGE      2 /* virtual address; filled by the builder */
#define XEN_ELFNOTE_VIRT_BASE           3 /* virtual address of pseudo-physical 0 */
#define XEN_ELFNOTE_PADDR_OFFSET        4 /* what p_paddr has too much */
#define XEN_ELFNOTE_XEN_VERSION         5 /* "xen-3.0" */
#define XEN_ELFNOTE_GUEST_OS            6 /* name */
#define XEN_ELFNOTE_GUEST_VERSION       7 /* text */
#define XEN_ELFNOTE_LOADER              8 /* "generic" */
#define XEN_ELFNOTE_PAE_MODE            9 /* "yes", "no", "bimodal" */
#define XEN_ELFNOTE_FEATURES           10 /* names joined by |, ! before one that is required */
#define XEN_ELFNOTE_BSD_SYMTAB         11 /* "yes": load the symbols too */
#define XEN_ELFNOTE_HV_START_LOW       12 /* lowest address that the hypervisor may take (32-bit) */
#define XEN_ELFNOTE_L1_MFN_VALID       13 /* pairs: mask and value of a present L1 entry */
#define XEN_ELFNOTE_SUSPEND_CANCEL     14 /* not 0: SHUTDOWN_suspend returns 1 if cancelled */
#define XEN_ELFNOTE_INIT_P2M           15 /* virtual address where the p2m list is wanted */
#define XEN_ELFNOTE_MOD_START_PFN      16 /* not 0: the module need not be mapped */
#define XEN_ELFNOTE_SUPPORTED_FEATURES 17 /* bits XENFEAT_* */
#define XEN_ELFNOTE_PHYS32_ENTRY       18 /* physical address of the PVH entry */
#define XEN_ELFNOTE_MAX                XEN_ELFNOTE_PHYS32_ENTRY

/* In the crash image of the hypervisor: its versions and CR3s; one for each CPU its registers. */
#define XEN_ELFNOTE_CRASH_INFO 0x1000001
#define XEN_ELFNOTE_CRASH_REGS 0x1000002

/* In a domain's core dump: none, sizes, the hypervisor's version, version of the format. */
#define XEN_ELFNOTE_DUMPCORE_NONE           0x2000000
#define XEN_ELFNOTE_DUMPCORE_HEADER         0x2000001
#define XEN_ELFNOTE_DUMPCORE_XEN_VERSION    0x2000002
#define XEN_ELFNOTE_DUMPCORE_FORMAT_VERSION 0x2000003

#endif /* __XEN_PUBLIC_ELFNOTE_H__ */
