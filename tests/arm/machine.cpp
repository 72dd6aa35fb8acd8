// SPDX-License-Identifier: MIT
#include "machine.hpp"

#include <asm/gic.hpp>
#include <asm/p2m.hpp>
#include <asm/vtimer.hpp>
#include <stdlib.h>
#include <xen/sched.hpp>

#include "arch/arm/guest/vgic/mmio.hpp"
#include "arch/arm/guest/vgic/sgi.hpp"
#include "vcpus.hpp"

namespace arm_test {
namespace {

constexpr u64 kPending = u64{1} << 62, kActive = u64{1} << 63, kHardware = u64{1} << 61, kEndRequest = u64{1} << 41;
unsigned id_of(u64 lr) { return lr & 0x3ff; }
unsigned priority_of(u64 lr) { return lr >> 48 & 0xff; }

arch::CpuBlock blocks[kCpus];

Interface& mine() { return machine().cpus[arch::cpu_id().raw()]; }

}  // namespace

Machine& machine() {
    static Machine m;
    return m;
}

// IHI 0069 12.4.4.
bool Interface::maintenance() const {
    if (!(control & 1)) return false;
    unsigned used = 0, pending = 0;
    for (u64 lr : lists) used += (lr & (kPending | kActive)) != 0, pending += (lr >> 62 & 3) == 1;
    return ends_seen || ((control & 2) && used <= 1) || ((control & 4) && ended) || ((control & 8) && !pending);
}

unsigned Interface::running() const {
    unsigned best = 256;
    for (unsigned s : stack)
        if (s >> 16 < best) best = s >> 16;
    return best;
}

// What is pending and active is not pending enough: its own priority is running.
unsigned Interface::acknowledge() {
    u64* best = nullptr;
    for (u64& lr : lists)
        if ((lr >> 62 & 3) == 1 && (!best || priority_of(lr) < priority_of(*best))) best = &lr;
    if (!(control & 1) || !best || priority_of(*best) >= running()) return 1023;
    *best = (*best & ~kPending) | kActive;
    stack.push_back(id_of(*best) | priority_of(*best) << 16);
    return id_of(*best);
}

void Interface::end(unsigned id) {
    for (usize i = stack.size(); i-- > 0;)
        if ((stack[i] & 0xffff) == id) {
            stack.erase(stack.begin() + static_cast<long>(i));
            break;
        }
    for (u64& lr : lists) {
        if (!(lr & kActive) || id_of(lr) != id) continue;
        lr &= ~kActive;
        if (lr & kHardware) machine().active.erase(lr >> 32 & 0x3ff), machine().deactivated.insert(lr >> 32 & 0x3ff);
        else if ((lr & kEndRequest) && !(lr & kPending)) ends_seen |= 1u << (&lr - lists);
        return;
    }
    ++ended;
}

Guest::Guest(unsigned vcpus, vgic::Version version, unsigned spis) : domain_{std::make_unique<Domain>()} {
    machine() = {};
    domain_->max_vcpus = vcpus;
    domain_->vcpus = std::move(Array<Vcpu*>::create(vcpus)).take();
    vgic::Layout l;
    l.distributor = {kDistributor, 0x10000};
    l.redistributors[0] = {kRedistributor, kCpus * vgic::kRedistributorBytes};
    l.cpu_interface = {0x8010000, 0x2000};
    l.spis = spis;
    if (!vgic::init_domain(*domain_, version, l)) abort();
    for (unsigned i = 0; i < vcpus; ++i) {
        Vcpu& v = add_vcpu(*domain_, vcpus_);
        if (!vgic::init_vcpu(v)) abort();
        on(i);
        vgic::switch_in(v);
    }
}

Guest::~Guest() {
    for (unsigned i = 0; i < vcpus_.size(); ++i) {
        on(i);
        vgic::switch_out(vcpu(i));
        vgic::destroy_vcpu(vcpu(i));
    }
    vgic::destroy_domain(domain());
}

void Guest::on(unsigned i) {
    blocks[i].cpu = i;
    blocks[i].current = &vcpu(i);
    arch::this_cpu_block = &blocks[i];
}

void Guest::enter(unsigned i) {
    on(i);
    vgic::enter_guest(vcpu(i));
    for (unsigned rounds = 0; cpu(i).maintenance(); ++rounds) {
        if (rounds > 3) abort();   // a maintenance interrupt that nothing ends would hang the machine
        vgic::maintenance();
        if (cpu(i).maintenance()) abort();   // nor may it come again before the guest is entered
        vgic::enter_guest(vcpu(i));
    }
}

u64 Guest::access(unsigned i, u64 address, bool write, u64 value, unsigned bytes) {
    on(i);
    guest::Access a{address, value, static_cast<u8>(bytes), write};
    if (vgic::access(vcpu(i), a) == guest::Outcome::nobody) abort();
    return a.value;
}

u64 Guest::read(unsigned i, u64 offset, unsigned bytes) { return access(i, kDistributor + offset, false, 0, bytes); }
void Guest::write(unsigned i, u64 offset, u64 value, unsigned bytes) { access(i, kDistributor + offset, true, value, bytes); }
u64 Guest::read_own(unsigned i, u64 offset, unsigned bytes) {
    return access(i, kRedistributor + i * vgic::kRedistributorBytes + offset, false, 0, bytes);
}
void Guest::write_own(unsigned i, u64 offset, u64 value, unsigned bytes) {
    access(i, kRedistributor + i * vgic::kRedistributorBytes + offset, true, value, bytes);
}
void Guest::sgi(unsigned i, u64 sgi1r) {
    on(i);
    vgic::write_sgi1r(vcpu(i), sgi1r);
}
unsigned Guest::acknowledge(unsigned i) {
    enter(i);
    return cpu(i).acknowledge();
}
void Guest::end(unsigned i, unsigned id) {
    enter(i);
    cpu(i).end(id);
    enter(i);
}

}  // namespace arm_test

