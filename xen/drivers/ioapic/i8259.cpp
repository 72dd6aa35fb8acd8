// SPDX-License-Identifier: MIT
// Intel 8259A datasheet: initialisation words 1 to 4. A spurious interrupt may still come at line 7 or 15, so the
// vectors have to be ours.
#include "drivers/ioapic/i8259.hpp"

#include <asm/cpu.hpp>
#include <asm/vectors.hpp>

namespace xen::i8259 {
namespace {

constexpr u16 kMaster = 0x20, kSlave = 0xa0;

void init(u16 port, u8 vector, u8 cascade) {
    arch::outb(port, 0x11);                               // ICW1: cascade, ICW4 follows
    arch::outb(static_cast<u16>(port + 1), vector);
    arch::outb(static_cast<u16>(port + 1), cascade);
    arch::outb(static_cast<u16>(port + 1), 0x01);         // ICW4: 8086 mode
    arch::outb(static_cast<u16>(port + 1), 0xff);         // all masked
}

}  // namespace

void mask_all() {
    init(kMaster, vectors::kLegacyFirst, 4);
    init(kSlave, vectors::kLegacyFirst + 8, 2);
}

}  // namespace xen::i8259
