// SPDX-License-Identifier: MIT
// The PCI devices that the hardware domain has reported, and what it asks about their interrupts.
#include <xen/console.hpp>
#include <xen/irq.hpp>
#include <xen/log.hpp>

#include <xen/pci.hpp>
#include <xen/security.hpp>

#include "common/control/physdev/physdev.hpp"
#include "lib/list.hpp"

namespace xen::control::physdev {
namespace {

struct Device : ListHook<> {
    pci::Address address{};
    bool virtual_function = false;
};

Spinlock<LockRank::domain_list> lock;
List<Device> devices;

Device* find(pci::Address a) {
    for (Device& d : devices)
        if (d.address == a) return &d;
    return nullptr;
}

Status allowed() { return security::may(security::Op::physdev, current_domain()); }

// Reporting a device twice is no error.
Status add(pci::Address a, bool virtual_function) {
    TRY(allowed());
    auto fresh = Box<Device>::make();
    if (!fresh) return Errno::nomem;
    fresh->address = a;
    fresh->virtual_function = virtual_function;
    Guard g{lock};
    if (!find(a)) devices.push_back(*fresh.leak());
    return {};
}

Status remove(pci::Address a) {
    TRY(allowed());
    Box<Device> gone;
    Guard g{lock};
    Device* d = find(a);
    if (!d) return Errno::nodev;
    devices.erase(devices.iterator_to(*d));
    gone = Box<Device>::adopt(d);
    return {};
}

Status known(pci::Address a) {
    TRY(allowed());
    Guard g{lock};
    return find(a) ? Status{} : Errno::nodev;
}

void dump_devices(char) {
    log_line("PCI devices that the hardware domain has reported:");
    Guard g{lock};
    for (const Device& d : devices)
        log_line("  %04x:%02x:%02x.%u%s", d.address.segment, d.address.bus, d.address.device(), d.address.function(),
                 d.virtual_function ? ", virtual function" : "");
}

template <class T>
pci::Address address_of(const T& x) {
    return {x.seg, x.bus, x.devfn};
}

}  // namespace

void init_keys() { console::register_key('Q', dump_devices, "dump PCI devices"); }

bool is_known(pci::Address a) {
    Guard g{lock};
    return find(a);
}

Status device_add(Arg arg) {
    auto x = TRY(arg.copy_in<physdev_pci_device_add>());
    return add(address_of(x), x.flags & XEN_PCI_DEV_VIRTFN);
}

Status device_remove(Arg arg) { return remove(address_of(TRY(arg.copy_in<physdev_pci_device>()))); }

Status manage_pci_add(Arg arg) {
    auto x = TRY(arg.copy_in<physdev_manage_pci>());
    return add({0, x.bus, x.devfn}, false);
}

Status manage_pci_add_ext(Arg arg) {
    auto x = TRY(arg.copy_in<physdev_manage_pci_ext>());
    if (x.is_extfn > 1 || x.is_virtfn > 1) return Errno::inval;
    return add({0, x.bus, x.devfn}, x.is_virtfn);
}

Status manage_pci_remove(Arg arg) {
    auto x = TRY(arg.copy_in<physdev_manage_pci>());
    return remove({0, x.bus, x.devfn});
}

Status restore_msi(Arg arg) {
    auto x = TRY(arg.copy_in<physdev_restore_msi>());
    TRY(known({0, x.bus, x.devfn}));
    return irq::restore_msi({0, x.bus, x.devfn});
}

Status restore_msi_ext(Arg arg) {
    auto x = TRY(arg.copy_in<physdev_pci_device>());
    TRY(known(address_of(x)));
    return irq::restore_msi(address_of(x));
}

Status prepare_msix(Arg arg) {
    auto x = TRY(arg.copy_in<physdev_pci_device>());
    TRY(known(address_of(x)));
    constexpr u8 kMsix = 0x11;  // PCI 3.0, 6.8.2
    return pci::find_capability(address_of(x), kMsix) ? Status{} : Errno::nodev;
}

Status mmcfg_reserved(Arg arg) {
    auto x = TRY(arg.copy_in<physdev_pci_mmcfg_reserved>());
    TRY(allowed());
    if (x.flags & ~u32{XEN_PCI_MMCFG_RESERVED} || x.start_bus > x.end_bus) return Errno::inval;
    // The windows of the firmware's table are in use since boot; there are no others.
    return pci::has_window(x.segment, x.start_bus, x.end_bus) ? Status{} : Errno::nodev;
}

// The hypervisor drives no USB debug port: resets are the hardware domain's own affair.
Status debug_port(Arg arg) {
    TRY(arg.copy_in<physdev_dbgp_op>());
    TRY(allowed());
    return {};
}

}  // namespace xen::control::physdev
