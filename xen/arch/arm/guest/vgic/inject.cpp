// SPDX-License-Identifier: MIT
// Interrupts become pending: by edges, lines and the machine's own lines.
#include <asm/cpu.hpp>
#include <xen/sched.hpp>

#include "arch/arm/guest/vgic/state.hpp"

namespace xen::vgic {

void tell(VcpuState& v) {
    if (v.vcpu->arch.attention.fetch_or(arch::ArchVcpu::kRefill, std::memory_order_acq_rel) & arch::ArchVcpu::kRefill) {
        // It is told already; but it may have fallen asleep since.
        if (!sched::is_blocked(*v.vcpu)) return;
    }
    sched::notify(*v.vcpu);
}

namespace {

bool was_taken_here(const Irq& irq) { return irq.is_private() || irq.taken_on == arch::cpu_id().raw(); }

}  // namespace

bool ends_here(const DomainState& s, const Irq& irq) { return s.is_v3() || was_taken_here(irq); }

// The distributor's register serves all CPUs.
void release_machine_line(Irq& irq) {
    irq.machine_active = false;
    if (was_taken_here(irq)) gic::deactivate(irq.id);
    else gic::set_active(irq.id, false);
}

namespace {

VcpuState& home_of(DomainState& s, VcpuState& v, const Irq& irq) {
    if (irq.is_private()) return v;
    return *s.vcpus[irq.listed() || irq.active ? irq.holder : irq.target];
}

// SPIs that went to another vCPU before.
void leave_others(DomainState& s, const VcpuState& home, const Irq& irq) {
    if (irq.is_private() || irq.holder == home.index || irq.listed()) return;
    if (VcpuState* old = s.vcpu(irq.holder)) old->mine.clear(irq.id);
}

}  // namespace

void update(DomainState& s, VcpuState& v, Irq& irq) {
    VcpuState& home = home_of(s, v, irq);
    leave_others(s, home, irq);
    if (!irq.is_private()) irq.holder = home.index;
    // Of the vCPU's own PPI only the CPU it runs on can let the machine's line go: fill() does.
    if (irq.machine_active && !irq.active && !irq.listed() && !irq.latch && !irq.is_private()) release_machine_line(irq);
    bool concerns = irq.pending() || irq.active || irq.listed() || irq.machine_active;
    home.mine.assign(irq.id, concerns);
    if (irq.listed() || (deliverable(s, irq) && !irq.active)) tell(home);
}

void bring_back(DomainState& s, VcpuState& v) {
    if (!v.resident) return;
    take_upcall(s, v);
    if (!v.used) return;
    fold(s, v);
    v.vcpu->arch.attention.fetch_or(arch::ArchVcpu::kRefill, std::memory_order_relaxed);
}

void inject(Vcpu& vcpu, unsigned virq) {
    if (virq >= kPrivate) return;
    DomainState& s = state(*vcpu.domain);
    Guard g{s.lock};
    Irq& irq = state(vcpu).irqs[virq];
    irq.latch = true;
    update(s, state(vcpu), irq);
}

void set_line(Vcpu& vcpu, unsigned ppi, bool high) {
    if (ppi < kSgis || ppi >= kPrivate) return;
    DomainState& s = state(*vcpu.domain);
    Guard g{s.lock};
    Irq& irq = state(vcpu).irqs[ppi];
    if (high && !irq.line && irq.edge) irq.latch = true;
    irq.line = high;
    update(s, state(vcpu), irq);
}

namespace {

// SPIs have one state: the vCPU that is named does not matter.
Irq* spi_of(DomainState& s, unsigned spi) {
    return spi >= kSpiBase && spi < s.interrupts() && s.vcpus[0] ? &s.spis[spi - kSpiBase] : nullptr;
}

}  // namespace

void raise_spi(Domain& d, unsigned spi) {
    DomainState& s = state(d);
    Guard g{s.lock};
    Irq* irq = spi_of(s, spi);
    if (!irq) return;
    irq->latch = true;
    update(s, *s.vcpus[0], *irq);
}

void set_spi_line(Domain& d, unsigned spi, bool high) {
    DomainState& s = state(d);
    Guard g{s.lock};
    Irq* irq = spi_of(s, spi);
    if (!irq || irq->line == high) return;
    if (high && irq->edge) irq->latch = true;
    irq->line = high;
    update(s, *s.vcpus[0], *irq);
}

namespace {

// It cannot come before its last activity has ended.
void came(Irq& irq) {
    irq.came_again = irq.machine_active && irq.listed();
    irq.latch = irq.machine_active = true;
}

}  // namespace

void physical(Domain& d, unsigned spi) {
    DomainState& s = state(d);
    Guard g{s.lock};
    Irq* irq = spi_of(s, spi);
    if (!irq || !irq->linked) return gic::deactivate(spi);
    came(*irq);
    irq->taken_on = static_cast<u16>(arch::cpu_id().raw());
    update(s, *s.vcpus[0], *irq);
}

void physical_private(Vcpu& vcpu, unsigned ppi) {
    DomainState& s = state(*vcpu.domain);
    Guard g{s.lock};
    Irq& irq = state(vcpu).irqs[ppi];
    came(irq);
    update(s, state(vcpu), irq);
}

bool pending(Vcpu& vcpu) {
    if (!vcpu.arch.vgic) return false;
    DomainState& s = state(*vcpu.domain);
    VcpuState& v = state(vcpu);
    Guard g{s.lock};
    bring_back(s, v);
    if (!v.resident) take_upcall(s, v);
    for (unsigned id : v.mine) {
        const Irq& irq = *s.find(v, id);
        if (deliverable(s, irq) && !irq.active) return true;
    }
    return false;
}

}  // namespace xen::vgic
