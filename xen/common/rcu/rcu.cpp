// SPDX-License-Identifier: MIT
// Grace periods. One at a time: it names the CPUs that have to pass their outermost frame, and ends when the last one
// has. Callbacks of a CPU are in three groups: new ones, those waiting for one grace period to end, and due ones.
// The softirq of a CPU is itself proof that the CPU is in its outermost frame.
#include <xen/rcu.hpp>

#include <xen/assert.hpp>
#include <xen/cpumask.hpp>
#include <xen/lock.hpp>
#include <xen/percpu.hpp>
#include <xen/softirq.hpp>

namespace xen::rcu {

namespace {

struct Queue {
    Head* first = nullptr;
    Head* last = nullptr;
    bool empty() const { return !first; }
    void push(Head& h) {
        h.next = nullptr;
        if (last) last->next = &h;
        else first = &h;
        last = &h;
    }
    void append(Queue& o) {
        if (o.empty()) return;
        if (last) last->next = o.first;
        else first = o.first;
        last = o.last;
        o = {};
    }
};

// Own CPU only, interrupts off while `fresh` is touched.
struct Local {
    Queue fresh, waiting;
    u64 waits_for = 0;   // the grace period that `waiting` waits for
};

XEN_PERCPU constinit PerCpu<Local> locals;

constinit Spinlock<LockRank::rcu, IrqRule::off> lock;
constinit CpuMask outstanding GUARDED_BY(lock){};   // who has to pass yet in the present grace period
constinit CpuMask callback_cpus{};                  // have callbacks waiting; atomic
constinit CpuMask idle_cpus{};                      // read nothing; atomic
constinit std::atomic<u64> started{0}, ended{0};    // numbers of grace periods; changed under the lock
constinit bool wanted GUARDED_BY(lock) = false;     // another one is to follow

void start_locked() REQUIRES(lock) {
    wanted = false;
    started.fetch_add(1, std::memory_order_seq_cst);
    // After the number: a CPU that leaves idle from now on started reading after the callbacks were queued.
    outstanding = cpu_online.snapshot() - idle_cpus.snapshot();
    outstanding.set(arch::cpu_id().raw());   // the caller is about to pass, and ends it if nobody else is left
    softirq::raise_on(softirq::Kind::rcu, outstanding);
}

void pass_locked(CpuId cpu) REQUIRES(lock) {
    if (!outstanding.test(cpu.raw())) return;
    outstanding.clear(cpu.raw());
    if (!outstanding.empty()) return;
    ended.store(started.load(std::memory_order_relaxed), std::memory_order_seq_cst);
    softirq::raise_on(softirq::Kind::rcu, callback_cpus.snapshot());
    if (wanted) start_locked();
}

void pass(CpuId cpu) {
    Guard g{lock};
    pass_locked(cpu);
}

// New callbacks wait for the first grace period that starts from now on.
void begin_wait(Local& l) {
    {
        u64 flags = arch::irq_save();
        l.waiting.append(l.fresh);
        arch::irq_restore(flags);
    }
    if (l.waiting.empty()) return;
    callback_cpus.atomic_set(arch::cpu_id().raw());
    Guard g{lock};
    l.waits_for = started.load(std::memory_order_relaxed) + 1;
    if (ended.load(std::memory_order_relaxed) == started.load(std::memory_order_relaxed)) start_locked();
    else wanted = true;
}

void run(Queue& q) {
    while (Head* h = q.first) {
        q.first = h->next;
        h->fn(h);
    }
    q = {};
}

void process() {
    quiescent();
    barrier_poll();
}

}  // namespace

void init() { softirq::set_handler(softirq::Kind::rcu, process); }

void call(Head& head, void (*fn)(Head*)) {
    head.fn = fn;
    u64 flags = arch::irq_save();
    locals.local().fresh.push(head);
    arch::irq_restore(flags);
    softirq::raise(softirq::Kind::rcu);
}

void quiescent() {
    if (started.load(std::memory_order_acquire) == ended.load(std::memory_order_acquire)) return;
    pass(arch::cpu_id());
}

void barrier_poll() {
    Local& l = locals.local();
    if (!l.waiting.empty() && ended.load(std::memory_order_acquire) >= l.waits_for) {
        callback_cpus.atomic_clear(arch::cpu_id().raw());
        Queue due = l.waiting;
        l.waiting = {};
        run(due);
    }
    if (l.waiting.empty() && !l.fresh.empty()) begin_wait(l);
}

void idle_enter() {
    CpuId cpu = arch::cpu_id();
    idle_cpus.atomic_set(cpu.raw());
    pass(cpu);
}

void idle_exit() { idle_cpus.atomic_clear(arch::cpu_id().raw()); }

void cpu_offline(CpuId cpu) {
    pass(cpu);
    callback_cpus.atomic_clear(cpu.raw());
    idle_cpus.atomic_clear(cpu.raw());
    Local& gone = locals.remote(cpu);   // it does not run any more
    u64 flags = arch::irq_save();
    locals.local().fresh.append(gone.waiting);
    locals.local().fresh.append(gone.fresh);
    arch::irq_restore(flags);
    softirq::raise(softirq::Kind::rcu);
}

}  // namespace xen::rcu
