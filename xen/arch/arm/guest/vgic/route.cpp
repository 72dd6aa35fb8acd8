// SPDX-License-Identifier: MIT
// Where interrupts go: targets of SPIs, receivers of SGIs, and the machine's lines that a guest has.
#include <asm/cpu.hpp>
#include <asm/trap.hpp>
#include <xen/sched.hpp>

#include "arch/arm/guest/vgic/sgi.hpp"
#include "arch/arm/guest/vgic/state.hpp"

namespace xen::vgic {
namespace {

// v2: the lowest vCPU in the mask; v3: by affinity, levels 0 to 3 (IHI 0069 12.9.22).
Maybe<VcpuId> target_of(const DomainState& s, const Irq& irq) {
    if (s.is_v3()) return guest::vcpu_of_affinity((irq.route & 0xffffff) | (irq.route >> 32 & 0xff) << 32);
    if (!irq.targets) return nothing;
    return VcpuId{static_cast<u32>(std::countr_zero(irq.targets))};
}

}  // namespace

void aim(DomainState& s, Irq& irq) {
    auto to = target_of(s, irq);
    VcpuState* v = to ? s.vcpu(to->raw()) : nullptr;
    irq.routable = v != nullptr;
    if (!v) return;
    irq.target = v->index;
    if (irq.linked) gic::set_affinity(irq.id, sched::processor_of(*v->vcpu));
}

void follow(DomainState& s, VcpuState& v) {
    if (v.last_cpu == arch::cpu_id()) return;
    v.last_cpu = arch::cpu_id();
    for (usize word = 0; word < s.enabled_spis.size(); ++word)
        for (u32 left = s.enabled_spis[word]; left; left &= left - 1) {
            const Irq& irq = s.spis[word * 32 + static_cast<usize>(std::countr_zero(left))];
            if (irq.linked && irq.target == v.index) gic::set_affinity(irq.id, v.last_cpu);
        }
}

void send_sgi(DomainState& s, VcpuState& from, VcpuState& to, unsigned sgi) {
    Irq& irq = to.irqs[sgi];
    if (s.is_v3()) irq.latch = true;
    else irq.senders |= static_cast<u8>(1 << (from.index & 7));
    update(s, to, irq);
}

// Aff3.Aff2.Aff1 and a list of Aff0, of which RS selects sixteen; IRM: all but the sender.
bool write_sgi1r(Vcpu& vcpu, u64 value) {
    DomainState& s = state(*vcpu.domain);
    if (!s.is_v3()) return false;
    VcpuState& from = state(vcpu);
    auto sgi = static_cast<unsigned>(value >> 24 & 15);
    Guard g{s.lock};
    if (value >> 40 & 1) {
        for (VcpuState* to : s.vcpus)
            if (to && to != &from) send_sgi(s, from, *to, sgi);
        return true;
    }
    constexpr u64 kElsewhere = u64{0xff} << 48 | u64{0xff} << 32 | u64{15} << 44;
    if (value & kElsewhere) return true;
    usize cluster = (value >> 16 & 0xff) * 16;
    for (u32 left = value & 0xffff; left; left &= left - 1)
        if (VcpuState* to = s.vcpu(cluster + static_cast<usize>(std::countr_zero(left)))) send_sgi(s, from, *to, sgi);
    return true;
}

Status route(Domain& d, unsigned spi) {
    DomainState& s = state(d);
    Guard g{s.lock};
    if (spi < kSpiBase || spi >= s.interrupts()) return Errno::inval;
    Irq& irq = s.spis[spi - kSpiBase];
    if (irq.linked) return Errno::busy;
    irq.linked = true;
    gic::set_trigger(spi, irq.edge);
    if (irq.enabled) gic::enable(spi);
    return {};
}

void unroute(Domain& d, unsigned spi) {
    DomainState& s = state(d);
    Guard g{s.lock};
    if (spi < kSpiBase || spi >= s.interrupts()) return;
    Irq& irq = s.spis[spi - kSpiBase];
    if (!irq.linked) return;
    irq.linked = false;
    gic::disable(spi);
    if (irq.machine_active) release_machine_line(irq);
}

}  // namespace xen::vgic
