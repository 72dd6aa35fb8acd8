// SPDX-License-Identifier: MIT
#include "trap_machine.hpp"

#include <asm/fault.hpp>
#include <asm/p2m.hpp>
#include <asm/vtimer.hpp>
#include <asm/vuart.hpp>
#include <public/xen.h>
#include <string.h>
#include <xen/arch_guest_copy.hpp>
#include <xen/hypercall.hpp>
#include <xen/sched.hpp>
#include <xen/smp.hpp>
#include <xen/time.hpp>
#include <xen/timer.hpp>

#include <catch2/catch.hpp>

#include "arch/arm/guest/set_way.hpp"
#include "arch/arm/guest/vgic/mmio.hpp"
#include "arch/arm/guest/vgic/sgi.hpp"
#include "sim/percpu.hpp"
#include "vcpus.hpp"

namespace trap_test {

Told& told() {
    static Told t;
    return t;
}

Guest::Guest(unsigned vcpus) : domain_{std::make_unique<Domain>()} {
    static const sptr percpu = sim::copy_percpu();
    told() = {};
    sim::processor = {};
    sim::processor.vbar = kVector;
    block_.percpu_offset = percpu;
    arch::this_cpu_block = &block_;
    domain_->id = DomId{3};
    domain_->max_vcpus = vcpus;
    domain_->vcpus = std::move(Array<Vcpu*>::create(vcpus)).take();
    for (unsigned i = 0; i < vcpus; ++i) {
        Vcpu& v = arm_test::add_vcpu(*domain_, vcpus_);
        REQUIRE(vtimer::init_vcpu(v).ok());
        guest::reset_vcpu(v);
        v.arch.regs.pc = kPc;
        if (i) told().down.insert(&v);
    }
    told().resets = 0;
    on(0);
}

Guest::~Guest() {
    for (auto& v : vcpus_) vtimer::destroy_vcpu(*v);
}

void Guest::on(unsigned i) {
    block_.current = vcpus_[i].get();
    told().running = {block_.current};
}

void Guest::trap(Class c, u64 iss, bool four_bytes) { arm_guest_sync(guest::make_syndrome(c, four_bytes, iss).raw); }

u64 Guest::call(u64 function, u64 a, u64 b, u64 c) {
    arch::GuestRegs& r = current().arch.regs;
    r.x[0] = function, r.x[1] = a, r.x[2] = b, r.x[3] = c;
    r.pc = kPc + 4;
    trap(Class::hvc64, 0);
    return r.x[0];
}

bool Guest::access(u64 key, bool read) {
    arch::GuestRegs& r = current().arch.regs;
    r.pc = kPc;
    trap(Class::system_register, key | u64{3} << 5 | read);
    if (took(Class::unknown)) return false;
    REQUIRE(r.pc == kPc + 4);
    return true;
}

bool Guest::read(unsigned op0, unsigned op1, unsigned crn, unsigned crm, unsigned op2, u64* value) {
    arch::GuestRegs& r = current().arch.regs;
    r.x[3] = 0x5a5a5a5a5a5a5a5a;
    bool done = access(guest::register_key(op0, op1, crn, crm, op2), true);
    if (!done) CHECK(r.x[3] == 0x5a5a5a5a5a5a5a5a);
    if (value) *value = r.x[3];
    return done;
}

bool Guest::write(unsigned op0, unsigned op1, unsigned crn, unsigned crm, unsigned op2, u64 value) {
    current().arch.regs.x[3] = value;
    return access(guest::register_key(op0, op1, crn, crm, op2), false);
}

bool Guest::took(Class c) {
    arch::GuestRegs& r = current().arch.regs;
    if (r.pc < kVector || r.pc >= kVector + 0x800) return false;
    if (guest::Syndrome{sim::processor.esr}.ec() != c) return false;
    r.pc = sim::processor.elr;
    r.pstate = sim::processor.spsr;
    return true;
}

namespace {

guest::Outcome device(u64 start, guest::Access& a) {
    if (a.address < start || a.address - start >= kDeviceBytes) return guest::Outcome::nobody;
    if (a.write) told().registers[a.address] = a.value;
    else a.value = told().registers[a.address] & (a.bytes == 8 ? ~u64{0} : (u64{1} << 8 * a.bytes) - 1);
    told().accesses.push_back(a);
    return guest::Outcome::done;
}

}  // namespace
}  // namespace trap_test

