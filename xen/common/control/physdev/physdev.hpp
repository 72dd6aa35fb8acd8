// SPDX-License-Identifier: MIT
// HYPERVISOR_physdev_op (public/physdev.h): interrupt lines, PCI devices, I/O privilege of the calling vCPU.
#pragma once

#include <public/physdev.h>
#include <xen/control.hpp>
#include <xen/pci.hpp>

namespace xen::control::physdev {

using Arg = GuestInOut<void>;

// Lines and MSIs (lines.cpp).
Status eoi(Arg arg);
Status eoi_all();
Status register_eoi_map(Arg arg, bool unmask_does_eoi);
Status irq_status(Arg arg);
Status alloc_vector(Arg arg);
Status setup_gsi(Arg arg);
Status map_pirq(Arg arg);
Status unmap_pirq(Arg arg);
Status free_pirq(Arg arg);
Status io_apic(Arg arg, bool write);

// PCI devices (pci.cpp).
void init_keys();   // debug key Q
bool is_known(pci::Address device);
Status device_add(Arg arg);
Status device_remove(Arg arg);
Status manage_pci_add(Arg arg);
Status manage_pci_add_ext(Arg arg);
Status manage_pci_remove(Arg arg);
Status restore_msi(Arg arg);
Status restore_msi_ext(Arg arg);
Status prepare_msix(Arg arg);
Status mmcfg_reserved(Arg arg);
Status debug_port(Arg arg);

}  // namespace xen::control::physdev

namespace xen::arch {

// I/O privilege of the current vCPU: set_iopl (0..3), set_iobitmap (guest address of the bitmap, ports in it).
Status set_iopl(u32 level);
Status set_io_bitmap(u64 bitmap, u32 ports);

}  // namespace xen::arch
