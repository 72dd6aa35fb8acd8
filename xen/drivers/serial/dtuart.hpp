// SPDX-License-Identifier: MIT
// The UART of the device tree as the console device "dtuart". The firmware has set its speed.
#pragma once

#include <xen/device_tree.hpp>

namespace xen::serial {

void init_dtuart();                            // boot CPU, when the tree is read
void init_dtuart_interrupt();                  // lines work
// The node that the hypervisor drives: dom0 does not get it. Nothing when there is none.
Maybe<device_tree::Node> console_node();
Maybe<u32> console_line();                     // its interrupt, if it has one

}  // namespace xen::serial