// What the core calls in this world.
namespace xen {

using trap_test::told;

void panic(const char* fmt, ...) { throw std::string{fmt}; }
void bug(const char* condition, const char*, int) { throw std::string{condition}; }
CpuMask cpu_online;
void smp::send_event_check(CpuId) {}

namespace sched {
void block() {
    ++told().blocks;
    told().blocked.insert(&current());
    if (told().wakes_at_block) told().pending = true;
}
void yield() { ++told().yields; }
void wake(Vcpu& v) { told().woken.insert(&v), told().blocked.erase(&v); }
void notify(Vcpu& v) { wake(v); }
void pause(Vcpu& v) { told().paused.insert(&v); }
void unpause(Vcpu& v) { told().paused.erase(&v); }
void set_down(Vcpu& v, bool down) {
    if (down) told().down.insert(&v);
    else told().down.erase(&v);
}
bool is_down(const Vcpu& v) { return told().down.count(const_cast<Vcpu*>(&v)); }
bool is_running(const Vcpu& v) { return told().running.count(&v); }
bool is_blocked(const Vcpu& v) { return told().blocked.count(&v); }
bool is_polling(const Vcpu&) { return told().polling; }
}  // namespace sched

void domain::shutdown(Domain&, unsigned reason) { told().shutdowns.push_back(reason); }
void hypercall::from_guest(Vcpu& v) {
    ++told().hypercalls;
    v.arch.regs.x[0] = 42;
}

namespace vgic {
bool pending(Vcpu&) { return told().pending; }
Version version(const Domain&) { return told().version; }
bool write_sgi1r(Vcpu&, u64 value) {
    if (told().version == Version::v3) told().sgis.push_back(value);
    return told().version == Version::v3;
}
void set_line(Vcpu&, unsigned ppi, bool high) { told().lines[ppi] = high; }
void physical_private(Vcpu&, unsigned ppi) { told().private_lines.push_back(ppi); }
void reset_vcpu(Vcpu&) { ++told().resets; }
bool owns(const Domain&, u64 at) { return at - trap_test::kMmio < trap_test::kDeviceBytes; }
guest::Outcome access(Vcpu&, guest::Access& a) { return trap_test::device(trap_test::kMmio, a); }
}  // namespace vgic

namespace vuart {
bool owns(const Domain&, u64 at) { return at - trap_test::kDevice < trap_test::kDeviceBytes; }
guest::Outcome access(Domain&, guest::Access& a) { return trap_test::device(trap_test::kDevice, a); }
}  // namespace vuart

bool p2m::is_mapped(const Domain&, Gaddr at, bool write) {
    return (write ? told().writable : told().mapped).count(at.raw() >> kPageShift);
}

namespace arch {
Maybe<Gaddr> guest_stage1(u64 va, bool) {
    auto found = told().stage1.find(va >> kPageShift);
    return found == told().stage1.end() ? Maybe<Gaddr>{} : Gaddr{found->second << kPageShift | (va & (kPageSize - 1))};
}
bool copy_from_guest(void* to, u64 va, usize bytes) {
    auto found = told().words.find(va);
    if (found == told().words.end() || bytes != 4) return false;
    memcpy(to, &found->second, 4);
    return true;
}
}  // namespace arch

namespace time {
u64 counter() { return told().counter; }
u64 tsc_khz() { return 62'500; }
Nanos from_tsc(u64 ticks) { return Nanos{static_cast<s64>(ticks * 16)}; }
}  // namespace time

// Timers that a test looks at, and sets off itself.
void Timer::init(Handler handler, void* data, CpuId cpu) {
    handler_ = handler, data_ = data;
    cpu_.store(cpu.raw());
    state_.store(State::idle);
}
void Timer::set(Nanos at) { expires_ = at, state_.store(State::queued); }
void Timer::stop() { state_.store(State::idle); }
void Timer::kill() { state_.store(State::killed); }
void Timer::migrate(CpuId cpu) { cpu_.store(cpu.raw()); }

}  // namespace xen

bool xen::guest::maintain_by_set_and_way(Vcpu&, u64 operand) {
    trap_test::told().sets_and_ways.push_back(operand);
    return trap_test::told().maintained;
}
