// SPDX-License-Identifier: MIT
// The hardware domain's view of I/O APIC registers. It may say how a pin is wired; where its interrupt goes, and
// whether it is masked, is the hypervisor's affair.
#include "arch/x86/irq/lines.hpp"
#include "drivers/ioapic/ioapic.hpp"

namespace xen::irq {
namespace {

constexpr u32 kFirstEntry = 0x10;
constexpr u32 kMaskedBit = 1 << 16;

}  // namespace

Result<u32> guest_io_apic_read(Paddr base, u32 reg) {
    Maybe<ioapic::Location> at = ioapic::find(base);
    if (!at || reg > 0xff) return Errno::inval;
    return ioapic::read_register(at->controller, reg);
}

Status guest_io_apic_write(Paddr base, u32 reg, u32 value) {
    Maybe<ioapic::Location> at = ioapic::find(base);
    if (!at || reg > 0xff) return Errno::inval;
    if (reg < kFirstEntry || (reg & 1)) return {};           // id, and destinations: not the guest's
    u32 pin = (reg - kFirstEntry) / 2;
    if (pin >= at->pins) return Errno::inval;
    if (value & kMaskedBit) return {};                       // a pin it does not use yet
    ioapic::Entry e = ioapic::decode(value);
    return setup_gsi(at->gsi_base + pin, e.level, e.low);
}

}  // namespace xen::irq
