// SPDX-License-Identifier: MIT
// A PL011 as the SBSA generic UART describes it (ARM DDI 0183, DEN0029 appendix B) for guests that have no other console.
// What the guest writes goes to `sink`, in its own context with no lock held; or both ways through a page that is shared with
// a console daemon (public/io/console.h), which fills "in" and empties "out".
#pragma once

#include <asm/trap.hpp>
#include <xen/domain.hpp>

#include "lib/result.hpp"

namespace xen::vuart {

inline constexpr unsigned kInputBytes = 1024;   // as much as a ring of PV consoles; a FIFO of metal has 32

using Sink = void (*)(Domain& d, u8 byte);

// One page at `base`, interrupt `spi`.
Status init_domain(Domain& d, u64 base, unsigned spi, Sink sink);
// The same with `page`, one of the domain's, and the daemon in `console`; the port is for the daemon. Before the domain runs.
Result<Port> init_shared(Domain& d, u64 base, unsigned spi, Gfn page, DomId console);
// It dies: the page is needed no longer. Nothing runs in it.
void release_page(Domain& d);
void destroy_domain(Domain& d);
// Input for the guest of a sink; false: its FIFO is full, the byte is to be offered again. Any context but NMI.
bool receive(Domain& d, u8 byte);
bool owns(const Domain& d, u64 address);
guest::Outcome access(Domain& d, guest::Access& a);

}  // namespace xen::vuart
