// SPDX-License-Identifier: MIT
// Private to vgic: the interrupt controller of a domain, and what each vCPU has of it. One lock guards all of it. A vCPU's list
// registers are written only by the CPU it runs on; what they hold comes back into the Irqs by fold(). `mine` of a vCPU has each
// interrupt that is pending, active or listed there.
#pragma once

#include <asm/cpu.hpp>
#include <asm/gic.hpp>
#include <asm/vgic.hpp>
#include <xen/heap.hpp>
#include <xen/lock.hpp>

#include "arch/arm/guest/vgic/irq.hpp"
#include "arch/arm/guest/vgic/irq_set.hpp"

namespace xen::vgic {

inline constexpr unsigned kMaxLists = 16;

struct VcpuState {
    Vcpu* vcpu = nullptr;
    u16 index = 0;
    bool resident = false;             // the processor's virtual interface holds its state
    CpuId last_cpu{~0u};               // that it ran on: its lines of the machine go there
    bool asleep = true;                // GICR_WAKER
    u32 control = 0;                   // ICH_HCR_EL2 as written
    u32 vmcr = 0;
    u16 used = 0;                      // list registers
    u16 spilled = 0;                   // active interrupts without one
    u16 in_list[kMaxLists]{};          // interrupt of each
    gic::ActivePriorities priorities{};
    IrqSet mine{};
    u32 enabled = 0;                   // a bit for each of irqs, as Irq::enabled
    Irq irqs[kPrivate];
};

struct DomainState {
    Spinlock<LockRank::vgic, IrqRule::off> lock;
    Domain* domain = nullptr;
    Version version = Version::v3;
    bool enabled GUARDED_BY(lock) = false;   // GICD_CTLR: the group that guests use
    u32 control = 0;                   // GICD_CTLR as written
    Layout layout{};
    Array<VcpuState*> vcpus;
    Array<Irq> spis;
    Array<u32> enabled_spis;           // 32 each

    bool is_v3() const { return version == Version::v3; }
    VcpuState* vcpu(usize i) const { return i < vcpus.size() ? vcpus[i] : nullptr; }
    unsigned interrupts() const { return kPrivate + static_cast<unsigned>(spis.size()); }
    // As seen by one vCPU; nullptr: no such interrupt.
    Irq* find(VcpuState& v, unsigned id) {
        if (id < kPrivate) return &v.irqs[id];
        return id < interrupts() ? &spis[id - kPrivate] : nullptr;
    }
    u32& enabled_of(VcpuState& v, unsigned id) { return id < kPrivate ? v.enabled : enabled_spis[(id - kPrivate) / 32]; }
    void set_enabled(VcpuState& v, Irq& irq, bool on) {
        u32& word = enabled_of(v, irq.id);
        word = on ? word | 1u << irq.id % 32 : word & ~(1u << irq.id % 32);
        irq.enabled = on;
    }
};

inline VcpuState& state(const Vcpu& v) { return *v.arch.vgic; }
inline DomainState& state(const Domain& d) { return *d.arch.vgic; }

// -- lists.cpp. The vCPU is the current one, or (fold) runs nowhere; interrupts off.
void fold(DomainState& s, VcpuState& v) REQUIRES(s.lock);        // list registers are empty after it
void fill(DomainState& s, VcpuState& v) REQUIRES(s.lock);
void take_upcall(DomainState& s, VcpuState& v) REQUIRES(s.lock);
// After anything about the interrupt changed: it is put where it belongs, and whom it concerns looks at it; the current vCPU
// needs not, if it `may_list` it at once.
void update(DomainState& s, VcpuState& v, Irq& irq, bool may_list = true) REQUIRES(s.lock);

// -- inject.cpp
inline bool deliverable(const DomainState& s, const Irq& irq) REQUIRES(s.lock) {
    return irq.enabled && irq.routable && s.enabled && irq.pending();
}
void tell(VcpuState& v);                                         // its list registers are to be looked at, soon
// The current vCPU's list registers come back before its registers are read or changed; they are filled on the way out.
void bring_back(DomainState& s, VcpuState& v) REQUIRES(s.lock);
// The line of the machine can come again.
void release_machine_line(Irq& irq);
inline bool was_taken_here(const Irq& irq) { return irq.is_private() || irq.taken_on == arch::cpu_id().raw(); }
// The end of an interrupt on this CPU ends the machine's line.
inline bool ends_here(const DomainState& s, const Irq& irq) { return s.is_v3() || was_taken_here(irq); }

// -- route.cpp
void aim(DomainState& s, Irq& irq) REQUIRES(s.lock);             // its target after a change of targets or route
void follow(DomainState& s, VcpuState& v) REQUIRES(s.lock);      // its lines come to this CPU, from now on
void send_sgi(DomainState& s, VcpuState& from, VcpuState& to, unsigned sgi) REQUIRES(s.lock);

}  // namespace xen::vgic
