// SPDX-License-Identifier: MIT
// Domains whose terminal the hypervisor serves itself: the input goes to dom0, to one of them, or to the debug keys. Made at
// boot, or from a hypercall; writing in the context of the domain that writes.
#pragma once

#include <xen/domain.hpp>

#include "lib/string.hpp"

namespace xen::console {

// What they write is in the log, each line behind "(d1) "; of the one
// that has the input also the line that it has not finished. `input` runs with interrupts off and no lock held.
using TerminalInput = void (*)(Domain& d, char c);
Status add_terminal(Domain& d, TerminalInput input);
void remove_terminal(Domain& d);
void write_from_terminal(Domain& d, Str text);
// A PV console whose ring is in that page of the domain's; the port is for the guest. Errno::nospc: there are too many.
Result<Port> serve_ring(Domain& d, Gfn page);
void stop_serving(Domain& d);                  // when it dies, before its memory goes

}  // namespace xen::console
