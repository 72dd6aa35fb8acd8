// SPDX-License-Identifier: MIT
// The interrupt controller that guests see: a GICv2 or GICv3 distributor (and redistributors) in software, delivery through
// the list registers of the processor's virtual interface (ARM IHI 0048 chapter 5, IHI 0069 chapter 11). A guest has the
// version of the machine. All state of a domain is behind one lock (LockRank::vgic, interrupts off): everything here may be
// called from interrupt handlers, with no lock of that rank or below held, unless noted. init_domain comes after the domain's
// p2m, init_vcpu after init_domain; the destroy functions take what was half made.
#pragma once

#include <xen/domain.hpp>

#include "lib/result.hpp"

namespace xen::vgic {

enum class Version : u8 { v2 = 2, v3 = 3 };

inline constexpr unsigned kSpiBase = 32, kMaxInterrupts = 1020;   // IHI 0069 2.2: SPIs are 32 to 1019

struct Region {
    u64 base = 0, bytes = 0;
};
inline constexpr unsigned kMaxRegions = 4;
inline constexpr u64 kRedistributorBytes = 0x20000;               // two frames a vCPU (IHI 0069 12.10)

// Where the guest sees it, in its own addresses.
struct Layout {
    Region distributor;
    Region redistributors[kMaxRegions];   // v3: vCPUs take their frames in order, region after region
    Region cpu_interface;                 // v2: the machine's virtual interface (GICV) is mapped here
    unsigned spis = 0;                    // rounded up to 32
    unsigned event_interrupt = 31;        // the PPI of the event upcall
};

Status init_domain(Domain& d, Version version, const Layout& layout);
void destroy_domain(Domain& d);
Status init_vcpu(Vcpu& v);
void destroy_vcpu(Vcpu& v);
void reset_vcpu(Vcpu& v);                 // its interface as after power-on; it runs nowhere
// A domain without interrupt controller yet has none of these.
Version version(const Domain& d);
const Layout& layout(const Domain& d);

// The last thing before a guest is entered, interrupts off: list registers as its interrupts are.
void refill(Vcpu& v);
inline void enter_guest(Vcpu& v) {
    if (v.arch.attention.load(std::memory_order_relaxed)) [[unlikely]] refill(v);
}
// The context switch, interrupts off: what the interface holds of the vCPU (list registers, active priorities, VMCR) is kept
// in memory, or comes from there. Nothing is to be done on the way from a guest to EL2: list registers stay.
void switch_out(Vcpu& v);
void switch_in(Vcpu& v);
// The maintenance interrupt came: the current vCPU's list registers are looked at on its way back.
void maintenance();

// Interrupts. `inject` is an edge; lines are levels. SPIs go where the guest routes them.
void inject(Vcpu& v, unsigned virq);                 // SGI, PPI of this vCPU
void set_line(Vcpu& v, unsigned ppi, bool high);
void raise_spi(Domain& d, unsigned spi);
void set_spi_line(Domain& d, unsigned spi, bool high);
// The guest gets the machine's line of the same number: it enables, configures and ends it through its distributor.
// Errno::inval no SPI of the guest, busy routed already. The line must belong to nobody else.
Status route(Domain& d, unsigned spi);
void unroute(Domain& d, unsigned spi);
// It came: acknowledged and priority dropped, not deactivated, and no lock of the line's held. The guest's end of interrupt
// deactivates it.
void physical(Domain& d, unsigned spi);
void physical_private(Vcpu& v, unsigned ppi);        // the same for a PPI of the current vCPU (the virtual timer's)

// Something enabled is pending: WFI does not wait. From the vCPU itself, or while it runs nowhere.
bool pending(Vcpu& v);

}  // namespace xen::vgic
