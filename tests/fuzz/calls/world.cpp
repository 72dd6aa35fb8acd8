// SPDX-License-Identifier: MIT
#include "world.hpp"

#include <asm/mm.hpp>
#include <public/grant_table.h>
#include <sim/state.hpp>
#include <xen/cpupool.hpp>
#include <xen/hypercall.hpp>
#include <xen/irq.hpp>
#include <xen/memory.hpp>
#include <xen/option.hpp>
#include <xen/rangeset.hpp>
#include <xen/rcu.hpp>
#include <xen/sched.hpp>
#include <xen/softirq.hpp>
#include <xen/trace.hpp>

#include "../machine.hpp"
#include "../targets.hpp"
#include "sim/allocations.hpp"

namespace xen::fuzz {
namespace {

using arch::Pte;

constexpr u64 kLeaf = Pte::kPresent | Pte::kUser, kRw = kLeaf | Pte::kWrite;
constexpr unsigned kVcpus = 2, kAreas = kLastDomain * 4;
constexpr u64 kBehind = 0x1000;          // where sim::enter() says a call is over

struct Guest {
    alignas(kPageSize) std::array<u8, kAreaBytes> areas[kAreas + 1];
};
Guest guest;

u8* area_of(const Vcpu& v) { return guest.areas[(v.domain->id.raw() * 4u + (v.id.raw() & 3)) % kAreas].data(); }
bool yielded(const Vcpu& v) { return v.arch.regs.rip != kBehind && v.arch.regs.rip > kBehind - 16 && v.arch.regs.rip < kBehind; }

constexpr Operations (*kGroups[])() = {event_operations, grant_operations, memory_operations, table_operations, vcpu_operations,
                                       domctl_operations, machine_operations, entry_operations};
constexpr unsigned kDomctlGroup = 5, kMachineGroup = 6;

}  // namespace

void* Caller::take_area(usize bytes) {
    usize at = (used_ + 15) & ~usize{15};
    if (bytes > kAreaBytes || at > kAreaBytes - bytes) at = used_ = 0;   // too much: over the first arguments
    if (bytes > kAreaBytes) bytes = kAreaBytes;
    used_ = at + bytes;
    std::memset(area_ + at, 0, bytes);
    return area_ + at;
}

u16 Caller::other() { return static_cast<u16>(in.one_in(8) ? in.below(kLastDomain + 2) : 1 + in.below(3)); }

u16 Caller::dom() {
    constexpr u16 kSpecial[] = {DOMID_IO, DOMID_XEN, DOMID_COW, DOMID_INVALID, DOMID_IDLE, DOMID_SELF, 0x7000, 0};
    switch (in.below(8)) {
    case 0: return in.of(kSpecial);
    case 1:
    case 2:
    case 3: return DOMID_SELF;
    default: return other();
    }
}

u64 Caller::frame_of(const Domain& d) {
    unsigned skip = in.below(2 * kPages);
    u32 n = in.one_in(16) ? d.xenheap_list : d.page_list;
    for (; skip && n && frame_table[n].next; --skip) n = frame_table[n].next;
    return n;
}

u64 Caller::frame() {
    switch (in.below(16)) {
    case 0: return number();
    case 1: return in.below(static_cast<unsigned>(max_frame.raw()) + 4);
    case 2:
    case 3: {
        Domain* d = domain::peek(DomId{other()});
        return d ? frame_of(*d) : 0;
    }
    default: return frame_of(domain());
    }
}

u64 Caller::entry() { return (frame() << kPageShift) + 8 * (in.one_in(4) ? in.below(512) : in.below(12)); }

u64 Caller::pte() {
    constexpr u64 kFlags[] = {kRw, kLeaf, Pte::kPresent, 0, kRw | Pte::kNoExecute, kRw | Pte::kSuper, kRw | Pte::kGlobal,
                              kLeaf | Pte::kAccessed | Pte::kDirty};
    if (in.one_in(16)) return in.take<u64>();
    return Pte::make(Mfn{frame() & ((u64{1} << 40) - 1)}, in.of(kFlags)).raw;
}

// The guests' tables map from the first entry of each level's second slot on.
u64 Caller::va() {
    if (in.one_in(8)) return in.take<u64>();
    return (u64{1} << 39 | u64{1} << 30 | u64{1} << 21) + kPageSize * in.below(16) + (in.one_in(2) ? in.below(kPageSize) : 0);
}

u64 Caller::number() {
    switch (in.below(6)) {
    case 0: return u64{1} << in.below(64);
    case 1: return ~u64{in.below(8)};
    case 2: return in.take<u64>();
    case 3: return in.take<u16>();
    default: return in.below(40);
    }
}

void World::prepare(Domain& d) {
    std::array<Mfn, kPages> pages{};
    for (Mfn& f : pages) {
        auto p = memory::allocate_domain_pages(d, {});
        if (!p) broken("there is no memory for a guest");
        f = p.value().mfn();
        std::memset(arch::direct_map(f), 0, kPageSize);
    }
    auto entry = [&](unsigned page, unsigned i) -> Pte& { return static_cast<Pte*>(arch::direct_map(pages[page]))[i]; };
    for (unsigned level = 0; level < 3; ++level) entry(level, 1) = Pte::make(pages[level + 1], kRw);
    for (unsigned i = 4; i < 12; ++i) entry(3, i) = Pte::make(pages[i], kRw);
    for (unsigned i = 0; i < 4; ++i) entry(3, 12 + i) = Pte::make(pages[3 - i], kLeaf);   // the tables, to be looked at
    Vcpu& v = *d.vcpus[0];
    sim::On on{v};
    Caller c{in_, v, area_of(v)};
    auto* frames = c.make<xen_pfn_t>(kGrantFrames);
    auto* op = c.make<gnttab_setup_table>();
    op->dom = DOMID_SELF;
    op->nr_frames = kGrantFrames;
    op->frame_list.p = frames;
    if (sim::hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, sim::address(*op), 1)) broken("a guest gets no grant table");
    if (in_.one_in(4)) return;
    auto* load = c.make<mmuext_op_t>();
    load->cmd = MMUEXT_NEW_BASEPTR;
    load->arg1.mfn = pages[0].raw();
    if (sim::hypercall(__HYPERVISOR_mmuext_op, sim::address(*load), 1, 0, DOMID_SELF)) broken("a guest cannot load its tables");
}

