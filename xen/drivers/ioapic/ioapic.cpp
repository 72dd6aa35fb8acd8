// SPDX-License-Identifier: MIT
#include "drivers/ioapic/ioapic.hpp"

#include <asm/mapping.hpp>
#include <asm/mmio.hpp>
#include <xen/lock.hpp>
#include <xen/log.hpp>

namespace xen::ioapic {
namespace {

constexpr usize kSelect = 0x00, kWindow = 0x10;
constexpr usize kWindowBytes = 0x20;
constexpr u32 kVersion = 1, kFirstEntry = 0x10;
constexpr u64 kMaskBit = 1 << 16, kRemoteIrr = 1 << 14;

struct Controller {
    Spinlock<LockRank::apic, IrqRule::off> lock;
    volatile u8* registers = nullptr;
    Paddr address{};
    u32 gsi_base = 0;
    unsigned pins = 0;
    u8 id = 0;

    u32 read(u32 reg) REQUIRES(lock) {
        arch::mmio_write32(registers + kSelect, reg);
        return arch::mmio_read32(registers + kWindow);
    }
    void write(u32 reg, u32 v) REQUIRES(lock) {
        arch::mmio_write32(registers + kSelect, reg);
        arch::mmio_write32(registers + kWindow, v);
    }
    u64 entry(u32 pin) REQUIRES(lock) {
        u32 low = read(kFirstEntry + pin * 2);
        return u64{read(kFirstEntry + pin * 2 + 1)} << 32 | low;
    }
    // The half with the mask goes last when it unmasks, first when it masks.
    void set_entry(u32 pin, u64 v) REQUIRES(lock) {
        u32 low = static_cast<u32>(v), high = static_cast<u32>(v >> 32);
        if (low & kMaskBit) write(kFirstEntry + pin * 2, low);
        write(kFirstEntry + pin * 2 + 1, high);
        if (!(low & kMaskBit)) write(kFirstEntry + pin * 2, low);
    }
};

constexpr usize kMaxControllers = 64;
constinit Controller controllers[kMaxControllers];
unsigned count = 0, gsis = 0;

struct Pin {
    Controller* controller = nullptr;
    u32 number = 0;
};

Pin pin_of(u32 gsi) {
    for (unsigned i = 0; i < count; ++i) {
        Controller& c = controllers[i];
        if (gsi >= c.gsi_base && gsi - c.gsi_base < c.pins) return {&c, gsi - c.gsi_base};
    }
    return {};
}

// An SMI or NMI pin that the firmware uses stays as it is.
void mask_all(Controller& c) {
    Guard g{c.lock};
    for (u32 pin = 0; pin < c.pins; ++pin) {
        u8 delivery = decode(c.entry(pin)).delivery;
        if (delivery != 2) c.set_entry(pin, encode(Entry{}));
    }
}

void add(const acpi::IoApic& a) {
    if (count == kMaxControllers) return;
    void* at = arch::map_device(a.address, kWindowBytes);
    if (!at) return log_error("I/O APIC %u cannot be mapped", a.id);
    Controller& c = controllers[count];
    c.registers = static_cast<volatile u8*>(at);
    c.address = a.address;
    c.gsi_base = a.gsi_base;
    c.id = a.id;
    u32 version;
    {
        Guard g{c.lock};
        version = c.read(kVersion);
    }
    if (version == ~0u) return log_error("I/O APIC %u does not answer", a.id);
    c.pins = (version >> 16 & 0xff) + 1;
    ++count;
    mask_all(c);
    if (c.gsi_base + c.pins > gsis) gsis = c.gsi_base + c.pins;
    log_info("I/O APIC %u: version %#x, GSIs %u to %u", a.id, version & 0xff, c.gsi_base, c.gsi_base + c.pins - 1);
}

}  // namespace

void init(const acpi::Madt& madt) {
    for (const acpi::IoApic& a : madt.io_apics) add(a);
}

unsigned gsi_count() { return gsis; }
bool has_pin(u32 gsi) { return pin_of(gsi).controller; }

void write_entry(u32 gsi, Entry e) {
    Pin p = pin_of(gsi);
    if (!p.controller) return;
    Guard g{p.controller->lock};
    p.controller->set_entry(p.number, encode(e));
}

Entry read_entry(u32 gsi) {
    Pin p = pin_of(gsi);
    if (!p.controller) return {};
    Guard g{p.controller->lock};
    return decode(p.controller->entry(p.number));
}

void set_mask(u32 gsi, bool masked) {
    Pin p = pin_of(gsi);
    if (!p.controller) return;
    Guard g{p.controller->lock};
    u32 reg = kFirstEntry + p.number * 2;
    u32 low = p.controller->read(reg);
    p.controller->write(reg, static_cast<u32>(masked ? low | kMaskBit : low & ~kMaskBit));
    if (masked) static_cast<void>(p.controller->read(reg));   // posted writes are done
}

bool remote_irr(u32 gsi) {
    Pin p = pin_of(gsi);
    if (!p.controller) return false;
    Guard g{p.controller->lock};
    return p.controller->read(kFirstEntry + p.number * 2) & kRemoteIrr;
}

Maybe<Location> find(Paddr base) {
    for (unsigned i = 0; i < count; ++i)
        if (controllers[i].address == base) return Location{i, controllers[i].gsi_base, controllers[i].pins};
    return nothing;
}

u32 read_register(unsigned controller, u32 reg) {
    Controller& c = controllers[controller];
    Guard g{c.lock};
    return c.read(reg);
}

void dump() {
    for (unsigned i = 0; i < count; ++i) {
        Controller& c = controllers[i];
        log_line("I/O APIC %u at %#llx, GSIs from %u", c.id, static_cast<unsigned long long>(c.address.raw()), c.gsi_base);
        for (u32 pin = 0; pin < c.pins; ++pin) {
            Entry e = read_entry(c.gsi_base + pin);
            log_line("  pin %2u: vector %02x to APIC %u, %s, active %s%s", pin, e.vector, e.apic_id,
                     e.level ? "level" : "edge", e.low ? "low" : "high", e.masked ? ", masked" : "");
        }
    }
}

}  // namespace xen::ioapic
