// SPDX-License-Identifier: MIT
// `com1=` and `com2=` in Xen's syntax, pure: BAUD[/BASE][,DPS[,IO[,IRQ[,PORT-BDF[,BRIDGE-BDF]]]]]. BAUD may be auto
// (keep what the firmware set), IO may be pci (the first PCI serial port, or PORT-BDF). Empty fields keep the default;
// named ones (clock-hz=, data-bits=, parity=, stop-bits=, io-base=, irq=, port=, bridge=) may follow in any order.
#pragma once

#include <xen/pci.hpp>

#include "lib/maybe.hpp"
#include "lib/string.hpp"

namespace xen::serial {

struct Config {
    u32 baud = 0;              // 0: as it is
    u32 clock_hz = 1843200;    // 16 times the highest baud rate
    u8 data_bits = 8, stop_bits = 1;
    char parity = 'n';         // n, o, e, m, s
    u64 io_base = 0;           // a port, or from 0x10000 up a memory address
    u32 irq = 0;               // 0: polled
    bool from_pci = false;
    Maybe<pci::Address> device{}, bridge{};
};

Config default_config(unsigned port);
bool parse_config(Str text, Config& c);   // false: not understood; c is as far as it went
Maybe<pci::Address> parse_bdf(Str text);  // [seg:]bus:dev.fn, hexadecimal

}  // namespace xen::serial
