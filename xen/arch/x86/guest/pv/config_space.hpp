// SPDX-License-Identifier: MIT
// PCI configuration space as the hardware domain reaches it: by the two ports, and by the memory-mapped windows, whose
// pages it may only read. Each write is checked here, by whichever way it came; what is refused is dropped, as the
// ABI has it. The calling vCPU; no lock held.
#pragma once

#include <xen/domain.hpp>

namespace xen::pv {

// By the address register's value and the offset in the data port. All ones for a domain that may not.
u32 read_config_port(const Domain& d, u32 address, u8 offset, unsigned bytes);
void write_config_port(const Domain& d, u32 address, u8 offset, unsigned bytes, u32 value);
// An aligned store of at most 8 bytes into a device page that the domain may only read. False: no processor does it so.
bool write_device_page(const Domain& d, Mfn frame, u64 offset, unsigned bytes, u64 value);

}  // namespace xen::pv
