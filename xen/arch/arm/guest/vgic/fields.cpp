// SPDX-License-Identifier: MIT
#include "arch/arm/guest/vgic/fields.hpp"

#include <xen/sched.hpp>

namespace xen::vgic::fields {
namespace {

using Read = u32 (*)(const Irq&);
// `bits`: the field as written; of bit registers only those that are 1 come here.
using Write = void (*)(DomainState&, VcpuState&, Irq&, u32 bits);

// These two are called for a change.
void enable(DomainState& s, VcpuState& v, Irq& irq, u32) {
    s.set_enabled(v, irq, true);
    if (!irq.linked) return;
    if (VcpuState* to = irq.is_private() ? nullptr : s.vcpu(irq.target)) gic::set_affinity(irq.id, sched::processor_of(*to->vcpu));
    gic::enable(irq.id);
}

void disable(DomainState& s, VcpuState& v, Irq& irq, u32) {
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
    u8 shift;        // of 1, 2 or 8 bits for each interrupt
    bool volatile_;  // list registers know better than we
    Read read;
    Write write;
    constexpr unsigned width() const { return 1u << shift; }
};

constexpr Bank kBanks[] = {
    {0x100, 0, false, enabled, enable},      {0x180, 0, false, enabled, disable},   {0x200, 0, true, is_pending, set_pending},
    {0x280, 0, true, is_pending, clear_pending}, {0x300, 0, true, active, set_active}, {0x380, 0, true, active, clear_active},
    {0x400, 3, false, priority, set_priority}, {0x800, 3, false, targets, set_targets}, {0xc00, 1, false, configuration, configure},
};

// The bank of each 128 bytes, which are 1024 bits.
constexpr u32 kBlockShift = 7;
struct Blocks {
    static constexpr u8 kNone = 0xff;
    u8 bank[0x1000 >> kBlockShift];
};
constexpr Blocks kBlocks = [] {
    Blocks all;
    for (u8& b : all.bank) b = Blocks::kNone;
    for (u8 n = 0; const Bank& b : kBanks) {
        for (unsigned i = 0; i < b.width(); ++i) all.bank[(b.start >> kBlockShift) + i] = n;
        ++n;
    }
    return all;
}();

// An access the register takes: words, and bytes where a field is one.
bool takes(const Bank& b, u32 at, unsigned bytes) { return (bytes == 4 && !(at & 3)) || (bytes == 1 && b.width() == 8); }

// v2 shows a private interrupt's target as the vCPU that looks.
u32 value_of(const DomainState& s, const VcpuState& v, const Bank& b, const Irq& irq) {
    if (b.start == 0x800 && irq.is_private()) return s.is_v3() ? 0 : 1u << (v.index & 7);
    return b.read(irq);
}

void write_one(DomainState& s, VcpuState& v, const Bank& b, Irq& irq, u32 field) REQUIRES(s.lock) {
    b.write(s, v, irq, field);
    update(s, v, irq);
}

// A field of the register, and its place in it.
void one_field(DomainState& s, VcpuState& v, const Bank& b, unsigned irq, unsigned place, guest::Access& a, u64& result) REQUIRES(s.lock) {
    Irq& one = *s.find(v, irq);
    auto field = static_cast<u32>(a.value >> (place << b.shift)) & ((1u << b.width()) - 1);
    if (a.write) write_one(s, v, b, one, field);
    else result |= u64{value_of(s, v, b, one)} << (place << b.shift);
    if (b.volatile_ && one.listed()) tell(*s.vcpus[one.holder]);
}

// Of 32 interrupts those that may have something to show.
u32 worth_a_look(DomainState& s, VcpuState& v, unsigned irq) REQUIRES(s.lock) {
    u32 some = 0;
    for (VcpuState* of : s.vcpus)
        if (of && (irq >= kPrivate || of == &v)) some |= of->mine.thirty_two(irq);
    return some;
}

// The list registers of the CPU we are on tell, too.
void bring_own_back(DomainState& s, VcpuState& v) REQUIRES(s.lock) { bring_back(s, v.vcpu == &current() ? v : state(current())); }

[[gnu::noinline]] void volatile_bits(DomainState& s, VcpuState& v, const Bank& b, unsigned irq, guest::Access& a) REQUIRES(s.lock) {
    bring_own_back(s, v);
    u64 result = 0;
    for (u32 left = a.write ? static_cast<u32>(a.value) : worth_a_look(s, v, irq); left; left &= left - 1) {
        auto place = static_cast<unsigned>(std::countr_zero(left));
        one_field(s, v, b, irq + place, place, a, result);
    }
    if (!a.write) a.value = result;
}

// Which are enabled is known by words; of a write only what it changes is looked at.
[[gnu::noinline]] void change(DomainState& s, VcpuState& v, const Bank& b, unsigned irq, u32 bits) REQUIRES(s.lock) {
    for (u32 left = bits; left; left &= left - 1)
        write_one(s, v, b, *s.find(v, irq + static_cast<unsigned>(std::countr_zero(left))), 1);
}

void enable_bits(DomainState& s, VcpuState& v, const Bank& b, unsigned irq, guest::Access& a) REQUIRES(s.lock) {
    u32 now = s.enabled_of(v, irq), differs = static_cast<u32>(a.value) & (b.write == enable ? ~now : now);
    if (!a.write) a.value = now;
    else if (differs) change(s, v, b, irq, differs);
}

[[gnu::noinline]] void wide_fields(DomainState& s, VcpuState& v, const Bank& b, unsigned irq, guest::Access& a) REQUIRES(s.lock) {
    u64 result = 0;
    for (unsigned i = 0, count = a.bytes * 8u >> b.shift; i < count; ++i) one_field(s, v, b, irq + i, i, a, result);
    if (!a.write) a.value = result;
}

}  // namespace

bool access(DomainState& s, VcpuState& v, u32 at, unsigned first, unsigned end, guest::Access& a) {
    u8 n = at < 0x1000 ? kBlocks.bank[at >> kBlockShift] : Blocks::kNone;
    if (n == Blocks::kNone) return at >> kBlockShift == 1; // GICD_IGROUPR: one group, as without the security extensions
    const Bank& b = kBanks[n];
    if (!takes(b, at, a.bytes) || (b.start == 0x800 && s.is_v3())) return true;
    unsigned irq = (at - b.start) * 8 >> b.shift;
    if (irq < first || irq >= end) return true;            // both are multiples of 32: all of its interrupts
    if (b.shift) wide_fields(s, v, b, irq, a);
    else if (b.volatile_) volatile_bits(s, v, b, irq, a);
    else enable_bits(s, v, b, irq, a);
    return true;
}

}  // namespace xen::vgic::fields
