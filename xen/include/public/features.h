/* SPDX-License-Identifier: MIT */
/*
 * Feature bits: what XENVER_get_features reports, and what a kernel asks for by name in its
 * XEN_ELFNOTE_FEATURES or by bit in XEN_ELFNOTE_SUPPORTED_FEATURES.
 */
#ifndef __XEN_PUBLIC_FEATURES_H__
#define __XEN_PUBLIC_FEATURES_H__

#define XENFEAT_writable_page_tables       0 /* page tables need not be read-only */
#define XENFEAT_writable_descriptor_tables 1 /* nor GDT and LDT */
#define XENFEAT_auto_translated_physmap    2 /* the hypervisor translates guest frames */
#define XENFEAT_supervisor_mode_kernel     3 /* the kernel runs at its native privilege */
#define XENFEAT_pae_pgdir_above_4gb        4 /* as VMASST_TYPE_pae_extended_cr3 */
#define XENFEAT_mmu_pt_update_preserve_ad  5 /* MMU_PT_UPDATE_PRESERVE_AD exists */
#define XENFEAT_highmem_assist             6 /* MMUEXT_CLEAR_PAGE and COPY_PAGE exist */
#define XENFEAT_gnttab_map_avail_bits      7 /* GNTMAP_guest_avail_mask works */
#define XENFEAT_hvm_callback_vector        8 /* HVM: events by a vector */
#define XENFEAT_hvm_safe_pvclock           9 /* HVM: the PV clock may be used */
#define XENFEAT_hvm_pirqs                 10 /* HVM: PIRQs may be used */
#define XENFEAT_dom0                      11 /* the caller is dom0 */
#define XENFEAT_memory_op_vnode_supported 13 /* XENMEMF_vnode works */
#define XENFEAT_ARM_SMCCC_supported       14 /* Arm: hypercalls by the SMC calling convention */
#define XENFEAT_linux_rsdp_unrestricted   15 /* PVH: the RSDP may be anywhere */
#define XENFEAT_not_direct_mapped         16 /* guest frames are not machine frames */
#define XENFEAT_direct_mapped             17 /* guest frames are machine frames */

#define XENFEAT_NR_SUBMAPS 1 /* words of 32 bits */

#endif /* __XEN_PUBLIC_FEATURES_H__ */
