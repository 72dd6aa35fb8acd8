// SPDX-License-Identifier: MIT
// Between the interrupts of a vCPU and the list registers of the CPU it runs on (ARM IHI 0069 6.3, 12.4; IHI 0048 5.2).
#include <xen/event.hpp>
#include <xen/sched.hpp>

#include "arch/arm/guest/vgic/state.hpp"
#include "arch/arm/guest/vtimer.hpp"

namespace xen::vgic {
namespace {

constexpr bool has(u64 lr, u64 flag) { return lr & flag; }

// An interrupt ended whose list register was needed for another: the active one of the highest priority, as ends nest.
void end_spilled(DomainState& s, VcpuState& v) REQUIRES(s.lock) {
    Irq* best = nullptr;
    for (unsigned id : v.mine) {
        Irq* irq = s.find(v, id);
        if (irq->active && !irq->listed() && (!best || irq->priority < best->priority)) best = irq;
    }
    if (!best) return;
    best->active = false;
    if (best->machine_active) release_machine_line(*best);
    update(s, v, *best, false);
}

// The count is in the control register, which is written anew.
void end_all_spilled(DomainState& s, VcpuState& v) REQUIRES(s.lock) {
    for (unsigned ended = control::ended(gic::read_hcr()); ended; --ended) end_spilled(s, v);
    v.control = 0;
}

void take_back(Irq& irq, u64 lr) {
    irq.list = kNoList;
    irq.active = has(lr, list::kActive);
    bool pending = has(lr, list::kPending) && !irq.cancelled;
    irq.cancelled = false;
    if (pending && irq.listed_latch) irq.latch = true;
    if (pending && irq.listed_sender) irq.senders |= static_cast<u8>(1 << irq.sender);
    // The guest's end of an interrupt that is linked ended it in the machine too.
    if (has(lr, list::kHardware) && !has(lr, list::kPending | list::kActive)) irq.machine_active = irq.came_again;
    irq.came_again = false;
}

// A line of the machine that nobody waits for any more: software took the interrupt back, or the virtual timer's line went down
// before the guest took it.
bool is_idle(const Irq& irq) {
    if (!irq.machine_active || irq.active) return false;
    return !irq.latch || (irq.id == vtimer::kVirtualPpi && !vtimer::line());
}

void forget(Irq& irq) {
    irq.latch = false;
    release_machine_line(irq);
}

// Ends that must be heard of: more is to come then, and no other trap would bring us back.
bool wants_end(const Irq& irq) { return (irq.is_level() && irq.line) || irq.senders || irq.latch; }

u64 list_pending(Irq& irq, u64 lr) {
    irq.listed_latch = irq.latch;
    irq.latch = false;
    if (irq.senders && (!irq.active || irq.senders >> irq.sender & 1)) {
        if (!irq.active) irq.sender = static_cast<u8>(std::countr_zero(irq.senders));
        irq.senders &= static_cast<u8>(~(1 << irq.sender));
        irq.listed_sender = true;
    } else if (irq.senders) {
        return lr;            // active with another sender: this one's turn is after the end
    }
    return lr | list::kPending;
}

// The list register of an interrupt, which is deliverable if `due`. Where it is linked, what pends behind the active one stays in the machine (12.4.5, State).
// Linked is what this CPU took: a GICv2's CPU interface need not end what another one acknowledged (QEMU's does not); the guest's
// end of such a line is heard of, and the line released.
u64 encode(const DomainState& s, Irq& irq, bool due, bool overflow) {
    u64 lr = irq.id | u64{irq.priority} << list::kPriorityShift;
    if (s.is_v3()) lr |= list::kGroup1;
    irq.listed_latch = irq.listed_sender = false;
    if (irq.active) lr |= list::kActive;
    bool linked = irq.machine_active && ends_here(s, irq);
    if (due && !(linked && irq.active)) lr = list_pending(irq, lr);
    if (linked) return lr | list::kHardware | u64{irq.id} << list::kMachineShift;
    if (irq.is_sgi() && !s.is_v3()) lr |= u64{irq.sender} << list::kSenderShift;
    return overflow || irq.machine_active || wants_end(irq) ? lr | list::kEndRequest : lr;
}

// The interrupts that get list registers: active ones, by priority, then pending ones, by priority. One that would preempt all
// that is active has a place in any case.
class Choice {
public:
    explicit Choice(unsigned room) : room_{room} {}
    void offer(Irq& irq) {
        if (irq.active) ++active_;
        else if (!pending_ || irq.priority < pending_->priority) pending_ = &irq;
        unsigned at = count_;
        while (at > 0 && before(irq, *best_[at - 1])) --at;
        if (count_ == room_) overflow_ = true;
        else ++count_;
        if (at == room_) return;
        for (unsigned i = count_ - 1; i > at; --i) best_[i] = best_[i - 1];
        best_[at] = &irq;
    }
    void finish() {
        bool left_out = pending_ && active_ >= room_;
        if (left_out && pending_->priority < best_[0]->priority) best_[room_ - 1] = pending_;
        for (unsigned i = 0; i < count_; ++i)
            if (best_[i]->active) --active_;
            else has_pending_ = true;
    }
    unsigned count() const { return count_; }
    Irq& at(unsigned i) const { return *best_[i]; }
    bool overflow() const { return overflow_; }
    bool has_pending() const { return has_pending_; }
    u16 spilled() const { return active_; }   // after finish()

private:
    static bool before(const Irq& a, const Irq& b) {
        if (a.active != b.active) return a.active;
        return a.priority < b.priority;
    }
    Irq* best_[kMaxLists];
    Irq* pending_ = nullptr;
    unsigned room_, count_ = 0;
    u16 active_ = 0;
    bool overflow_ = false, has_pending_ = false;
};

// When to be told that the choice is old: few list registers are in use, none is pending any more, one without ended.
u32 control_for(const Choice& c) {
    u32 v = control::kEnable;
    if (c.overflow()) v |= control::kUnderflow | (c.has_pending() ? control::kNoPending : 0);
    return c.spilled() ? v | control::kNotPresent : v;
}

void set_control(VcpuState& v, u32 control) {
    if (v.control == control) return;
    v.control = control;
    gic::set_hcr(control);
}

unsigned lists() {
    unsigned n = gic::list_registers();
    return n < kMaxLists ? n : kMaxLists;
}

Choice choose(DomainState& s, VcpuState& v) REQUIRES(s.lock) {
    Choice c{lists()};
    for (unsigned id : v.mine) {
        Irq& irq = *s.find(v, id);
        if (is_idle(irq)) forget(irq);
        if (irq.active || deliverable(s, irq)) c.offer(irq);
    }
    c.finish();
    return c;
}

void put(const DomainState& s, VcpuState& v, Irq& irq, unsigned n, bool due, bool overflow) {
    gic::write_lr(n, encode(s, irq, due, overflow));
    irq.list = static_cast<u8>(n);
    irq.holder = v.index;
    v.in_list[n] = irq.id;
}

// One interrupt changed of a vCPU for which has_all_listed(): its own list register is made to tell, the others stay. False: it
// is in none now, as it needs not be, or as there is no more, or as it is another vCPU's by now.
bool list_alone(DomainState& s, VcpuState& v, Irq& irq) REQUIRES(s.lock) {
    bool was_listed = irq.listed();
    unsigned n = was_listed ? irq.list : static_cast<unsigned>(std::countr_one(v.used));
    if (was_listed) take_back(irq, gic::read_lr(n));
    if (is_idle(irq)) forget(irq);
    bool due = deliverable(s, irq);
    if (irq.active || (due && (irq.is_private() || irq.target == v.index))) {
        if (n >= lists()) return false;
        put(s, v, irq, n, due, false);
        v.used |= static_cast<u16>(1u << n);
        sched::notify(*v.vcpu);
        return true;
    }
    if (was_listed) {
        gic::write_lr(n, 0);
        v.used &= static_cast<u16>(~(1u << n));
    }
    return false;
}

VcpuState& home_of(DomainState& s, VcpuState& v, const Irq& irq) {
    if (irq.is_private()) return v;
    return *s.vcpus[irq.listed() || irq.active ? irq.holder : irq.target];
}

// SPIs that went to another vCPU before.
void leave_others(DomainState& s, const VcpuState& home, const Irq& irq) {
    if (irq.is_private() || irq.holder == home.index || irq.listed()) return;
    if (VcpuState* old = s.vcpu(irq.holder)) old->mine.clear(irq.id);
}

VcpuState& bring_home(DomainState& s, VcpuState& v, Irq& irq) {
    VcpuState& home = home_of(s, v, irq);
    leave_others(s, home, irq);
    if (!irq.is_private()) irq.holder = home.index;
    return home;
}

// It runs here, and each of its interrupts that is to have a list register has one.
bool has_all_listed(const VcpuState& v) {
    return v.vcpu == &current() && v.resident && v.control == control::kEnable &&
           !(v.vcpu->arch.attention.load(std::memory_order_relaxed) & arch::ArchVcpu::kRefill);
}

}  // namespace

void update(DomainState& s, VcpuState& v, Irq& irq, bool may_list) {
    VcpuState* home = &bring_home(s, v, irq);
    if (irq.is_quiet()) return home->mine.clear(irq.id);
    if (may_list && has_all_listed(*home)) {
        if (list_alone(s, *home, irq)) return home->mine.set(irq.id);
        home = &bring_home(s, v, irq);
    }
    // Of the vCPU's own PPI only the CPU it runs on can let the machine's line go: fill() does.
    if (irq.machine_active && !irq.active && !irq.listed() && !irq.latch && !irq.is_private()) release_machine_line(irq);
    home->mine.assign(irq.id, !irq.is_quiet());
    if (irq.listed() || (deliverable(s, irq) && !irq.active)) tell(*home);
}

void fold(DomainState& s, VcpuState& v) {
    if (!v.resident || !v.used) return;
    if (v.spilled) end_all_spilled(s, v);
    for (u32 left = v.used; left; left &= left - 1) {
        auto n = static_cast<unsigned>(std::countr_zero(left));
        Irq& irq = *s.find(v, v.in_list[n]);
        take_back(irq, gic::read_lr(n));
        gic::write_lr(n, 0);
        update(s, v, irq, false);
    }
    v.used = 0;
}

void fill(DomainState& s, VcpuState& v) {
    if (!v.resident) return;
    Choice c = choose(s, v);
    for (unsigned n = 0; n < c.count(); ++n) put(s, v, c.at(n), n, deliverable(s, c.at(n)), c.overflow());
    v.used = static_cast<u16>((1u << c.count()) - 1);
    v.spilled = c.spilled();
    set_control(v, control_for(c));
}

// ABI: the event interrupt is an edge of evtchn_upcall_pending.
void take_upcall(DomainState& s, VcpuState& v) {
    if (!(v.vcpu->arch.attention.fetch_and(~arch::ArchVcpu::kUpcall, std::memory_order_acquire) & arch::ArchVcpu::kUpcall)) return;
    if (!event::upcall_pending(*v.vcpu)) return;
    Irq& irq = v.irqs[s.layout.event_interrupt];
    irq.latch = true;
    update(s, v, irq);
}

void refill(Vcpu& vcpu) {
    if (!vcpu.arch.vgic) return;
    DomainState& s = state(*vcpu.domain);
    VcpuState& v = state(vcpu);
    Guard g{s.lock};
    take_upcall(s, v);
    if (!(vcpu.arch.attention.load(std::memory_order_relaxed) & arch::ArchVcpu::kRefill)) return;
    fold(s, v);
    fill(s, v);
    vcpu.arch.attention.fetch_and(~arch::ArchVcpu::kRefill, std::memory_order_acq_rel);
}

void switch_out(Vcpu& vcpu) {
    DomainState& s = state(*vcpu.domain);
    VcpuState& v = state(vcpu);
    Guard g{s.lock};
    fold(s, v);
    v.vmcr = gic::read_vmcr();
    gic::save_active(v.priorities);
    v.control = 0;
    gic::set_hcr(0);
    v.resident = false;
    // A PPI is the CPU's: another vCPU's must be able to come.
    if (v.irqs[vtimer::kVirtualPpi].machine_active) gic::set_active(vtimer::kVirtualPpi, false);
}

void switch_in(Vcpu& vcpu) {
    VcpuState& v = state(vcpu);
    DomainState& s = state(*vcpu.domain);
    Guard g{s.lock};
    v.resident = true;
    follow(s, v);
    gic::write_vmcr(v.vmcr);
    gic::restore_active(v.priorities);
    v.control = control::kEnable;
    gic::set_hcr(v.control);
    if (v.irqs[vtimer::kVirtualPpi].machine_active) gic::set_active(vtimer::kVirtualPpi, true);
    if (!v.mine.empty()) vcpu.arch.attention.fetch_or(arch::ArchVcpu::kRefill, std::memory_order_relaxed);
}

// The line stays up until the list registers are seen to, on the way out; before that interrupts may be on. So the interface
// is off meanwhile. The control register keeps its count of ends.
void maintenance() {
    Vcpu& vcpu = current();
    if (!vcpu.arch.vgic) return;
    state(vcpu).control = 0;
    gic::set_hcr(gic::read_hcr() & ~control::kEnable);
    vcpu.arch.attention.fetch_or(arch::ArchVcpu::kRefill, std::memory_order_relaxed);
}

}  // namespace xen::vgic
