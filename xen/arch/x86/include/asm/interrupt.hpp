// SPDX-License-Identifier: MIT
// From the entry stubs to the handlers. xen_interrupt() runs on the CPU's stack with interrupts off and returns;
// vectors that belong to no device (IPIs, timer) have one direct handler each.
#pragma once

#include "lib/types.hpp"

extern "C" void xen_interrupt(xen::u8 vector);

namespace xen::irq {

using DirectHandler = void (*)();
// Boot CPU, before other CPUs run. The handler runs after the EOI, interrupts off.
void set_direct_handler(u8 vector, DirectHandler handler);

}  // namespace xen::irq
