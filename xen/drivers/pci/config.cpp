// SPDX-License-Identifier: MIT
// Configuration space, PCI Local Bus 3.0 section 3.2.2.3.2 and PCI Express 7.2.2. The lock is innermost: interrupt
// lines are masked with it.
#include <xen/pci.hpp>

#include <asm/cpu.hpp>
#include <asm/mapping.hpp>
#include <asm/mmio.hpp>
#include <xen/lock.hpp>
#include <xen/port_io.hpp>

#include "lib/fixed_vector.hpp"

namespace xen::pci {
namespace {

constexpr u16 kAddressPort = 0xcf8, kDataPort = 0xcfc;
constexpr u32 kEnable = 1u << 31;
constexpr u16 kPlainSize = 256;

constinit Spinlock<LockRank::apic, IrqRule::off> lock;

struct Window {
    u16 segment;
    u8 first_bus, last_bus;
    Mfn frame;                // of first_bus
    volatile u8* registers;
};
constinit FixedVector<Window, 32> windows;
constinit FixedVector<Address, 8> protected_devices;

constexpr u64 kFramesPerBus = 256;   // a page for each device and function (PCI Express 7.2.2)

const Window* window_of(Address a) {
    for (const Window& w : windows)
        if (w.segment == a.segment && a.bus >= w.first_bus && a.bus <= w.last_bus) return &w;
    return nullptr;
}

volatile u8* extended(Address a, u16 reg) {
    const Window* w = window_of(a);
    return w ? w->registers + (u32{a.bus} - w->first_bus) * 0x100000 + u32{a.devfn} * 0x1000 + reg : nullptr;
}

bool needs_window(Address a, u16 reg) { return a.segment || reg >= kPlainSize; }

u32 port_address(Address a, u16 reg) {
    return kEnable | u32{a.bus} << 16 | u32{a.devfn} << 8 | (reg & 0xfcu);
}

u32 all_ones(unsigned bytes) { return bytes == 4 ? ~0u : (1u << bytes * 8) - 1; }

u32 mmio_in(const volatile u8* at, unsigned bytes) {
    if (bytes == 1) return arch::mmio_read8(at);
    return bytes == 2 ? arch::mmio_read16(at) : arch::mmio_read32(at);
}

void mmio_out(volatile u8* at, unsigned bytes, u32 v) {
    if (bytes == 1) arch::mmio_write8(at, static_cast<u8>(v));
    else if (bytes == 2) arch::mmio_write16(at, static_cast<u16>(v));
    else arch::mmio_write32(at, v);
}

}  // namespace

u32 read_port(u32 address, u8 offset, unsigned bytes) {
    Guard g{lock};
    arch::outl(kAddressPort, address);
    return port_in(static_cast<u16>(kDataPort + offset), bytes);
}

void write_port(u32 address, u8 offset, unsigned bytes, u32 value) {
    Guard g{lock};
    arch::outl(kAddressPort, address);
    port_out(static_cast<u16>(kDataPort + offset), bytes, value);
}

u32 read(Address a, u16 reg, unsigned bytes) {
    if (!needs_window(a, reg)) return read_port(port_address(a, reg), reg & 3, bytes);
    volatile u8* at = extended(a, reg);
    return at ? mmio_in(at, bytes) : all_ones(bytes);
}

void write(Address a, u16 reg, unsigned bytes, u32 value) {
    if (!needs_window(a, reg)) return write_port(port_address(a, reg), reg & 3, bytes, value);
    if (volatile u8* at = extended(a, reg)) mmio_out(at, bytes, value);
}

void add_window(Paddr base, u16 segment, u8 first_bus, u8 last_bus) {
    if (window_of({segment, first_bus, 0}) || window_of({segment, last_bus, 0})) return;
    u64 bytes = (u64{last_bus} - first_bus + 1) << 20;
    void* at = arch::map_device(base + (u64{first_bus} << 20), bytes);
    if (!at) return;
    Mfn frame = frame_of(base + (u64{first_bus} << 20));
    static_cast<void>(windows.push({segment, first_bus, last_bus, frame, static_cast<volatile u8*>(at)}));
}

bool has_window(u16 segment, u8 first_bus, u8 last_bus) {
    const Window* w = window_of({segment, first_bus, 0});
    return w && w->first_bus == first_bus && w->last_bus == last_bus;
}

Maybe<Address> device_behind(Mfn f) {
    for (const Window& w : windows) {
        u64 n = f.raw() - w.frame.raw();
        u64 buses = u64{w.last_bus} - w.first_bus + 1;
        if (f < w.frame || n >= buses * kFramesPerBus) continue;
        return Address{w.segment, static_cast<u8>(w.first_bus + n / kFramesPerBus), static_cast<u8>(n)};
    }
    return nothing;
}

void protect(Address device) { static_cast<void>(protected_devices.push(device)); }

bool is_protected(Address device) {
    for (Address a : protected_devices)
        if (a == device) return true;
    return false;
}

// The list is at most 48 entries long in 256 bytes; a loop in it ends there.
u16 find_capability(Address a, u8 id) {
    constexpr u16 kStatus = 6, kFirst = 0x34, kHasList = 1 << 4;
    if (!(read(a, kStatus, 2) & kHasList)) return 0;
    u16 at = static_cast<u16>(read(a, kFirst, 1) & 0xfc);
    for (unsigned i = 0; at >= 0x40 && i < 48; ++i) {
        u32 head = read(a, at, 2);
        if ((head & 0xff) == id) return at;
        at = static_cast<u16>(head >> 8 & 0xfc);
    }
    return 0;
}

}  // namespace xen::pci
