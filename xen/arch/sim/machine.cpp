// SPDX-License-Identifier: MIT
#include "sim/machine.hpp"

#include <asm/idle_table.hpp>
#include <asm/m2p.hpp>
#include <asm/mm.hpp>
#include <asm/pagemap.hpp>
#include <asm/smp.hpp>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <xen/assert.hpp>
#include <xen/hypercall.hpp>
#include <xen/idle.hpp>
#include <xen/memory.hpp>
#include <xen/option.hpp>
#include <xen/rcu.hpp>
#include <xen/sched.hpp>
#include <xen/softirq.hpp>
#include <xen/time.hpp>
#include <xen/timer.hpp>

#include <memory>
#include <vector>

#include "drivers/apic/registers.hpp"
#include "sim/percpu.hpp"
#include "sim/state.hpp"

namespace xen {

namespace arch {
u8* physical_memory;
u64* m2p_table;

namespace {
alignas(kPageSize) Pte idle_entries[kEntries];
}

Pte* idle_root() { return idle_entries; }
Mfn m2p_frame(u64 offset) { return Mfn{offset >> kPageShift}; }
}  // namespace arch

namespace sim {
namespace {

constexpr u64 kFirstByte = 1 << 20;
constexpr u64 kFirmware = u64{1} << 40;   // behind all RAM

struct Machine {
    std::vector<std::unique_ptr<arch::CpuBlock>> blocks;
    unsigned cpus = 0;
    u16 next_domain = 1;
};

// Never destroyed: the core's own objects are released by exit() on the CPU they were made on.
Machine& machine() {
    static Machine& m = *new Machine;
    return m;
}

void* reserve(u64 bytes) {
    void* p = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    bug_if(p == MAP_FAILED);
    return p;
}

void make_memory(u64 bytes, void (*early)(const BootInfo&)) {
    arch::physical_memory = static_cast<u8*>(reserve(bytes));
    max_frame = frame_of(Paddr{bytes});
    frame_table = static_cast<PageInfo*>(reserve(max_frame.raw() * sizeof(PageInfo)));
    arch::m2p_table = static_cast<u64*>(reserve(max_frame.raw() * sizeof(u64)));
    memset(arch::m2p_table, 0xff, max_frame.raw() * sizeof(u64));
    BootInfo boot;
    boot.memory[0] = {Paddr{kFirstByte}, bytes - kFirstByte, MemoryType::ram};
    // The firmware's, as EFI has it; nothing is behind these addresses.
    boot.memory[1] = {Paddr{kFirmware}, 0x100000, MemoryType::reserved};
    boot.memory[2] = {Paddr{kFirmware + 0x100000}, 0x12000, MemoryType::acpi};
    boot.memory[3] = {Paddr{kFirmware + 0x112000}, 0x80000, MemoryType::nvs};
    boot.memory[4] = {Paddr{kFirmware + 0x200000}, 0x1000, MemoryType::unusable};
    boot.memory_count = 5;
    if (early) early(boot);
    memory::init(boot);
    memory::add_free_range(frame_of(Paddr{kFirstByte}), (bytes - kFirstByte) >> kPageShift);
}

void make_block(u32 cpu) {
    Machine& m = machine();
    auto block = std::make_unique<arch::CpuBlock>();
    *block = {};
    block->cpu = cpu;
    block->percpu_offset = copy_percpu();
    arch::percpu_offsets[cpu] = block->percpu_offset;
    m.blocks[cpu] = std::move(block);
}

void make_cpus(unsigned n) {
    Machine& m = machine();
    m.cpus = n;
    m.blocks.resize(kMaxCpus);
    for (u32 i = 0; i < n; ++i) {
        make_block(i);
        cpu_present.set(i);
        cpu_online.set(i);
    }
    arch::this_cpu_block = m.blocks[0].get();
}

void start_core(unsigned cpus) {
    time::start(1'000'000, 0);   // a counter tick is a nanosecond
    apic::attach(Paddr{0});      // registers are plain memory: timers go off when a test raises their softirq
    timers::init();
    rcu::init();
    domain::init();
    for (u32 i = 0; i < cpus; ++i) {
        arch::this_cpu_block = &block(CpuId{i});
        if (i == 0) sched::init();
        bug_if(!sched::init_cpu(CpuId{i}).ok());
    }
    arch::this_cpu_block = &block(CpuId{0});
}

}  // namespace

State& state() {
    static State& s = *new State;   // as the machine
    return s;
}

arch::CpuBlock& block(CpuId cpu) { return *machine().blocks[cpu.raw()]; }

void start(MachineConfig c) {
    if (machine().cpus) return;
    option::parse("noreboot loglvl=all guest_loglvl=all");
    make_cpus(c.cpus);
    make_memory(c.memory_mib << 20, c.early);
    start_core(c.cpus);
}

On::On(Vcpu& v, CpuId cpu) : outer_{arch::this_cpu_block} {
    arch::this_cpu_block = &block(cpu);
    previous_ = arch::current_vcpu();
    arch::set_current_vcpu(&v);
}

On::~On() {
    arch::set_current_vcpu(previous_);
    arch::this_cpu_block = outer_;
}

void advance(Nanos n) { state().clock.fetch_add(static_cast<u64>(n.raw()), std::memory_order_relaxed); }
u64 guest_copies() { return state().guest_copies.load(std::memory_order_relaxed); }
u64 flushes() { return state().flushes.load(std::memory_order_relaxed); }

void load(const Call& c) {
    arch::GuestRegs& r = current().arch.regs;
    r.rax = c.number;
    r.rdi = c.args[0], r.rsi = c.args[1], r.rdx = c.args[2], r.r10 = c.args[3], r.r8 = c.args[4], r.r9 = c.args[5];
}

bool enter(bool due) {
    Vcpu& v = current();
    constexpr u64 kBehind = 0x1000;
    v.arch.regs.rip = kBehind;
    if (due) softirq::raise(softirq::Kind::timer);
    hypercall::from_guest(v);
    return v.arch.regs.rip == kBehind;
}

s64 hypercall(u32 number, u64 a0, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5) {
    load({number, {a0, a1, a2, a3, a4, a5}});
    bool over;
    do {
        over = enter(false);
        softirq::pending_mask.local().store(0, std::memory_order_relaxed);
    } while (!over);
    return static_cast<s64>(current().arch.regs.rax);
}

namespace {

// The ids go round: programs may make more domains than there are ids.
DomId free_id() {
    constexpr u16 kIds = 0x6000;
    u16& next = machine().next_domain;
    while (domain::peek(DomId{next})) next = static_cast<u16>(next % kIds + 1);
    return DomId{std::exchange(next, static_cast<u16>(next % kIds + 1))};
}

}  // namespace

Domain& create_domain(DomainOptions o) {
    domain::CreateInfo info;
    info.id = o.id ? DomId{o.id} : free_id();
    info.max_vcpus = o.vcpus;
    info.privileged = info.hardware = o.privileged;
    auto d = domain::create(info);
    bug_if(!d);
    d.value().max_pages = o.pages;
    for (u32 i = 0; i < o.vcpus; ++i) {
        auto v = domain::create_vcpu(d.value(), VcpuId{i});
        bug_if(!v);
        bug_if(!mm::init_perdomain_vcpu(v.value()));   // as with its first context
        v.value().initialised = true;
        v.value().arch.in_kernel = true;
    }
    return d.value();
}

void destroy_domain(Domain& d) {
    while (!domain::kill(d)) {
    }
    for (unsigned round = 0; round < 4; ++round)
        for (usize i : cpu_online) {
            arch::CpuBlock* outer = std::exchange(arch::this_cpu_block, &block(CpuId{static_cast<u32>(i)}));
            rcu::quiescent();
            rcu::barrier_poll();
            arch::this_cpu_block = outer;
        }
}

}  // namespace sim

namespace arch {

Status make_cpu(CpuId cpu) {
    if (!sim::machine().blocks[cpu.raw()]) sim::make_block(cpu.raw());
    return {};
}
void prepare_entry(CpuId cpu) {
    sim::block(cpu).current = &sched::idle_vcpu(cpu);
    sim::state().entry = cpu;
}
bool is_dead(CpuId cpu) { return !cpu_online.atomic_test(cpu.raw()); }

}  // namespace arch

namespace smp {
void request_play_dead() { cpu_online.atomic_clear(arch::cpu_id().raw()); }
}  // namespace smp
}  // namespace xen
