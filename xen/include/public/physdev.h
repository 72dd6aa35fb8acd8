/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_physdev_op(cmd, arg): interrupts, I/O ports and PCI devices of domains that drive
 * hardware. A PIRQ is a domain's name for a physical interrupt.
 */
#ifndef __XEN_PUBLIC_PHYSDEV_H__
#define __XEN_PUBLIC_PHYSDEV_H__

#include "xen.h"

/* The guest has handled it; lets a level interrupt come again. */
#define PHYSDEVOP_eoi 12
struct physdev_eoi {
    uint32_t irq; /* in: PIRQ */
};
XENITH_ABI_TYPE_HANDLE(physdev_eoi);

/*
 * A page in which bit n tells that PIRQ n needs PHYSDEVOP_eoi. With v1, unmasking does the EOI
 * too.
 */
#define PHYSDEVOP_pirq_eoi_gmfn_v1 17
#define PHYSDEVOP_pirq_eoi_gmfn_v2 28
#if __XEN_INTERFACE_VERSION__ < 0x00040200
#define PHYSDEVOP_pirq_eoi_gmfn PHYSDEVOP_pirq_eoi_gmfn_v1
#else
#define PHYSDEVOP_pirq_eoi_gmfn PHYSDEVOP_pirq_eoi_gmfn_v2
#endif
struct physdev_pirq_eoi_gmfn {
    xen_pfn_t gmfn; /* in */
};
XENITH_ABI_TYPE_HANDLE(physdev_pirq_eoi_gmfn);

#define PHYSDEVOP_irq_status_query 5
struct physdev_irq_status_query {
    uint32_t irq;   /* in: PIRQ */
    uint32_t flags; /* out: XENIRQSTAT_* */
};
XENITH_ABI_TYPE_HANDLE(physdev_irq_status_query);
#define _XENIRQSTAT_needs_eoi (0)
#define XENIRQSTAT_needs_eoi  (1U << _XENIRQSTAT_needs_eoi)
#define _XENIRQSTAT_shared    (1)
#define XENIRQSTAT_shared     (1U << _XENIRQSTAT_shared)

/* Ports by privilege level of the calling vCPU: 0 none, 1 the kernel, 3 user mode too. */
#define PHYSDEVOP_set_iopl 6
struct physdev_set_iopl {
    uint32_t iopl; /* in */
};
XENITH_ABI_TYPE_HANDLE(physdev_set_iopl);

/* Ports one by one, for user mode; a set bit forbids. */
#define PHYSDEVOP_set_iobitmap 7
struct physdev_set_iobitmap {
#if __XEN_INTERFACE_VERSION__ >= 0x00030205 || defined(XENITH_ABI_FOREIGN_X86_32)
    XEN_GUEST_HANDLE(uint8) bitmap; /* in */
#else
    uint8_t *bitmap;
#endif
    uint32_t nr_ports; /* in */
};
XENITH_ABI_TYPE_HANDLE(physdev_set_iobitmap);

/* Registers of an I/O APIC. */
#define PHYSDEVOP_apic_read  8
#define PHYSDEVOP_apic_write 9
struct physdev_apic {
    xenith_ulong_t apic_physbase; /* in: which */
    uint32_t reg;                 /* in */
    uint32_t value;               /* in or out */
};
XENITH_ABI_TYPE_HANDLE(physdev_apic);

#define PHYSDEVOP_alloc_irq_vector 10
#define PHYSDEVOP_free_irq_vector  11
struct physdev_irq {
    uint32_t irq;    /* in */
    uint32_t vector; /* in or out */
};
XENITH_ABI_TYPE_HANDLE(physdev_irq);

#define MAP_PIRQ_TYPE_MSI       0x0
#define MAP_PIRQ_TYPE_GSI       0x1
#define MAP_PIRQ_TYPE_UNKNOWN   0x2
#define MAP_PIRQ_TYPE_MSI_SEG   0x3 /* bus[31:16] is the segment */
#define MAP_PIRQ_TYPE_MULTI_MSI 0x4 /* entry_nr vectors in a row */

#define PHYSDEVOP_map_pirq 13
struct physdev_map_pirq {
    domid_t domid;           /* in */
    int type;                /* in: MAP_PIRQ_TYPE_* */
    int index;               /* in: GSI; out: IRQ chosen for MSI */
    int pirq;                /* in: wanted number, negative for any; out */
    int bus;                 /* in: MSI */
    int devfn;               /* in: MSI */
    int entry_nr;            /* in: MSI-X entry, or number of MSIs; out: how many could be had */
    xenith_u64_t table_base; /* in: MSI-X table, 0 for MSI */
};
XENITH_ABI_TYPE_HANDLE(physdev_map_pirq);

#define PHYSDEVOP_unmap_pirq 14
struct physdev_unmap_pirq {
    domid_t domid; /* in */
    int pirq;      /* in */
};
XENITH_ABI_TYPE_HANDLE(physdev_unmap_pirq);

/* dom0 tells of PCI devices; segment 0 only, replaced by pci_device_add and pci_device_remove. */
#define PHYSDEVOP_manage_pci_add    15
#define PHYSDEVOP_manage_pci_remove 16
struct physdev_manage_pci {
    uint8_t bus;   /* in */
    uint8_t devfn; /* in */
};
XENITH_ABI_TYPE_HANDLE(physdev_manage_pci);

/* Write the MSI registers again, after the device lost them. */
#define PHYSDEVOP_restore_msi 19
struct physdev_restore_msi {
    uint8_t bus;   /* in */
    uint8_t devfn; /* in */
};
XENITH_ABI_TYPE_HANDLE(physdev_restore_msi);

