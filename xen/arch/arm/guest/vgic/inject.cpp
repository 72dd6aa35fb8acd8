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

// The distributor's register serves all CPUs.
void release_machine_line(Irq& irq) {
    irq.machine_active = false;
    if (was_taken_here(irq)) gic::deactivate(irq.id);
    else gic::set_active(irq.id, false);
}

void bring_back(DomainState& s, VcpuState& v) {
    if (!v.resident) return;
    take_upcall(s, v);
    if (!v.used) return;
    v.vcpu->arch.attention.fetch_or(arch::ArchVcpu::kRefill, std::memory_order_relaxed);
    fold(s, v);
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
