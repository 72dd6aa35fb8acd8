// SPDX-License-Identifier: MIT
// Which nodes of the machine's device tree dom0 sees, and which of these are devices that it gets.
#pragma once

#include <xen/device_tree.hpp>

namespace xen::dom0 {

enum class Passing : u8 {
    device,       // as it stands, with its registers and interrupts
    description,  // as it stands, but nothing of it is given
    controller,   // the interrupt controller: its virtual one stands in
    timer,
    absent,       // with all below
};
Passing passing_of(device_tree::Node n);

// Properties of a node that goes to dom0 which do not: they name what is absent.
bool is_hidden(Str property);

}  // namespace xen::dom0
