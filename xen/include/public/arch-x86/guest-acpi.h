/* SPDX-License-Identifier: MIT */
/* ACPI devices that the toolstack describes to PVH guests and the hypervisor emulates. */
#ifndef __XEN_PUBLIC_ARCH_X86_GUEST_ACPI_H__
#define __XEN_PUBLIC_ARCH_X86_GUEST_ACPI_H__

#ifdef __XEN_TOOLS__
/* I/O ports: a bit for each vCPU that is plugged in */
#define XEN_ACPI_CPU_MAP     0xaf00
#define XEN_ACPI_CPU_MAP_LEN ((HVM_MAX_VCPUS + 7) / 8)

#define XEN_ACPI_GPE0_CPUHP_BIT 2 /* the map has changed */
#endif

#endif /* __XEN_PUBLIC_ARCH_X86_GUEST_ACPI_H__ */
