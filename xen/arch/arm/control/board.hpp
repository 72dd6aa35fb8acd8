// SPDX-License-Identifier: MIT
// The virtual board of a domain: where its interrupt controller is. Guests have that of public/arch-arm.h, the hardware domain
// and domains with the machine's addresses the machine's own.
#pragma once

#include <asm/gic.hpp>
#include <asm/vgic.hpp>

namespace xen::board {

inline constexpr unsigned kHardwareEventPpi = 16;   // of the hardware domain; a device tree calls it PPI 0

inline vgic::Version version() { return gic::version() == gic::Version::v2 ? vgic::Version::v2 : vgic::Version::v3; }
// A byte of GICD_ITARGETSR names a GICv2's (IHI 0048 4.3.12).
inline u32 most_vcpus() { return version() == vgic::Version::v2 ? 8 : kMaxVcpus; }
vgic::Layout interrupt_controller(const domain::CreateInfo& info);

}  // namespace xen::board
