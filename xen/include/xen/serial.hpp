// SPDX-License-Identifier: MIT
// The serial ports com1 and com2 as console devices. Boot CPU.
#pragma once

#include "lib/types.hpp"

namespace xen::serial {

void init();              // sets the ports up, polled, and registers them with the console
void init_interrupts();   // lines and timers work: from now on without waiting
// The I/O ports and interrupt line of a port that the console uses, so that the hardware domain is kept off them.
struct Resources {
    u16 first_port = 0, last_port = 0;   // both 0: none
    u32 irq = 0;                         // 0: polled
};
Resources resources(unsigned port);      // 0: com1, 1: com2

}  // namespace xen::serial
