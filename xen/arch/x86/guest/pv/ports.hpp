// SPDX-License-Identifier: MIT
// Port I/O of PV guests: which ports a vCPU may use, and what they do. In the vCPU's own context.
#pragma once

#include <xen/domain.hpp>

namespace xen::pv {

// By its virtual IOPL or its port bitmap; if not, #GP.
bool may_use_ports(Vcpu& v, u16 port, unsigned bytes);

// bytes: 1, 2 or 4. What the domain may not touch reads as all ones and swallows writes.
u32 read_port(Domain& d, u16 port, unsigned bytes);
void write_port(Domain& d, u16 port, unsigned bytes, u32 value);

// The breakpoints (bits of DR6) that watch these ports.
u64 port_breakpoints(const Vcpu& v, u16 port, unsigned bytes);

}  // namespace xen::pv
