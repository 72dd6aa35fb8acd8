// SPDX-License-Identifier: MIT
// Lines of message interrupts: one for each MSI of a device or MSI-X entry, from mapping to unmapping.
#include <xen/console.hpp>
#include <xen/log.hpp>

#include <asm/cpu.hpp>

#include "arch/x86/irq/lines.hpp"

namespace xen::irq {
namespace {

bool in_use(const Line& l) { return l.name; }

// An open line for this device and kind; a device has MSI or MSI-X, never both.
bool conflicts(const Line& l, const MsiDevice& m, bool msix) {
    pci::Address a{m.segment, m.bus, m.devfn};
    if (!in_use(l) || !(l.message.device() == a)) return false;
    return l.message.is_msix() != msix || !msix || l.message.entry() == m.entry;
}

Result<Line*> find_free(const MsiDevice& m, bool msix) {
    Line* found = nullptr;
    for (u32 i = gsi_count(); Line* l = line_at(i); ++i) {
        if (conflicts(*l, m, msix)) return Errno::exist;
        if (!found && !in_use(*l)) found = l;
    }
    if (!found) return Errno::nospc;
    return found;
}

bool last_of_device(const Line& l) {
    for (u32 i = gsi_count(); const Line* o = line_at(i); ++i)
        if (o != &l && in_use(*o) && o->message.device() == l.message.device()) return false;
    return true;
}

void dump_messages(char) {
    for (u32 i = gsi_count(); Line* l = line_at(i); ++i) {
        if (!in_use(*l)) continue;
        pci::Address a = l->message.device();
        pci::Message m = l->message.read();
        log_line("%s %04x:%02x:%02x.%u entry %u: IRQ %u vector %02x CPU %u, address %08x data %04x%s", l->name, a.segment, a.bus,
                 a.device(), a.function(), l->message.entry(), l->number, l->place.vector, l->place.cpu.raw(), m.address,
                 m.data, l->masked ? ", masked" : "");
    }
}

}  // namespace

void init_messages() { console::register_key('M', dump_messages, "dump MSI state"); }

Result<pci::MsiSource> open_source(const MsiDevice& device) {
    pci::Address a{device.segment, device.bus, device.devfn};
    return device.table_base ? pci::MsiSource::msix(a, device.entry, device.table_base) : pci::MsiSource::msi(a);
}

Result<Line*> open_message(const MsiDevice& device, pci::MsiSource& source) {
    Line* l = TRY(find_free(device, source.is_msix()));
    Guard g{l->lock};
    TRY(place_on(*l, arch::cpu_id()));
    l->message = source;
    l->name = source.is_msix() ? "MSI-X" : "MSI";
    l->masked = true;
    l->count = 0;
    l->message.set_mask(true);
    route(*l);
    return l;
}

pci::MsiSource close_message(Line& l) {
    Guard g{l.lock};
    set_mask(l, true);
    if (last_of_device(l)) l.message.enable(false);
    l.name = nullptr;
    give_up_place(l);
    return std::exchange(l.message, {});
}

// As in Xen: of a capability in use its control register may be written, as the 16 bits that it is, and nothing else.
bool may_configure(pci::Address device, u16 reg, unsigned bytes) {
    constexpr u16 kFirst = 0x40, kEnd = 0x100;   // where capabilities are (PCI 3.0, 6.7)
    if (reg < kFirst || reg >= kEnd) return true;
    Guard t{table_lock};
    for (u32 i = gsi_count(); Line* l = line_at(i); ++i)
        if (in_use(*l) && l->message.device() == device) return l->message.may_write(reg, bytes);
    return true;
}

Status restore_msi(pci::Address device) {
    Guard t{table_lock};
    for (u32 i = gsi_count(); Line* l = line_at(i); ++i) {
        if (!in_use(*l) || !(l->message.device() == device)) continue;
        Guard g{l->lock};
        route(*l);
        l->message.set_mask(l->masked);
        if (l->guests) l->message.enable(true);
    }
    return {};
}

}  // namespace xen::irq
