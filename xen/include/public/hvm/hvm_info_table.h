/* SPDX-License-Identifier: MIT */
/*
 * The table by which the builder of an HVM guest describes it to hvmloader, at HVM_INFO_PADDR.
 * A guest may rely on its vCPU numbers being the ACPI processor ids (not the APIC ids).
 */
#ifndef __XEN_PUBLIC_HVM_HVM_INFO_TABLE_H__
#define __XEN_PUBLIC_HVM_HVM_INFO_TABLE_H__

#define HVM_INFO_PFN    0x09F
#define HVM_INFO_OFFSET 0x800
#define HVM_INFO_PADDR  ((HVM_INFO_PFN << 12) + HVM_INFO_OFFSET)

#define HVM_MAX_VCPUS   128 /* APIC id is twice the vCPU number, in eight bits */

struct hvm_info_table {
    char signature[8];             /* "HVM INFO" */
    uint32_t length;
    uint8_t checksum;              /* all bytes add up to 0 */
    uint8_t apic_mode;             /* boolean: describe APICs in MADT and MP table */
    uint32_t nr_vcpus;

    /* Page numbers; 0 stands for "no such range". */
    uint32_t low_mem_pgend;        /* end of RAM below 4 GiB (apart from the VGA hole) */
    uint32_t reserved_mem_pgstart; /* from here to 4 GiB: special pages */
    uint32_t high_mem_pgend;       /* end of RAM above 4 GiB */

    uint8_t vcpu_online[(HVM_MAX_VCPUS + 7) / 8]; /* bitmap: present at boot */
};

#endif
