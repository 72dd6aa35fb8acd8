// SPDX-License-Identifier: MIT
// I/O APICs (Intel 82093AA datasheet): pins by GSI, redirection entries. Each access takes the controller's lock; any
// context but NMI.
#pragma once

#include <xen/acpi.hpp>

#include "lib/maybe.hpp"

namespace xen::ioapic {

struct Entry {
    u8 vector = 0;
    u8 delivery = 0;        // 0 fixed, 4 NMI
    bool low = false, level = false, masked = true;
    u32 apic_id = 0;        // physical destination
    friend bool operator==(const Entry&, const Entry&) = default;
};
constexpr u64 encode(Entry e) {
    return e.vector | u64{e.delivery} << 8 | u64{e.low} << 13 | u64{e.level} << 15 | u64{e.masked} << 16 |
           u64{e.apic_id & 0xff} << 56;
}
constexpr Entry decode(u64 raw) {
    return {static_cast<u8>(raw), static_cast<u8>(raw >> 8 & 7), (raw & 1 << 13) != 0, (raw & 1 << 15) != 0,
            (raw & 1 << 16) != 0, static_cast<u32>(raw >> 56)};
}

void init(const acpi::Madt& madt);   // boot CPU: every pin masked
unsigned gsi_count();                // one past the highest pin
bool has_pin(u32 gsi);
void write_entry(u32 gsi, Entry e);  // the mask changes last
Entry read_entry(u32 gsi);
void set_mask(u32 gsi, bool masked);
bool remote_irr(u32 gsi);            // level: accepted and not ended yet

// Registers of the controller at an address, for the hardware domain; nothing: no such controller.
struct Location {
    unsigned controller;
    u32 gsi_base;
    unsigned pins;
};
Maybe<Location> find(Paddr base);
u32 read_register(unsigned controller, u32 reg);
void dump();                         // debug key z

}  // namespace xen::ioapic
