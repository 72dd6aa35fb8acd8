// SPDX-License-Identifier: MIT
#include "arch/x86/mm/log_dirty.hpp"

#include <asm/mm.hpp>
#include <xen/hypercall.hpp>
#include <xen/log_dirty.hpp>
#include <xen/refusal.hpp>
#include <xen/time.hpp>

#include "arch/x86/mm/dirty_record.hpp"
#include "arch/x86/mm/own_pages.hpp"

namespace xen::mm::log_dirty {
namespace {

using Step = LogDirty::Step;

constexpr u64 kMostAsked = u64{1} << 42;          // ABI: a record ends there
constexpr s64 kLeft = 1'000'000'000;              // nanoseconds without progress: whoever had begun does not come back
constexpr unsigned kFreed = 64;                   // pages at a time

// Frees some of it after each grace period, to hold no CPU for long.
void free_some(rcu::Head* head) {
    LogDirty& s = *reinterpret_cast<LogDirty*>(reinterpret_cast<char*>(head) - offsetof(LogDirty, head));
    for (unsigned n = 0; n < kFreed; ++n)
        if (!s.own.drop() && !s.taken.drop() && !s.bits.drop()) return Box<LogDirty>::adopt(&s).reset();
    rcu::call(s.head, free_some);
}

void retire(Domain& d) {
    if (LogDirty* s = std::exchange(d.arch.log_dirty_work, nullptr)) rcu::call(s->head, free_some);
}

// More pages than the machine has frames no domain can have, whatever it may.
Status create(Domain& d) {
    auto s = TRY(Box<LogDirty>::create());
    u64 most = d.max_pages < max_frame.raw() ? d.max_pages : max_frame.raw();
    if (most < d.tot_pages) most = d.tot_pages;
    s->pages = (most + 63) & ~u64{63};
    TRY(s->bits.reserve(s->pages / 8));
    TRY(s->taken.reserve(s->pages / 8));
    TRY(s->own.reserve(s->pages));
    d.arch.log_dirty_work = s.leak();
    return {};
}

Status fill(Pages& a) {
    while (!a.complete()) {
        TRY(a.add());
        if (hypercall::preempt_due()) return Errno::restart;
    }
    return {};
}

Status allocate(LogDirty& s) {
    TRY(fill(s.bits));
    TRY(fill(s.taken));
    return fill(s.own);
}

// Who changes tables after this, or gives a page back, marks it.
void publish(Domain& d) {
    __atomic_fetch_add(&xen::log_dirty::domains, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&d.arch.log_dirty, d.arch.log_dirty_work, __ATOMIC_SEQ_CST);
    Guard g{d.arch.tables_lock};
    d.arch.own_pages_end = 0;
}

void begin(LogDirty& s, const xen_domctl_shadow_op& x, Step first) {
    s.caller = current_domain().id;
    s.what = x;
    s.seen = time::now();
    s.dirty = 0;
    s.failed = false;
    s.table = 0;
    s.go(first);
}

bool goes_on(const LogDirty& s, const xen_domctl_shadow_op& x) {
    return s.caller == current_domain().id && s.what.op == x.op && s.what.pages == x.pages &&
           s.what.dirty_bitmap.p == x.dirty_bitmap.p;
}

// A step, after which the caller's call yields or is over.
Status run(Domain& d, LogDirty& s, const CpuMask& cpus) {
    s.seen = time::now();
    TRY(gather(d, s, cpus));
    return give(s);
}

bool yields(const Status& s) { return !s && s.error() == Errno::restart; }

}  // namespace

Status claim(Domain& d, const xen_domctl_shadow_op& x) {
    LogDirty* s = d.arch.log_dirty_work;
    if (!s || s->step == Step::idle || goes_on(*s, x)) return {};
    if (time::now() - s->seen < kLeft) return refuse(Errno::busy, "op is %u while op %u is under way", x.op, s->what.op);
    if (!d.arch.log_dirty) retire(d);
    else s->step = Step::idle;
    return {};
}

Status enable(Domain& d, const xen_domctl_shadow_op& x) {
    LogDirty* s = d.arch.log_dirty_work;
    if (s && s->step == Step::idle) return refuse(Errno::inval, "the record is kept already");
    if (!s) {
        TRY(create(d));
        s = d.arch.log_dirty_work;
        begin(*s, x, Step::allocate);
    }
    if (s->step == Step::allocate) {
        Status made = allocate(*s);
        if (!made && !yields(made)) retire(d);
        TRY(made);
        publish(d);
        // What was written before is everybody's to know: it is taken, and given to nobody. Every CPU is flushed, so that none
        // is still about to end a use that it had begun before it could see that there is a record.
        s->clean = true;
        s->asked = kMostAsked;
        s->to = 0;
        s->go(Step::put_back);
    }
    TRY(run(d, *s, cpu_online));
    s->step = Step::idle;
    return {};
}

void disable(Domain& d) {
    if (!d.arch.log_dirty_work) return;
    {
        Guard g{d.page_lock};
        d.cursor = 0;
    }
    if (d.arch.log_dirty) {
        {
            Guard g{d.arch.tables_lock};
            d.arch.own_pages_end = OwnPages::end_of_memory();
        }
        __atomic_store_n(&d.arch.log_dirty, static_cast<LogDirty*>(nullptr), __ATOMIC_SEQ_CST);
        __atomic_fetch_sub(&xen::log_dirty::domains, 1, __ATOMIC_SEQ_CST);
    }
    retire(d);
}

Status read(Domain& d, xen_domctl_shadow_op& x) {
    LogDirty* s = d.arch.log_dirty_work;
    if (!s) {   // ABI: what keeps no record has an empty one
        x.pages = 0;
        x.stats = {};
        return {};
    }
    if (s->step == Step::idle) {
        begin(*s, x, Step::put_back);
        s->clean = x.op == XEN_DOMCTL_SHADOW_OP_CLEAN;
        s->asked = x.pages < kMostAsked ? x.pages : kMostAsked;
        s->to = reinterpret_cast<u64>(x.dirty_bitmap.p);
    }
    Status done = run(d, *s, d.dirty_cpus);
    if (yields(done)) return done;
    s->step = Step::idle;
    x.pages = s->asked;
    x.stats = {0, s->dirty < ~u32{0} ? static_cast<u32>(s->dirty) : ~u32{0}};
    return done;
}

}  // namespace xen::mm::log_dirty

namespace xen::log_dirty {

u32 domains;

void mark(PageInfo& p) {
    Domain* d = p.owner();
    if (!d) return;
    if (mm::LogDirty* s = __atomic_load_n(&d->arch.log_dirty, __ATOMIC_ACQUIRE)) s->mark(mm::get_m2p(p.mfn()));
}

}  // namespace xen::log_dirty