#define PHYSDEVOP_manage_pci_add_ext 20
struct physdev_manage_pci_ext {
    uint8_t bus;        /* in */
    uint8_t devfn;      /* in */
    uint32_t is_extfn;  /* in: not 0 for an extended function */
    uint32_t is_virtfn; /* in: not 0 for a virtual function */
    struct {
        uint8_t bus;
        uint8_t devfn;
    } physfn;           /* in: of the virtual function */
};
XENITH_ABI_TYPE_HANDLE(physdev_manage_pci_ext);

/* Argument of __HYPERVISOR_physdev_op_compat. */
struct physdev_op {
    uint32_t cmd;
    union {
        physdev_irq_status_query_t irq_status_query;
        physdev_set_iopl_t set_iopl;
        physdev_set_iobitmap_t set_iobitmap;
        physdev_apic_t apic_op;
        physdev_irq_t irq_op;
    } u;
};
XENITH_ABI_TYPE_HANDLE(physdev_op);

#define PHYSDEVOP_setup_gsi 21
struct physdev_setup_gsi {
    int gsi;            /* in */
    uint8_t triggering; /* in: 0 edge, 1 level */
    uint8_t polarity;   /* in: 0 active high, 1 active low */
};
XENITH_ABI_TYPE_HANDLE(physdev_setup_gsi);

/* 22 is not used. */
#define PHYSDEVOP_get_free_pirq 23
struct physdev_get_free_pirq {
    int type;      /* in: MAP_PIRQ_TYPE_* */
    uint32_t pirq; /* out */
};
XENITH_ABI_TYPE_HANDLE(physdev_get_free_pirq);

/* Is this PCI configuration window reserved in the firmware's map? */
#define XEN_PCI_MMCFG_RESERVED 0x1
#define PHYSDEVOP_pci_mmcfg_reserved 24
struct physdev_pci_mmcfg_reserved {
    xenith_u64_t address; /* in */
    uint16_t segment;     /* in */
    uint8_t start_bus;    /* in */
    uint8_t end_bus;      /* in */
    uint32_t flags;       /* in: XEN_PCI_MMCFG_RESERVED */
};
XENITH_ABI_TYPE_HANDLE(physdev_pci_mmcfg_reserved);

#define XEN_PCI_DEV_EXTFN  0x1
#define XEN_PCI_DEV_VIRTFN 0x2
#define XEN_PCI_DEV_PXM    0x4 /* optarr[0] is the proximity domain */
#define PHYSDEVOP_pci_device_add 25
struct physdev_pci_device_add {
    uint16_t seg;   /* in */
    uint8_t bus;    /* in */
    uint8_t devfn;  /* in */
    uint32_t flags; /* in: XEN_PCI_DEV_* */
    struct {
        uint8_t bus;
        uint8_t devfn;
    } physfn;       /* in, with XEN_PCI_DEV_VIRTFN */
    uint32_t optarr[XEN_FLEX_ARRAY_DIM]; /* in: for each flag that takes a value */
};
XENITH_ABI_TYPE_HANDLE(physdev_pci_device_add);

/* prepare_msix lets the hypervisor look after the MSI-X table before a device is given away. */
#define PHYSDEVOP_pci_device_remove 26
#define PHYSDEVOP_restore_msi_ext   27
#define PHYSDEVOP_prepare_msix      30
#define PHYSDEVOP_release_msix      31
struct physdev_pci_device {
    uint16_t seg;  /* in */
    uint8_t bus;   /* in */
    uint8_t devfn; /* in */
};
XENITH_ABI_TYPE_HANDLE(physdev_pci_device);

/* dom0 resets the USB controller that carries the hypervisor's console. */
#define PHYSDEVOP_DBGP_RESET_PREPARE 1
#define PHYSDEVOP_DBGP_RESET_DONE    2
#define PHYSDEVOP_DBGP_BUS_UNKNOWN   0
#define PHYSDEVOP_DBGP_BUS_PCI       1
#define PHYSDEVOP_dbgp_op 29
struct physdev_dbgp_op {
    uint8_t op;  /* in: PHYSDEVOP_DBGP_RESET_* */
    uint8_t bus; /* in: PHYSDEVOP_DBGP_BUS_* */
    union {
        physdev_pci_device_t pci;
    } u;         /* in */
};
XENITH_ABI_TYPE_HANDLE(physdev_dbgp_op);

/* Old guests unmask by this command of the compat call. */
#define PHYSDEVOP_IRQ_UNMASK_NOTIFY 4

#if __XEN_INTERFACE_VERSION__ < 0x00040600
#define PHYSDEVOP_IRQ_STATUS_QUERY        PHYSDEVOP_irq_status_query
#define PHYSDEVOP_SET_IOPL                PHYSDEVOP_set_iopl
#define PHYSDEVOP_SET_IOBITMAP            PHYSDEVOP_set_iobitmap
#define PHYSDEVOP_APIC_READ               PHYSDEVOP_apic_read
#define PHYSDEVOP_APIC_WRITE              PHYSDEVOP_apic_write
#define PHYSDEVOP_ASSIGN_VECTOR           PHYSDEVOP_alloc_irq_vector
#define PHYSDEVOP_FREE_VECTOR             PHYSDEVOP_free_irq_vector
#define PHYSDEVOP_IRQ_NEEDS_UNMASK_NOTIFY XENIRQSTAT_needs_eoi
#define PHYSDEVOP_IRQ_SHARED              XENIRQSTAT_shared
#endif

#endif /* __XEN_PUBLIC_PHYSDEV_H__ */
