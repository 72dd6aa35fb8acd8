// SPDX-License-Identifier: MIT
#include <xen/event.hpp>
#include <xen/irq.hpp>
#include <xen/security.hpp>

#include "common/control/physdev/physdev.hpp"
#include "lib/string.hpp"

namespace xen::control::physdev {
namespace {

// The caller itself, or a domain that it may set interrupts up for.
Result<DomainRef> target_of(u16 domid) {
    auto d = domain::find_or_self(DomId{domid});
    if (!d) return Errno::srch;
    TRY(security::may(security::Op::physdev, *d.value()));
    return d;
}

Result<u32> map_message(Domain& d, const physdev_map_pirq& x) {
    bool multi = x.type == MAP_PIRQ_TYPE_MULTI_MSI;
    if (multi && x.table_base) return Errno::inval;
    // Any line does. ABI: one that is named must be a message's, and then it is another mapping's already.
    u32 line = static_cast<u32>(x.index);
    if (!multi && x.index != -1) return line < irq::gsi_count() || line >= irq::irq_count() ? Errno::inval : Errno::perm;
    irq::MsiDevice device;
    device.segment = x.type == MAP_PIRQ_TYPE_MSI ? u16{0} : static_cast<u16>(x.bus >> 16);
    device.bus = static_cast<u8>(x.bus);
    device.devfn = static_cast<u8>(x.devfn);
    device.entries = multi ? static_cast<u32>(x.entry_nr) : 1;
    device.entry = multi ? 0 : static_cast<u32>(x.entry_nr);
    device.table_base = x.table_base;
    return irq::map_msi(d, x.pirq, device);
}

}  // namespace

Status eoi(Arg arg) {
    auto x = TRY(arg.copy_in<physdev_eoi>());
    if (x.irq >= irq::irq_count()) return Errno::inval;
    return irq::guest_eoi(current_domain(), x.irq);
}

// Of old, when one call ended whatever interrupts were unmasked by then.
Status eoi_all() {
    Domain& d = current_domain();
    for (u32 pirq = 0; pirq < irq::irq_count(); ++pirq) static_cast<void>(irq::guest_eoi(d, pirq));
    return {};
}

// Every pirq counts as one that needs an EOI: an EOI too many does nothing, one too few would silence a line.
Status register_eoi_map(Arg arg, bool) {
    auto x = TRY(arg.copy_in<physdev_pirq_eoi_gmfn>());
    Domain& d = current_domain();
    auto page = TypedPageRef<PageType::writable>::get(Mfn{x.gmfn}, d);
    if (!page) return Errno::inval;
    Guard g{d.lock};
    if (d.pirq_eoi_map) return Errno::busy;
    memset(MappedPage<u8>{Mfn{x.gmfn}}.get(), 0xff, kPageSize);
    d.pirq_eoi_map = Mfn{x.gmfn};
    page.value().leak();
    return {};
}

Status irq_status(Arg arg) {
    auto x = TRY(arg.copy_in<physdev_irq_status_query>());
    if (x.irq >= irq::irq_count()) return Errno::inval;
    x.flags = XENIRQSTAT_needs_eoi;
    auto shared = irq::is_shared(current_domain(), x.irq);
    if (shared && shared.value()) x.flags |= XENIRQSTAT_shared;
    return arg.copy_out(x);
}

Status alloc_vector(Arg arg) {
    auto x = TRY(arg.copy_in<physdev_irq>());
    TRY(security::may(security::Op::physdev, current_domain()));
    x.vector = x.irq;  // vectors are our own affair: any number will do for the caller
    return arg.copy_out(x);
}

Status setup_gsi(Arg arg) {
    auto x = TRY(arg.copy_in<physdev_setup_gsi>());
    TRY(security::may(security::Op::physdev, current_domain()));
    return irq::setup_gsi(static_cast<u32>(x.gsi), x.triggering, x.polarity);
}

Status map_pirq(Arg arg) {
    auto x = TRY(arg.copy_in<physdev_map_pirq>());
    DomainRef d = TRY(target_of(x.domid));
    switch (x.type) {
    case MAP_PIRQ_TYPE_GSI:
        if (x.index < 0 || static_cast<u32>(x.index) >= irq::gsi_count()) return Errno::inval;
        x.pirq = static_cast<int>(TRY(irq::map_gsi(*d, x.pirq, static_cast<u32>(x.index))));
        break;
    case MAP_PIRQ_TYPE_MSI:
    case MAP_PIRQ_TYPE_MSI_SEG:
    case MAP_PIRQ_TYPE_MULTI_MSI: x.pirq = static_cast<int>(TRY(map_message(*d, x))); break;
    default: return Errno::inval;
    }
    return arg.copy_out(x);
}

Status unmap_pirq(Arg arg) {
    auto x = TRY(arg.copy_in<physdev_unmap_pirq>());
    DomainRef d = TRY(target_of(x.domid));
    return irq::unmap_pirq(*d, static_cast<u32>(x.pirq));
}

Status free_pirq(Arg arg) {
    auto x = TRY(arg.copy_in<physdev_get_free_pirq>());
    x.pirq = TRY(irq::free_pirq(current_domain()));
    return arg.copy_out(x);
}

Status io_apic(Arg arg, bool write) {
    auto x = TRY(arg.copy_in<physdev_apic>());
    TRY(security::may(security::Op::physdev, current_domain()));
    if (write) return irq::guest_io_apic_write(Paddr{x.apic_physbase}, x.reg, x.value);
    x.value = TRY(irq::guest_io_apic_read(Paddr{x.apic_physbase}, x.reg));
    return arg.copy_out(x);
}

}  // namespace xen::control::physdev
