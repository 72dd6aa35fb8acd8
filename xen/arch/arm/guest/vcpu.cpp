// SPDX-License-Identifier: MIT
// What a vCPU begins with: the state after a warm reset as far as EL1 can see it (ARM D1.3.4), and what traps from it.
#include <asm/trap.hpp>
#include <asm/vgic.hpp>
#include <asm/vtimer.hpp>
#include <public/xen.h>

namespace xen::guest {
namespace {

constexpr u64 bit(unsigned n) { return u64{1} << n; }

// HCR_EL2 (ARM D19.2.48). Stage 2 on, physical interrupts and SErrors to EL2 and virtual ones in their place; barriers reach the
// inner shareable domain and TLB and instruction cache maintenance is broadcast to it, since vCPUs move; invalidation by
// set/way also cleans. What traps: WFI, WFE, SMC, set/way operations, implementation-defined registers, ACTLR, ID registers of
// group 3, LORegion and error record registers; and by bits that are 0: pointer authentication, allocation tags, SCXTNUM.
constexpr u64 kHcr = bit(0)                         // VM
                     | bit(1)                       // SWIO
                     | bit(3) | bit(4) | bit(5)     // FMO, IMO, AMO
                     | bit(9)                       // FB
                     | bit(10)                      // BSU: inner shareable
                     | bit(13) | bit(14)            // TWI, TWE
                     | bit(18)                      // TID3
                     | bit(19)                      // TSC
                     | bit(20)                      // TIDCP
                     | bit(21)                      // TACR
                     | bit(22)                      // TSW
                     | bit(31)                      // RW: EL1 is AArch64
                     | bit(35) | bit(36);           // TLOR, TERR

}  // namespace

void reset_vcpu(Vcpu& v) {
    v.arch.regs = {};
    v.arch.regs.pstate = PSR_GUEST64_INIT | PSR_DBG_MASK;
    v.arch.el1 = {};
    v.arch.el1.sctlr = SCTLR_GUEST_INIT;
    v.arch.el1.vmpidr = bit(31) | affinity_of(v.id);
    v.arch.fp = {};
    v.arch.hcr = kHcr;
    vtimer::reset_vcpu(v);
    vgic::reset_vcpu(v);
}

}  // namespace xen::guest
