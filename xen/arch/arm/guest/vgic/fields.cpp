// SPDX-License-Identifier: MIT
#include "arch/arm/guest/vgic/fields.hpp"

#include <xen/sched.hpp>

namespace xen::vgic::fields {
namespace {

using Read = u32 (*)(const Irq&);
// `bits`: the field as written; of bit registers only those that are 1 come here.
using Write = void (*)(DomainState&, VcpuState&, Irq&, u32 bits);

void enable(DomainState& s, VcpuState& v, Irq& irq, u32) {
    if (irq.enabled) return;
    s.set_enabled(v, irq, true);
    if (!irq.linked) return;
    if (VcpuState* to = irq.is_private() ? nullptr : s.vcpu(irq.target)) gic::set_affinity(irq.id, sched::processor_of(*to->vcpu));
    gic::enable(irq.id);
}

void disable(DomainState& s, VcpuState& v, Irq& irq, u32) {
    if (!irq.enabled) return;
    s.set_enabled(v, irq, false);
    if (irq.linked) gic::disable(irq.id);
}

// v2: SGIs become pending with a sender only.
void set_pending(DomainState& s, VcpuState&, Irq& irq, u32) {
    if (!irq.is_sgi() || s.is_v3()) irq.latch = true;
}

// What another vCPU has in a list register is cancelled when that comes back.
void clear_pending(DomainState& s, VcpuState&, Irq& irq, u32) {
    if (irq.is_sgi() && !s.is_v3()) return;
    irq.latch = false;
    irq.cancelled = irq.listed();
}

void set_active(DomainState&, VcpuState&, Irq& irq, u32) {
    if (!irq.listed()) irq.active = true;
}

void clear_active(DomainState&, VcpuState&, Irq& irq, u32) {
    if (irq.listed() || !irq.active) return;
    irq.active = false;
    if (irq.machine_active && !irq.is_private()) release_machine_line(irq);
}

// Five bits, as the virtual interface has.
void set_priority(DomainState&, VcpuState&, Irq& irq, u32 v) { irq.priority = static_cast<u8>(v & 0xf8); }

void set_targets(DomainState& s, VcpuState&, Irq& irq, u32 v) NO_THREAD_SAFETY_ANALYSIS {   // held by access()
    if (irq.is_private()) return;
    irq.targets = static_cast<u8>(v);
    aim(s, irq);
}

void configure(DomainState&, VcpuState&, Irq& irq, u32 v) {
    bool edge = v & 2;
    if (irq.is_sgi() || edge == irq.edge) return;
    irq.edge = edge;
    if (irq.linked) gic::set_trigger(irq.id, edge);
}

u32 enabled(const Irq& i) { return i.enabled; }
u32 is_pending(const Irq& i) { return i.pending() || (i.listed() && !i.active && !i.cancelled); }
u32 active(const Irq& i) { return i.active; }
u32 priority(const Irq& i) { return i.priority; }
u32 targets(const Irq& i) { return i.targets; }
u32 configuration(const Irq& i) { return i.edge ? 2 : 0; }

struct Bank {
    u16 start;
    u8 width;        // bits for each interrupt
    bool volatile_;  // list registers know better than we
    Read read;
    Write write;
};

constexpr Bank kBanks[] = {
    {0x100, 1, false, enabled, enable},      {0x180, 1, false, enabled, disable},   {0x200, 1, true, is_pending, set_pending},
    {0x280, 1, true, is_pending, clear_pending}, {0x300, 1, true, active, set_active}, {0x380, 1, true, active, clear_active},
    {0x400, 8, false, priority, set_priority}, {0x800, 8, false, targets, set_targets}, {0xc00, 2, false, configuration, configure},
};

const Bank* bank_at(u32 at) {
    for (const Bank& b : kBanks) {
        u32 bytes = 1024 / 8 * b.width;
        if (at >= b.start && at < b.start + bytes) return &b;
    }
    return nullptr;
}

// An access the register takes: words, and bytes where a field is one.
bool takes(const Bank& b, u32 at, unsigned bytes) { return (bytes == 4 && !(at & 3)) || (bytes == 1 && b.width == 8); }

// v2 shows a private interrupt's target as the vCPU that looks.
u32 value_of(const DomainState& s, const VcpuState& v, const Bank& b, const Irq& irq) {
    if (b.start == 0x800 && irq.is_private()) return s.is_v3() ? 0 : 1u << (v.index & 7);
    return b.read(irq);
}

void write_one(DomainState& s, VcpuState& v, const Bank& b, Irq& irq, u32 field) REQUIRES(s.lock) {
    b.write(s, v, irq, field);
    update(s, v, irq);
    // Its list register, on another vCPU, holds what was.
    if (irq.listed()) tell(*s.vcpus[irq.holder]);
}

// A field of the register, and its place in it.
void one_field(DomainState& s, VcpuState& v, const Bank& b, unsigned irq, unsigned place, guest::Access& a, u64& result) REQUIRES(s.lock) {
    Irq& one = *s.find(v, irq);
    auto field = static_cast<u32>(a.value >> (place * b.width)) & ((1u << b.width) - 1);
    if (a.write) write_one(s, v, b, one, field);
    else result |= u64{value_of(s, v, b, one)} << (place * b.width);
    if (b.volatile_ && one.listed()) tell(*s.vcpus[one.holder]);
}

// Of 32 interrupts those that may have something to show.
u32 worth_a_look(DomainState& s, VcpuState& v, const Bank& b, unsigned irq) REQUIRES(s.lock) {
    if (!b.volatile_) return s.enabled_of(v, irq);
    u32 some = 0;
    for (VcpuState* of : s.vcpus)
        if (of && (irq >= kPrivate || of == &v)) some |= of->mine.thirty_two(irq);
    return some;
}

void bit_register(DomainState& s, VcpuState& v, const Bank& b, unsigned irq, guest::Access& a, u64& result) REQUIRES(s.lock) {
    u32 left = a.write ? static_cast<u32>(a.value) : worth_a_look(s, v, b, irq);
    if (!a.write && !b.volatile_) {
        result = left;
        return;
    }
    for (; left; left &= left - 1) {
        auto place = static_cast<unsigned>(std::countr_zero(left));
        one_field(s, v, b, irq + place, place, a, result);
    }
}

}  // namespace

bool access(DomainState& s, VcpuState& v, u32 at, unsigned first, unsigned end, guest::Access& a) {
    const Bank* b = bank_at(at);
    if (!b) return at >= 0x080 && at < 0x100;              // GICD_IGROUPR: one group, as without the security extensions
    if (!takes(*b, at, a.bytes) || (b->start == 0x800 && s.is_v3())) return true;
    unsigned irq = (at - b->start) * 8 / b->width, count = a.bytes * 8u / b->width;
    if (b->volatile_ || a.write) {
        if (v.vcpu == &current()) bring_back(s, v);
        else bring_back(s, state(current()));
    }
    u64 result = 0;
    if (irq >= first && irq < end) {                       // both are multiples of 32: all of its interrupts
        if (b->width == 1) bit_register(s, v, *b, irq, a, result);
        else
            for (unsigned i = 0; i < count; ++i) one_field(s, v, *b, irq + i, i, a, result);
    }
    if (!a.write) a.value = result;
    return true;
}

}  // namespace xen::vgic::fields
