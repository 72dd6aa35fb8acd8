// SPDX-License-Identifier: MIT
// The machine's interrupt lines on Arm (numbers as the GIC has them). A line is unused, the hypervisor's (xen/irq.hpp
// request()), or one guest's, which then sees it under the same number and ends it itself.
#pragma once

#include <xen/domain.hpp>

#include "lib/result.hpp"

namespace xen::irq {

inline constexpr unsigned kFirstSpi = 32;

// A domain's from now on; the guest enables and configures it through its vGIC. Errno::inval no such SPI; busy: somebody's
// else; and what vgic::route gives. The domain's vGIC exists.
Status give_to_guest(Domain& d, unsigned spi);
// Every line of the domain is disabled, deactivated and free again. Nothing of it runs.
void take_from_guest(Domain& d);
bool is_free(unsigned spi);

// -- the hypervisor's private interrupts, each CPU
void request_private(unsigned ppi, void (*handler)());   // boot CPU, before init_cpu()
void enable_private();                                    // each CPU: those that were requested

}  // namespace xen::irq
