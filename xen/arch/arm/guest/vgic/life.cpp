// SPDX-License-Identifier: MIT
// Birth and death of a guest's interrupt controller.
#include <asm/p2m.hpp>

#include "arch/arm/guest/vgic/state.hpp"

namespace xen::vgic {
namespace {

void reset(Irq& irq, unsigned id) {
    irq = {};
    irq.id = static_cast<u16>(id);
    irq.edge = id < kSgis;
    irq.enabled = id < kSgis;           // as on most machines, and where it cannot be changed guests count on it
}

Status fill_in(DomainState& s, Domain& d, Version version, const Layout& l) {
    s.domain = &d;
    s.version = version;
    s.layout = l;
    unsigned spis = (l.spis + 31) & ~31u;
    if (spis > kMaxInterrupts - kSpiBase) spis = kMaxInterrupts - kSpiBase;
    s.layout.spis = spis;
    auto vcpus = TRY(Array<VcpuState*>::create(d.max_vcpus));
    s.vcpus = std::move(vcpus);
    auto irqs = TRY(Array<Irq>::create(spis));
    s.spis = std::move(irqs);
    auto enabled = TRY(Array<u32>::create(spis / 32));
    s.enabled_spis = std::move(enabled);
    for (unsigned i = 0; i < spis; ++i) {
        reset(s.spis[i], kSpiBase + i);
        s.spis[i].routable = s.is_v3();   // v2: GICD_ITARGETSR begins with nobody
    }
    return {};
}

// v2: the guest works on the processor's virtual interface itself.
Status map_interface(Domain& d, const DomainState& s) {
    if (s.is_v3()) return {};
    const gic::Region& real = gic::layout().virtual_cpu;
    if (!s.layout.cpu_interface.bytes || real.bytes < s.layout.cpu_interface.bytes) return Errno::nodev;
    return p2m::map_mmio(d, Paddr{s.layout.cpu_interface.base}, real.start, s.layout.cpu_interface.bytes);
}

}  // namespace

Status init_domain(Domain& d, Version version, const Layout& layout) {
    auto box = TRY(Box<DomainState>::create());
    TRY(fill_in(*box, d, version, layout));
    TRY(map_interface(d, *box));
    d.arch.vgic = box.leak();
    return {};
}

void destroy_domain(Domain& d) {
    DomainState* s = std::exchange(d.arch.vgic, nullptr);
    if (!s) return;
    for (Irq& irq : s->spis) {
        if (!irq.linked) continue;
        gic::disable(irq.id);
        if (irq.machine_active) release_machine_line(irq);
    }
    Box<DomainState>::adopt(s).reset();
}

Status init_vcpu(Vcpu& v) {
    DomainState& s = state(*v.domain);
    auto box = TRY(Box<VcpuState>::create());
    box->vcpu = &v;
    box->index = static_cast<u16>(v.id.raw());
    for (unsigned i = 0; i < kPrivate; ++i) reset(box->irqs[i], i);
    box->enabled = (1u << kSgis) - 1;
    v.arch.vgic = box.leak();
    Guard g{s.lock};
    s.vcpus[v.id.raw()] = v.arch.vgic;
    return {};
}

void destroy_vcpu(Vcpu& v) {
    VcpuState* state_of = std::exchange(v.arch.vgic, nullptr);
    if (!state_of) return;
    {
        DomainState& s = state(*v.domain);
        Guard g{s.lock};
        s.vcpus[v.id.raw()] = nullptr;
    }
    Box<VcpuState>::adopt(state_of).reset();
}

// The distributor's side of private interrupts survives, as with the machine's.
void reset_vcpu(Vcpu& v) {
    DomainState& s = state(*v.domain);
    VcpuState& own = state(v);
    Guard g{s.lock};
    own.vmcr = 0;
    own.priorities = {};
    for (Irq& irq : own.irqs) {
        if (!irq.active) continue;
        irq.active = false;
        update(s, own, irq);
    }
}

Version version(const Domain& d) { return state(d).version; }
const Layout& layout(const Domain& d) { return state(d).layout; }

}  // namespace xen::vgic
