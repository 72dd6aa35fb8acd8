// SPDX-License-Identifier: MIT
#include "world.hpp"

#include <public/grant_table.h>
#include <string.h>
#include <xen/hypercall.hpp>
#include <xen/memory.hpp>
#include <xen/sched.hpp>
#include <xen/tlb.hpp>

#include "guest_calls.hpp"
#include "lives.hpp"
#include "preempt.hpp"

namespace xen::census {
namespace {

Arguments arguments[World::kGuests][2];

}  // namespace

u64 Choice::word() {
    u64 z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

bool Guest::keeps(Mfn f) const {
    if (mfn_valid(f) && page_of(f).is_xen_heap()) return true;
    for (Mfn k : kept)
        if (k == f) return true;
    return false;
}

World::World() {
    start_machine(kMemoryMib);
    open_window(arguments, sizeof(arguments));
    tlb_ = std::make_unique<Tlb>(kCpus);
    sim::state().tlb_observer = tlb_.get();
    // A first life, for what the core makes once.
    for (unsigned lives = 0; lives < 2; ++lives) {
        heap_before_ = heap_in_use();
        Guest* g = create(lives == 1);
        if (lives == 1) break;
        while (guests_[0]) kill_step(*g);
        bury();
    }
    create(false);
    create(false);
}

Guest* World::create(bool privileged) {
    unsigned place = 0;
    while (place < kGuests && guests_[place]) ++place;
    if (place == kGuests) return nullptr;
    Domain* d = new_domain(privileged);
    if (!d) return nullptr;
    guests_[place] = std::make_unique<Guest>();
    Guest& g = *guests_[place];
    g.d = g.events.d = d;
    furnish(g);
    return &g;
}

// A root with a table of each level below it, data pages mapped by the last, and the root in use.
void World::furnish(Guest& g) {
    std::vector<Mfn> p;
    for (unsigned i = 0; i < 16; ++i) {
        auto page = memory::allocate_domain_pages(*g.d, {});
        if (!page) return;
        p.push_back(page.value().mfn());
        memset(arch::direct_map(p.back()), 0, kPageSize);
    }
    auto set = [&](unsigned table, unsigned i, unsigned to, u64 f) {
        static_cast<arch::Pte*>(arch::direct_map(p[table]))[i] = arch::Pte::make(p[to], f);
    };
    for (unsigned level = 0; level < 3; ++level) set(level, 0, level + 1, kReadWrite);
    set(2, 1, 4, kReadWrite);
    set(5, 0, 1, kReadWrite);
    for (unsigned i = 6; i < 14; ++i) set(i < 10 ? 3 : 4, i % 4, i, i % 3 ? kReadWrite : kReadOnly);
    Op nothing_special;
    for (u32 v = 0; v < 2; ++v) {
        Turn t = turn(g, v, nothing_special);
        auto* op = t.args.make<mmuext_op_t>();
        op->cmd = MMUEXT_NEW_BASEPTR;
        op->arg1.mfn = p[0].raw();
        at_once(t, __HYPERVISOR_mmuext_op, reinterpret_cast<u64>(op), 1, 0, DOMID_SELF);
    }
    Turn t = turn(g, 0, nothing_special);
    auto* op = t.args.make<gnttab_setup_table>();
    op->dom = DOMID_SELF;
    op->nr_frames = 1;
    op->frame_list.p = t.args.make<xen_pfn_t>();
    at_once(t, __HYPERVISOR_grant_table_op, GNTTABOP_setup_table, reinterpret_cast<u64>(op), 1);
}

World::Turn World::turn(Guest& g, u32 vcpu, const Op& op) {
    unsigned place = 0;
    while (guests_[place].get() != &g) ++place;
    return {g, vcpu, Choice{op.seed}, op.yields, arguments[place][vcpu]};
}

// As arch::context_switch does it (arch/x86/cpu): a vCPU stays on its CPU until another one comes.
void World::switch_to(Vcpu& v) {
    unsigned cpu = (v.domain->id.raw() * 2u + v.id.raw()) % kCpus;
    stand_on(cpu);
    Vcpu* old = loaded_[cpu];
    if (old == &v) return;
    arch::set_current_vcpu(&v);
    v.dirty_cpus.atomic_set(cpu);
    v.domain->dirty_cpus.atomic_set(cpu);
    tlb::load_root(v.arch.cr3, tlb::Space::kernel);
    if (old) old->dirty_cpus.atomic_clear(cpu);
    if (old && old->domain != v.domain) old->domain->dirty_cpus.atomic_clear(cpu);
    loaded_[cpu] = &v;
}

void World::unload(const Domain& d) {
    for (unsigned cpu = 0; cpu < kCpus; ++cpu) {
        Vcpu* v = loaded_[cpu];
        if (!v || v->domain != &d) continue;
        stand_on(cpu);
        arch::set_current_vcpu(&sched::idle_vcpu(CpuId{cpu}));
        tlb::load_root(0, tlb::Space::own);
        v->dirty_cpus.atomic_clear(cpu);
        v->domain->dirty_cpus.atomic_clear(cpu);
        loaded_[cpu] = nullptr;
    }
}

void World::let_yield(u16 yields) {
    unsigned asked = 0;
    preemption = [yields, asked]() mutable { return asked < 16 && (yields >> asked++ & 1); };
}

void World::go_on(Turn& t) {
    let_yield(t.yields);
    t.g.waiting[t.vcpu] = !sim::enter(false);
    preemption = nullptr;
}

void World::start(Turn& t, const Call& call) {
    switch_to(t.v());
    sim::load(call);
    go_on(t);
}

// Yields where the operation says so, and goes on at once.
s64 World::at_once(Turn& t, u32 number, u64 a0, u64 a1, u64 a2, u64 a3) {
    switch_to(t.v());
    sim::load({number, {a0, a1, a2, a3, 0, 0}});
    let_yield(t.yields);
    while (!sim::enter(false)) {
    }
    preemption = nullptr;
    return static_cast<s64>(t.v().arch.regs.rax);
}

void World::run(const Op& op) {
    if (!guests_[0]) create(true);   // it has crashed
    Guest* g = guests_[op.who / 2 % kGuests].get();
    if (!g) g = guests_[0].get();
    if (!g) return bury();
    if (!g->may_run()) {
        kill_step(*g);
    } else {
        Turn t = turn(*g, op.who % 2, op);
        const Kind& k = kKinds[op.kind];
        // A frame that it may write has become one that the models know: the guest lets the rest of the call be.
        if (g->waiting[t.vcpu])
            for (Mfn f : g->writes[t.vcpu]) g->waiting[t.vcpu] &= !g->keeps(f);
        if (g->waiting[t.vcpu]) {
            switch_to(t.v());
            go_on(t);
        } else if (k.prepare) {
            t.args.clear();
            g->writes[t.vcpu].clear();
            start(t, (this->*k.prepare)(t));
        } else {
            t.args.clear();
            (this->*k.act)(t);
        }
    }
    notice_shutdowns();
    for (unsigned i = 0; i < kGuests; ++i)
        if (guests_[i] && guests_[i]->may_run()) mind_grants(*guests_[i]);
    forget_softirqs();
    if (op.seed % 64 == 0) bury();
}

void World::look() {
    for (unsigned cpu = 0; cpu < kCpus; ++cpu)
        if (loaded_[cpu]) tlb_->use(CpuId{cpu}, *loaded_[cpu]);
}

std::string World::check() {
    tlb_->check(wrong_);
    look();
    for (auto& g : guests_)
        if (g && !g->d->is_dying()) g->events.check(wrong_);
    return wrong_.text() + everything();
}

std::string World::leave() {
    std::string wrong;
    for (bool any = true; any;) {
        any = false;
        for (unsigned i = kGuests; i-- > 0;)
            if (guests_[i]) {
                kill_step(*guests_[i]);
                any = true;
                break;
            }
    }
    bury();
    wrong = check();
    Findings left;
    each_domain([&](Domain& d) {
        if (!d.is_special && !d.is_idle)
            left.add("domain-left", "d%u is dead and does not go: %u references, %u pages", d.id.raw(), d.refs.load(), static_cast<unsigned>(d.listed_pages));
    });
    Heap after = heap_in_use();
    if (!(after == heap_before_))
        left.add("heap-leak", "%lld frames and %lld blocks of the hypervisor's are left over", static_cast<long long>(after.frames - heap_before_.frames),
                 static_cast<long long>(after.blocks - heap_before_.blocks));
    return wrong + left.text();
}

const char* World::name_of(const Op& op) { return kKinds[op.kind].name; }

Op World::random_op(Choice& c) {
    static const unsigned total = [] {
        unsigned n = 0;
        for (unsigned i = 0; i < kKindCount; ++i) n += kKinds[i].weight;
        return n;
    }();
    Op op;
    u32 at = c.below(total);
    for (; at >= kKinds[op.kind].weight; ++op.kind) at -= kKinds[op.kind].weight;
    op.who = static_cast<u8>(c.below(2 * kGuests));
    op.yields = c.one_in(3) ? static_cast<u16>(c.word()) : 0;
    op.seed = c.word();
    return op;
}

}  // namespace xen::census
