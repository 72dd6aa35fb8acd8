// SPDX-License-Identifier: MIT
#include "common/control/physdev/physdev.hpp"

namespace xen::control {
namespace {

using namespace physdev;

Status iopl(Arg arg) { return arch::set_iopl(TRY(arg.copy_in<physdev_set_iopl>()).iopl); }

Status io_bitmap(Arg arg) {
    auto x = TRY(arg.copy_in<physdev_set_iobitmap>());
    return arch::set_io_bitmap(reinterpret_cast<u64>(x.bitmap.p), x.nr_ports);
}

Status dispatch(u32 cmd, Arg arg) {
    switch (cmd) {
    case PHYSDEVOP_eoi: return eoi(arg);
    case PHYSDEVOP_pirq_eoi_gmfn_v1: return register_eoi_map(arg, true);
    case PHYSDEVOP_pirq_eoi_gmfn_v2: return register_eoi_map(arg, false);
    case PHYSDEVOP_IRQ_UNMASK_NOTIFY: return eoi_all();
    case PHYSDEVOP_irq_status_query: return irq_status(arg);
    case PHYSDEVOP_map_pirq: return map_pirq(arg);
    case PHYSDEVOP_unmap_pirq: return unmap_pirq(arg);
    case PHYSDEVOP_apic_read: return io_apic(arg, false);
    case PHYSDEVOP_apic_write: return io_apic(arg, true);
    case PHYSDEVOP_alloc_irq_vector: return alloc_vector(arg);
    case PHYSDEVOP_set_iopl: return iopl(arg);
    case PHYSDEVOP_set_iobitmap: return io_bitmap(arg);
    case PHYSDEVOP_manage_pci_add: return manage_pci_add(arg);
    case PHYSDEVOP_manage_pci_add_ext: return manage_pci_add_ext(arg);
    case PHYSDEVOP_manage_pci_remove: return manage_pci_remove(arg);
    case PHYSDEVOP_pci_device_add: return device_add(arg);
    case PHYSDEVOP_pci_device_remove: return device_remove(arg);
    case PHYSDEVOP_restore_msi: return restore_msi(arg);
    case PHYSDEVOP_restore_msi_ext: return restore_msi_ext(arg);
    case PHYSDEVOP_prepare_msix:
    case PHYSDEVOP_release_msix: return prepare_msix(arg);
    case PHYSDEVOP_pci_mmcfg_reserved: return mmcfg_reserved(arg);
    case PHYSDEVOP_setup_gsi: return setup_gsi(arg);
    case PHYSDEVOP_get_free_pirq: return free_pirq(arg);
    case PHYSDEVOP_dbgp_op: return debug_port(arg);
    default: return Errno::nosys;
    }
}

}  // namespace

Result<s64> physdev_op(u32 cmd, GuestInOut<void> arg) {
    TRY(dispatch(cmd, arg));
    return 0;
}

// The structure of old carries the command and its argument in one (struct physdev_op).
Result<s64> physdev_op_compat(GuestInOut<void> op) {
    u32 cmd = TRY(op.copy_in<u32>());
    switch (cmd) {
    case PHYSDEVOP_irq_status_query:
    case PHYSDEVOP_set_iopl:
    case PHYSDEVOP_set_iobitmap:
    case PHYSDEVOP_apic_read:
    case PHYSDEVOP_apic_write:
    case PHYSDEVOP_alloc_irq_vector: return physdev_op(cmd, op.at_offset(offsetof(struct physdev_op, u)));
    case PHYSDEVOP_IRQ_UNMASK_NOTIFY: return physdev_op(cmd, op);
    default: return Errno::nosys;
    }
}

}  // namespace xen::control