World::World(Input& in) : in_{in} {
    sim::state().window_start = reinterpret_cast<u64>(&guest);
    sim::state().window_bytes = sizeof(guest);
    sim::create_domain({.vcpus = kVcpus, .pages = 256, .privileged = true, .id = kControl});
    for (u16 id = kControl + 1; id <= kControl + 2; ++id) sim::create_domain({.vcpus = kVcpus, .pages = 64, .id = id});
    for (u16 id = kControl; id <= kControl + 2; ++id) prepare(*domain::peek(DomId{id}));
    (void)domain::peek(DomId{kControl})->irqs->add(1, irq::irq_count() - 1).ok();
    (void)domain::peek(DomId{kControl})->io_ports->add(0, 0xffff).ok();
    if (in_.one_in(4)) (void)domain::peek(DomId{kControl})->io_memory->add(0xfec00, 0xfee00).ok();
}

// A vCPU of a domain that lives.
Vcpu* World::choose(bool control) {
    u16 id = static_cast<u16>(in_.one_in(8) ? 1 + in_.below(kLastDomain) : control ? 1 : 1 + in_.below(3));
    Domain* d = domain::peek(DomId{id});
    if (!d || d->is_dying() || domain::crashed(*d)) return nullptr;
    Vcpu* v = d->vcpu(VcpuId{in_.below(kVcpus)});
    return v && v->initialised ? v : nullptr;
}

