// SPDX-License-Identifier: MIT
// Private to common/console: domains whose terminal the hypervisor serves, as the input sees them.
#pragma once

#include <xen/console.hpp>
#include <xen/terminal.hpp>

namespace xen::console {

// Receivers of input, in their order: dom0, the terminals, the hypervisor's keys.
enum class Target : u32 { keys = 0, dom0 = 1, first_terminal = 2 };
// The one after `t` that there is.
Target next_target(Target t);
Str target_name(Target t);                       // "Xen", "DOM0", "DOM3"; ends in a NUL
bool give_to_terminal(Target t, char c);         // false: there is none any more

Target input_now();
void input_lost(Target t);                       // its terminal is gone: the input goes on if it was there
bool has_input(const Domain& d);
void show_rest_soon();                           // the unfinished line of who has the input

}  // namespace xen::console
