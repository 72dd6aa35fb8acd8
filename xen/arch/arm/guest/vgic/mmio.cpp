// SPDX-License-Identifier: MIT
// The guest's distributor and redistributors as memory (ARM IHI 0069 12.8 to 12.11, IHI 0048 4.3). The registers of both versions
// with a bit or a field for each interrupt are the same; what differs is what stands around them.
#include "arch/arm/guest/vgic/mmio.hpp"

#include <xen/sched.hpp>

#include "arch/arm/guest/vgic/fields.hpp"
#include "arch/arm/guest/vgic/sgi.hpp"
#include "arch/arm/guest/vgic/state.hpp"

namespace xen::vgic {
namespace {

using guest::Access;

constexpr u32 kCtlr = 0x0, kTyper = 0x4, kIidr = 0x8, kSgir = 0xf00, kClearSgi = 0xf10, kSetSgi = 0xf20, kPidr2V2 = 0xfe8,
              kRouter = 0x6000, kPidr2 = 0xffe8;
constexpr u32 kGroupEnableV2 = 1, kGroupEnableV3 = 2, kAffinityRouting = 0x10;
constexpr u32 kImplementer = 'X' << 24 | 0x43b;
constexpr unsigned kIdBits = 10;

// As the pages of a redistributor's two frames.
constexpr u64 kSgiFrame = 0x10000;
constexpr u32 kRdTyper = 0x8, kWaker = 0x14;

bool within(const Region& r, u64 address) { return address - r.base < r.bytes; }

u32 typer(const DomainState& s) {
    u32 v = s.interrupts() / 32 - 1;
    if (!s.is_v3()) return v | static_cast<u32>((s.vcpus.size() < 8 ? s.vcpus.size() : 8) - 1) << 5;
    return v | (kIdBits - 1) << 19 | u32{1} << 25;       // No1N: each SPI has one target
}

void write_control(DomainState& s, u32 value) REQUIRES(s.lock) {
    u32 enable = s.is_v3() ? kGroupEnableV3 : kGroupEnableV2;
    s.control = value & enable;
    bool enabled = s.control != 0;
    if (enabled == s.enabled) return;
    s.enabled = enabled;
    for (VcpuState* v : s.vcpus)
        if (v && !v->mine.empty()) tell(*v);
}

// GICD_SGIR: filter in 25:24 (list, all but the sender, the sender), list in 23:16.
void write_sgir(DomainState& s, VcpuState& from, u32 value) REQUIRES(s.lock) {
    u32 filter = value >> 24 & 3;
    for (VcpuState* to : s.vcpus) {
        if (!to || to->index >= 8) continue;
        bool wanted = filter == 0 ? value >> (16 + to->index) & 1 : filter == 1 ? to != &from : filter == 2 && to == &from;
        if (wanted) send_sgi(s, from, *to, value & 15);
    }
}

bool fixed_register(DomainState& s, u32 at, Access& a) REQUIRES(s.lock) {
    switch (at) {
    case kCtlr:
        if (a.write) write_control(s, static_cast<u32>(a.value));
        else a.value = s.control | (s.is_v3() ? kAffinityRouting : 0);
        return true;
    case kTyper: a.value = typer(s); return true;
    case kIidr: a.value = kImplementer; return true;
    case kPidr2: a.value = s.is_v3() ? 0x30 : 0; return true;
    case kPidr2V2: a.value = s.is_v3() ? 0 : 0x20; return true;
    default: return false;
    }
}

void sender_bytes(DomainState& s, VcpuState& v, u32 at, Access& a) REQUIRES(s.lock) {
    bool set = at >= kSetSgi;
    unsigned first = at & 15;
    bring_back(s, v);
    u64 value = a.value;
    if (!a.write) a.value = 0;
    for (unsigned i = 0; i < a.bytes; ++i) {
        Irq& irq = v.irqs[first + i];
        auto byte = static_cast<u8>(value >> (i * 8));
        if (!a.write) a.value |= u64{irq.senders} << (i * 8);
        else irq.senders = static_cast<u8>(set ? irq.senders | byte : irq.senders & ~byte);
        if (a.write) update(s, v, irq);
    }
}

void router(DomainState& s, VcpuState& v, u32 at, Access& a) REQUIRES(s.lock) {
    Irq* irq = s.find(v, (at - kRouter) / 8);
    if (!irq || irq->is_private() || a.bytes < 4) return;
    unsigned shift = at & 4 ? 32 : 0;
    if (!a.write) {
        a.value = irq->route >> shift;
        return;
    }
    u64 mask = a.bytes == 8 ? ~u64{0} : u64{0xffffffff} << shift;
    constexpr u64 kAffinities = 0xff00ffffff;              // no IRM: see GICD_TYPER.No1N
    irq->route = ((irq->route & ~mask) | (a.value << shift & mask)) & kAffinities;
    aim(s, *irq);
    update(s, v, *irq);
}

void distributor(DomainState& s, VcpuState& v, u32 at, Access& a) REQUIRES(s.lock) {
    if (at >= kRouter && at < kRouter + kMaxInterrupts * 8 && s.is_v3()) return router(s, v, at, a);
    if (fields::access(s, v, at, s.is_v3() ? kPrivate : 0, s.interrupts(), a)) return;
    if (!s.is_v3() && at >= kClearSgi && at < kSetSgi + 16 && a.bytes <= 4) return sender_bytes(s, v, at, a);
    if (a.bytes != 4) return;
    if (!s.is_v3() && at == kSgir && a.write) return write_sgir(s, v, static_cast<u32>(a.value));
    (void)fixed_register(s, at, a);
}

u64 redistributor_typer(const DomainState& s, const VcpuState& v, bool last) {
    (void)s;
    u64 affinity = guest::affinity_of(v.vcpu->id);
    return affinity << 32 | u64{v.index} << 8 | u64{last} << 4;
}

void redistributor_control(DomainState& s, VcpuState& of, u32 at, bool last, Access& a) REQUIRES(s.lock) {
    u64 type = redistributor_typer(s, of, last);
    switch (at) {
    case kRdTyper: a.value = a.bytes == 8 ? type : type & 0xffffffff; break;
    case kRdTyper + 4: a.value = type >> 32; break;
    case kIidr - 4: a.value = kImplementer; break;         // GICR_IIDR is at 4
    case kWaker:
        if (a.write) of.asleep = a.value & 2;
        else a.value = of.asleep ? 6 : 0;                  // ProcessorSleep, ChildrenAsleep
        break;
    case kPidr2: a.value = 0x30; break;
    default: break;
    }
}

// The vCPU whose frames are there, and whether they are the last of the region or of the guest.
struct Place {
    VcpuState* of = nullptr;
    u32 at = 0;
    bool last = false;
};

Place find_frame(const DomainState& s, u64 address) {
    usize first = 0;
    for (const Region& r : s.layout.redistributors) {
        usize here = r.bytes / kRedistributorBytes;
        if (within(r, address)) {
            usize n = (address - r.base) / kRedistributorBytes;
            bool last = n + 1 == here || first + n + 1 == s.vcpus.size();
            return {s.vcpu(first + n), static_cast<u32>((address - r.base) % kRedistributorBytes), last};
        }
        first += here;
    }
    return {};
}

void redistributor(DomainState& s, u64 address, Access& a) REQUIRES(s.lock) {
    Place p = find_frame(s, address);
    if (!p.of) return;
    if (p.at >= kSgiFrame) {
        (void)fields::access(s, *p.of, static_cast<u32>(p.at - kSgiFrame), 0, kPrivate, a);
        return;
    }
    if (a.bytes >= 4) redistributor_control(s, *p.of, p.at, p.last, a);
}

bool in_redistributors(const DomainState& s, u64 address) {
    if (!s.is_v3()) return false;
    for (const Region& r : s.layout.redistributors)
        if (within(r, address)) return true;
    return false;
}

}  // namespace

bool owns(const Domain& d, u64 address) {
    if (!d.arch.vgic) return false;
    const DomainState& s = state(d);
    return within(s.layout.distributor, address) || in_redistributors(s, address);
}

guest::Outcome access(Vcpu& vcpu, Access& a) {
    if (!vcpu.domain->arch.vgic) return guest::Outcome::nobody;
    DomainState& s = state(*vcpu.domain);
    bool of_distributor = within(s.layout.distributor, a.address);
    if (!of_distributor && !in_redistributors(s, a.address)) return guest::Outcome::nobody;
    VcpuState& v = state(vcpu);
    if (!a.write) a.value = 0;
    Guard g{s.lock};
    if (of_distributor) distributor(s, v, static_cast<u32>(a.address - s.layout.distributor.base), a);
    else redistributor(s, a.address, a);
    return guest::Outcome::done;
}

}  // namespace xen::vgic