void World::step() {
    unsigned group = in_.below(16);
    Operations operations = kGroups[group % 8]();
    Vcpu* v = choose(group % 8 == kDomctlGroup || group % 8 == kMachineGroup);
    if (!v) return;
    sim::On on{*v, CpuId{v->id.raw() & 3}};
    bool over = true, due = in_.one_in(4);
    if (yielded(*v) && !in_.one_in(8)) {
        over = sim::enter(due);
    } else {
        Caller c{in_, *v, area_of(*v)};
        operations[in_.below(static_cast<unsigned>(operations.size()))](c);
        if (c.called()) {
            if (in_.one_in(16)) sim::fail_allocation(in_.below(6));
            over = sim::enter(due);
            for (unsigned n = 0; !over && !due && n < 64; ++n) {
                softirq::pending_mask.local().store(0, std::memory_order_relaxed);
                over = sim::enter(false);
            }
            sim::stop_failing();
        }
    }
    if (over) v->arch.regs.rip = 0;
    softirq::pending_mask.local().store(0, std::memory_order_relaxed);
}

namespace {

// CPU pools that the input made: their CPUs go back to the first one.
void remove_pools() {
    for (u32 id = 1;;) {
        auto pool = sched::pool_info(id);
        if (!pool) break;
        id = pool.value().id;
        for (usize cpu : pool.value().cpus)
            for (unsigned n = 0; n < 4; ++n)
                if (sched::remove_cpu_from_pool(id, static_cast<u32>(cpu))) break;
        if (!sched::destroy_pool(id)) broken("an empty CPU pool cannot be removed");
        ++id;
    }
    for (usize cpu : sched::free_cpus()) (void)sched::add_cpu_to_pool(0, static_cast<u32>(cpu)).ok();
}

}  // namespace

World::~World() {
    check_tables();
    Domain* control = domain::peek(DomId{kControl});
    for (u16 id = kFirstReservedDom - 1; id > 0; --id) {
        Domain* d = domain::peek(DomId{id});
        if (!d || d == control) continue;
        while (!domain::kill(*d)) {
        }
    }
    if (control) sim::destroy_domain(*control);
    for (u16 id = 1; id < 64; ++id)
        if (domain::peek(DomId{id})) broken("a dead domain is held for ever");
    remove_pools();
    sim::state().window_bytes = 0;
}

void check_tables() {
    for (u64 n = 256; n < max_frame.raw(); ++n) {
        const PageInfo& p = frame_table[n];
        if (!p.owner() || p.page_type() != PageType::l1 || !p.type_uses() ||
            !(p.type.load(std::memory_order_relaxed) & PageInfo::kValidated))
            continue;
        auto* entries = static_cast<const Pte*>(arch::direct_map(p.mfn()));
        for (unsigned i = 0; i < arch::kEntries; ++i) {
            Pte e = entries[i];
            if (!e.present() || e.mfn() >= max_frame || !mfn_valid(e.mfn())) continue;
            const PageInfo& to = page_of(e.mfn());
            if (!to.references()) broken("a mapping of a page that nobody holds");
            if (e.writable() && to.owner() && (to.page_type() != PageType::writable || !to.type_uses()))
                broken("a writable mapping of a page that is not to be written");
        }
    }
}

}  // namespace xen::fuzz

namespace xen::fuzz {
namespace {

struct Held {
    u64 free, blocks;
    bool less_than(const Held& o) const { return free < o.free || blocks > o.blocks; }
};

Held held() { return {memory::free_pages(), sim::live_blocks()}; }

void play(Input in) {
    World w{in};
    for (unsigned n = 0; n < 400 && !in.empty(); ++n) {
        w.step();
        if (n % 64 == 63) check_tables();
    }
}

bool start() {
    start_machine(48);
    // Nobody but the input decides who runs.
    softirq::set_handler(softirq::Kind::schedule, nullptr);
    return true;
}

}  // namespace

// What a first run leaves behind may be made once and kept (a slab, the trace buffers). What each of three leaves is lost.
void run_calls(Input in) {
    static bool started = start();
    if (!started) return;
    Held before = held();
    play(in);
    for (unsigned n = 0; n < 3; ++n) {
        Held after = held();
        if (!after.less_than(before)) return;
        before = after;
        play(in);
    }
    if (held().less_than(before)) broken("memory is lost each time");
}

}  // namespace xen::fuzz
