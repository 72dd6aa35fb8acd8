// SPDX-License-Identifier: MIT
// Vectors and routing: a line has one vector on one CPU. After a move the old vector stays the line's until the next
// move, for an interrupt that was on its way.
#include <asm/cpu.hpp>
#include <xen/apic.hpp>
#include <xen/cpumask.hpp>
#include <xen/percpu.hpp>
#include <xen/trace.hpp>

#include "arch/x86/irq/lines.hpp"
#include "drivers/ioapic/ioapic.hpp"

namespace xen::irq {
namespace {

constinit Spinlock<LockRank::apic, IrqRule::off> vectors_lock;
XEN_PERCPU constinit PerCpu<VectorMap> maps;

constexpr u32 kLargestDestination = 0xfe;   // of an I/O APIC entry and of a message

bool reachable(CpuId cpu) { return cpu_online.test(cpu.raw()) && apic::id_of(cpu) <= kLargestDestination; }

Maybe<u8> take_vector(CpuId cpu, u16 line) {
    Guard g{vectors_lock};
    return maps.remote(cpu).take(line);
}

// The line, its vector, and the CPUs that it may interrupt.
void trace_place(u32 event, u16 line, const Place& p) {
    if (!trace::on(event)) [[likely]] return;
    u32 words[7] = {line | u32{p.vector} << 16};
    if (p.cpu.raw() < 6 * 32) words[1 + p.cpu.raw() / 32] = 1u << p.cpu.raw() % 32;
    trace::record(event, words, 7);
}

void give_back(u16 line, Place& p) {
    if (!p.vector) return;
    trace_place(TRC_HW_IRQ_CLEAR_VECTOR, line, p);
    Guard g{vectors_lock};
    maps.remote(p.cpu).give_back(p.vector);
    p.vector = 0;
}

// On the wanted CPU, else on any one of the set.
Maybe<Place> find_place(u16 line, CpuId wanted, const CpuMask& among) {
    if (reachable(wanted))
        if (Maybe<u8> v = take_vector(wanted, line)) return Place{wanted, *v};
    for (usize i : among) {
        CpuId cpu{static_cast<u32>(i)};
        if (cpu == wanted || !reachable(cpu)) continue;
        if (Maybe<u8> v = take_vector(cpu, line)) return Place{cpu, *v};
    }
    return nothing;
}

}  // namespace

u16 local_line(u8 vector) { return maps.local().line(vector); }

namespace {

Status move_to(Line& l, CpuId wanted, const CpuMask& among) {
    Maybe<Place> p = find_place(l.number, wanted, among);
    if (!p) return Errno::nospc;
    trace_place(TRC_HW_IRQ_ASSIGN_VECTOR, l.number, *p);
    give_back(l.number, l.old_place);
    l.old_place = l.place;
    l.place = *p;
    return {};
}

}  // namespace

// A line that cannot go where it is wanted stays where it is.
Status place_on(Line& l, CpuId wanted) {
    if (!l.place.vector) return move_to(l, wanted, cpu_online);
    if (l.place.cpu == wanted || (!reachable(wanted) && reachable(l.place.cpu))) return {};
    static_cast<void>(move_to(l, wanted, cpu_online).ok());
    return {};
}

bool place_off(Line& l, CpuId leaving) {
    if (!l.place.vector || l.place.cpu != leaving) return false;
    return move_to(l, arch::cpu_id(), cpu_online - mask_of(leaving)).ok();
}

void give_up_place(Line& l) {
    give_back(l.number, l.place);
    give_back(l.number, l.old_place);
}

void route(Line& l) {
    u32 target = apic::id_of(l.place.cpu);
    if (l.has_pin) {
        ioapic::write_entry(l.gsi, {l.place.vector, 0, l.low, l.level, l.masked, target});
        return;
    }
    if (l.message.maskable() && !l.masked) l.message.set_mask(true);   // no half-written message goes out
    l.message.write(pci::message_for(target, l.place.vector));
    if (l.message.maskable() && !l.masked) l.message.set_mask(false);
}

void set_mask(Line& l, bool masked) {
    l.masked = masked;
    if (l.has_pin) ioapic::set_mask(l.gsi, masked);
    else if (l.is_message) l.message.set_mask(masked);
}

}  // namespace xen::irq
