// SPDX-License-Identifier: MIT
// PCI configuration space: mechanism 1 (ports 0xcf8, 0xcfc) and the memory-mapped one where MCFG describes it.
// Any context but NMI. The hardware domain's own accesses to the two ports go through here too, so that the address
// register is never changed under another CPU's access.
#pragma once

#include "lib/index.hpp"
#include "lib/maybe.hpp"
#include "lib/result.hpp"

namespace xen::pci {

struct Address {
    u16 segment = 0;
    u8 bus = 0, devfn = 0;
    u8 device() const { return static_cast<u8>(devfn >> 3); }
    u8 function() const { return devfn & 7; }
    friend bool operator==(const Address&, const Address&) = default;
};

// bytes: 1, 2 or 4, aligned. All ones where nothing answers.
u32 read(Address device, u16 reg, unsigned bytes);
void write(Address device, u16 reg, unsigned bytes, u32 value);
// One access by mechanism 1 as the guest's ports ask for it: the address register's value, the data port's offset.
u32 read_port(u32 address, u8 offset, unsigned bytes);
void write_port(u32 address, u8 offset, unsigned bytes, u32 value);

void add_window(Paddr base, u16 segment, u8 first_bus, u8 last_bus);   // from MCFG; boot CPU
bool has_window(u16 segment, u8 first_bus, u8 last_bus);               // of just these buses
Maybe<Address> device_behind(Mfn frame);                               // whose registers a window shows in the frame
// Devices that the hypervisor drives itself: nobody else's writes reach their configuration space.
void protect(Address device);                                          // boot CPU
bool is_protected(Address device);
u16 find_capability(Address device, u8 id);                            // offset, 0: none

}  // namespace xen::pci
