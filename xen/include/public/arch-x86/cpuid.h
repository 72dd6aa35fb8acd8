/* SPDX-License-Identifier: MIT */
/*
 * The CPUID leaves by which a guest finds the hypervisor. They start at 0x40000000, or at one of
 * the following multiples of 0x100 where another interface comes first: look for the signature.
 *
 *   +0    eax: last leaf; ebx, ecx, edx: "XenVMMXenVMM"
 *   +1    eax: version, major << 16 | minor
 *   +2    eax: number of hypercall pages; ebx: first MSR that takes the address of one
 *         ecx: XEN_CPUID_FEAT1_*
 *   +3.0  eax: bit 0 TSC emulated, bit 1 host TSC reliable, bit 2 RDTSCP; ebx: tsc_mode;
 *         ecx: guest TSC in kHz; edx: incarnation
 *   +3.1  ebx:eax: TSC offset; ecx, edx: multiplier and shift, TSC to ns
 *   +3.2  eax: host TSC in kHz
 *   +4    HVM. eax: XEN_HVM_CPUID_*; ebx: vCPU; ecx: domain
 *   +5    PV. eax: last subleaf; ebx: bits 0-7 width of machine addresses, memory hotplug included
 */
#ifndef __XEN_PUBLIC_ARCH_X86_CPUID_H__
#define __XEN_PUBLIC_ARCH_X86_CPUID_H__

#define XEN_CPUID_FIRST_LEAF     0x40000000
#define XEN_CPUID_LEAF(i)        (XEN_CPUID_FIRST_LEAF + (i))
#define XEN_CPUID_MAX_NUM_LEAVES 5

#define XEN_CPUID_SIGNATURE_EBX 0x566e6558 /* "XenV" */
#define XEN_CPUID_SIGNATURE_ECX 0x65584d4d /* "MMXe" */
#define XEN_CPUID_SIGNATURE_EDX 0x4d4d566e /* "nVMM" */

#define _XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD 0
#define XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD  (1u << 0)

#define XEN_HVM_CPUID_APIC_ACCESS_VIRT (1u << 0) /* APIC registers without exits */
#define XEN_HVM_CPUID_X2APIC_VIRT      (1u << 1) /* the same for x2APIC */
#define XEN_HVM_CPUID_IOMMU_MAPPINGS   (1u << 2) /* grant mappings are in the IOMMU */
#define XEN_HVM_CPUID_VCPU_ID_PRESENT  (1u << 3) /* ebx is valid */
#define XEN_HVM_CPUID_DOMID_PRESENT    (1u << 4) /* ecx is valid */
#define XEN_HVM_CPUID_EXT_DEST_ID      (1u << 5) /* 15 bits of APIC id in MSI and I/O APIC */
#define XEN_HVM_CPUID_UPCALL_VECTOR    (1u << 6) /* upcall vectors work with PIRQs too */

#define XEN_CPUID_MACHINE_ADDRESS_WIDTH_MASK (0xffu << 0)

#endif /* __XEN_PUBLIC_ARCH_X86_CPUID_H__ */
