// SPDX-License-Identifier: MIT
// Each CPU has a tree of its timers by expiry; the hardware timer is set to the first one.
#include <xen/timer.hpp>

#include <asm/cpu.hpp>
#include <xen/arch_platform.hpp>
#include <xen/assert.hpp>
#include <xen/console.hpp>
#include <xen/cpumask.hpp>
#include <xen/lock.hpp>
#include <xen/log.hpp>
#include <xen/percpu.hpp>
#include <xen/softirq.hpp>
#include <xen/time.hpp>

namespace xen {

struct TimerQueue {
    struct Earlier {
        bool operator()(const Timer& a, const Timer& b) const { return a.expires() < b.expires(); }
    };
    Spinlock<LockRank::timer, IrqRule::off> lock;
    alignas(Tree<Timer, Earlier>) char storage[sizeof(Tree<Timer, Earlier>)]{};
    bool made = false;
    std::atomic<Timer*> running{nullptr};

    // Built on first use: the per-CPU template is copied as bytes, and a tree points into itself.
    Tree<Timer, Earlier>& tree() REQUIRES(lock) {
        auto* t = reinterpret_cast<Tree<Timer, Earlier>*>(storage);
        if (!made) {
            ::new (static_cast<void*>(storage)) Tree<Timer, Earlier>();
            made = true;
        }
        return *t;
    }
    void insert(Timer& t) REQUIRES(lock) {
        tree().insert_equal(t);
        t.state_.store(Timer::State::queued, std::memory_order_release);
    }
    void remove(Timer& t) REQUIRES(lock) {
        if (!t.active()) return;
        tree().erase(tree().iterator_to(t));
        t.state_.store(Timer::State::idle, std::memory_order_release);
    }
    // Queued already, and the order stays: nothing to rebalance, as with most timers that are set anew.
    bool keeps_place(Timer& t, Nanos expires) REQUIRES(lock) {
        if (!t.active()) return false;
        auto place = tree().iterator_to(t), next = place;
        return (++next == tree().end() || expires <= next->expires()) && (place == tree().begin() || (--place)->expires() <= expires);
    }
    void set(Timer& t, Nanos expires) REQUIRES(lock) {
        bool stays = keeps_place(t, expires);
        if (!stays) remove(t);
        t.expires_ = expires;
        if (!stays) insert(t);
    }
    bool is_first(const Timer& t) REQUIRES(lock) { return &*tree().begin() == &t; }
    Timer* take_due(Nanos now) REQUIRES(lock) {
        if (tree().empty() || tree().begin()->expires() > now) return nullptr;
        Timer& t = *tree().begin();
        remove(t);
        return &t;
    }
    Nanos next() REQUIRES(lock) { return tree().empty() ? Nanos{0} : tree().begin()->expires(); }
    static void* handler_of(const Timer& t) { return reinterpret_cast<void*>(t.handler_); }
    static void* data_of(const Timer& t) { return t.data_; }
    static void run_due();
    static bool program(TimerQueue& q);
};

namespace {

XEN_PERCPU constinit PerCpu<TimerQueue> queues;

// The queue that a timer belongs to, locked; a timer may move while we wait for the lock.
class Home {
public:
    explicit Home(const Timer& t) NO_THREAD_SAFETY_ANALYSIS {  // which lock is only known at run time
        flags_ = arch::irq_save();
        for (;;) {
            CpuId cpu = t.cpu();
            queue_ = &queues.remote(cpu);
            queue_->lock.acquire();
            if (t.cpu() == cpu) return;
            queue_->lock.release();
        }
    }
    Home(const Home&) = delete;
    Home& operator=(const Home&) = delete;
    ~Home() NO_THREAD_SAFETY_ANALYSIS {
        queue_->lock.release();
        arch::irq_restore(flags_);
    }
    TimerQueue& operator*() const { return *queue_; }
    TimerQueue* operator->() const { return queue_; }

private:
    u64 flags_;
    TimerQueue* queue_;
};

}  // namespace

void Timer::init(Handler handler, void* data, CpuId cpu) {
    handler_ = handler;
    data_ = data;
    cpu_.store(cpu.raw(), std::memory_order_relaxed);
    state_.store(State::idle, std::memory_order_release);
}

void Timer::set(Nanos expires) NO_THREAD_SAFETY_ANALYSIS {  // Home holds the lock
    bool first;
    {
        Home queue{*this};
        if (state_.load(std::memory_order_relaxed) == State::killed) return;
        queue->set(*this, expires);
        first = queue->is_first(*this);
    }
    if (first) softirq::raise_on(softirq::Kind::timer, cpu());
}

void Timer::stop() NO_THREAD_SAFETY_ANALYSIS {
    Home queue{*this};
    queue->remove(*this);
}

void Timer::kill() {
    if (state_.load(std::memory_order_acquire) == State::invalid) return;
    TimerQueue* where;
    {
        Home queue{*this};
        [&]() NO_THREAD_SAFETY_ANALYSIS { queue->remove(*this); }();
        state_.store(State::killed, std::memory_order_release);
        where = &*queue;
    }
    while (where->running.load(std::memory_order_acquire) == this) arch::relax();
}

void Timer::migrate(CpuId cpu) NO_THREAD_SAFETY_ANALYSIS {
    bool was_active;
    {
        Home queue{*this};
        was_active = active();
        queue->remove(*this);
        cpu_.store(cpu.raw(), std::memory_order_release);
    }
    if (was_active) set(expires_);
}

// False: the first one is due already.
bool TimerQueue::program(TimerQueue& q) {
    Guard g{q.lock};
    return arch::program_timer(q.next());
}

void TimerQueue::run_due() {
    TimerQueue& q = queues.local();
    do {
        for (;;) {
            Timer* t;
            {
                Guard g{q.lock};
                t = q.take_due(time::now());
                q.running.store(t, std::memory_order_release);
            }
            if (!t) break;
            t->handler_(t->data_);
            q.running.store(nullptr, std::memory_order_release);
        }
    } while (!program(q));
}

namespace timers {
namespace {

void dump_queues(char) {
    constexpr unsigned kMostLines = 24;   // of one CPU, whose timers wait meanwhile
    log_line("Timers, ns from now:");
    for (usize i : cpu_online) {
        TimerQueue& q = queues.remote(CpuId{static_cast<u32>(i)});
        Guard g{q.lock};
        unsigned n = 0;
        for (const Timer& t : q.tree())
            if (n++ < kMostLines)
                log_line("  CPU%02zu %12lld handler %p data %p", i, static_cast<long long>(t.expires() - time::now()),
                         TimerQueue::handler_of(t), TimerQueue::data_of(t));
        if (n > kMostLines) log_line("  CPU%02zu ... and %u more", i, n - kMostLines);
    }
}

}  // namespace

void init() {
    softirq::set_handler(softirq::Kind::timer, TimerQueue::run_due);
    console::register_key('a', dump_queues, "dump timer queues");
}

void leave(CpuId cpu) {
    TimerQueue& q = queues.remote(cpu);
    for (;;) {
        Timer* t = nullptr;
        {
            Guard g{q.lock};
            if (!q.tree().empty()) t = &*q.tree().begin();
        }
        if (!t) return;
        t->migrate(arch::cpu_id());
    }
}

}  // namespace timers
}  // namespace xen