// What the core calls in this world.
namespace xen {

using arm_test::machine;

namespace sched {
void notify(Vcpu& v) { machine().notified.insert(&v), machine().blocked.erase(&v); }
bool is_blocked(const Vcpu& v) { return machine().blocked.count(&v); }
CpuId processor_of(const Vcpu& v) { return CpuId{v.id.raw()}; }
}  // namespace sched

namespace p2m {
Status map_mmio(Domain&, Paddr, Paddr, u64, Type) { return {}; }
}  // namespace p2m

// Of the virtual timer only its line is looked at.
namespace vtimer {
bool line() { return (sim::processor.cntv_ctl & 7) == 5; }
}  // namespace vtimer

namespace gic {
const Layout& layout() { return machine().layout; }
unsigned list_registers() { return machine().lists; }
u64 read_lr(unsigned n) { return arm_test::mine().lists[n]; }
void write_lr(unsigned n, u64 v) { arm_test::mine().lists[n] = v, arm_test::mine().ends_seen &= ~(1u << n); }
u32 read_hcr() { return arm_test::mine().control | arm_test::mine().ended << 27; }
void set_hcr(u32 v) { arm_test::mine().control = v & 0x7ffffff, arm_test::mine().ended = v >> 27; }
u32 read_vmcr() { return arm_test::mine().vmcr; }
void write_vmcr(u32 v) { arm_test::mine().vmcr = v; }
void save_active(ActivePriorities& to) { to = {}; }
void restore_active(const ActivePriorities&) {}
void enable(unsigned irq) { machine().enabled.insert(irq); }
void disable(unsigned irq) { machine().enabled.erase(irq); }
void set_trigger(unsigned, bool) {}
void set_affinity(unsigned irq, CpuId cpu) { machine().cpu_of[irq] = cpu.raw(); }
void deactivate(unsigned irq) { machine().active.erase(irq), machine().deactivated.insert(irq); }
void set_active(unsigned irq, bool on) {
    if (on) machine().active.insert(irq);
    else machine().active.erase(irq);
}
}  // namespace gic
}  // namespace xen
