// SPDX-License-Identifier: MIT
// The Arm part of a domain and a vCPU. Members belong to the vCPU itself unless noted; another CPU touches them only while
// the vCPU is paused.
#pragma once

#include <array>
#include <atomic>

#include <asm/layout.hpp>
#include <public/hvm/params.h>

#include "lib/index.hpp"
#include "lib/maybe.hpp"

namespace xen::p2m { class Map; }
namespace xen::vgic { struct DomainState; struct VcpuState; }
namespace xen::vtimer { struct State; }
namespace xen::vuart { struct Pl011; }

namespace xen::arch {

// What the entry code stores on every way from a guest to EL2 (pc and pstate: ELR_EL2, SPSR_EL2; sp: SP_EL0).
struct GuestRegs {
    std::array<u64, 31> x;
    u64 sp, pc, pstate;
};

// The EL1 registers of a vCPU while it is on no CPU (ARM DDI 0487, D19.2); the context switch keeps them.
struct El1State {
    u64 sctlr, cpacr, ttbr0, ttbr1, tcr, mair, amair, contextidr, vbar;
    u64 esr, far, afsr0, afsr1, par, sp, elr, spsr;
    u64 tpidr_el0, tpidrro_el0, tpidr_el1, csselr, mdscr, cntkctl, actlr;
    u64 vmpidr;
};

// The virtual timer, and the physical one as the guest sees it: compare values in ticks of the guest's own counter.
struct TimerState {
    u64 virtual_compare, physical_compare;
    u32 virtual_control, physical_control;
};

struct alignas(16) FpState {
    std::array<std::array<u64, 2>, 32> v;
    u32 fpcr, fpsr;
};

struct ArchVcpu {
    GuestRegs regs{};                   // first: the entry code finds the vCPU from here
    u64 hcr = 0;                        // HCR_EL2 while it runs
    El1State el1{};
    FpState fp{};
    TimerState timer{};
    vgic::VcpuState* vgic = nullptr;    // arch/arm/guest/vgic
    vtimer::State* vtimer = nullptr;    // arch/arm/guest
    u64 maintained = 0;                 // the frame that an interrupted cache operation goes on with (arch/arm/guest/set_way.hpp)
    // What vgic::enter_guest() must look at; set by any CPU, before the vCPU is woken or kicked.
    static constexpr u32 kRefill = 1, kUpcall = 2;
    std::atomic<u32> attention{0};
};

inline bool kernel_addresses_mapped(const ArchVcpu&) { return true; }

struct ArchDomain {
    Maybe<Mfn> shared_info_mfn{};
    p2m::Map* p2m = nullptr;            // stage 2 (arch/arm/mm)
    vgic::DomainState* vgic = nullptr;
    vuart::Pl011* uart = nullptr;       // emulated SBSA UART, if it has one (arch/arm/guest)
    u64 counter_offset = 0;             // CNTVOFF_EL2, ticks
    std::array<u64, HVM_NR_PARAMS> params{};   // HVM_PARAM_*; atomic accesses
    u64 frames_flushed = 0;             // XEN_DOMCTL_cacheflush: how far one that yielded has come
    bool direct_map = false;            // memory at the machine's addresses: what it gives up stays its own (arch/arm/mm)
    bool gives_pages_up = false;        // dying: its list of pages is being walked (arch/arm/mm)
};

}  // namespace xen::arch
