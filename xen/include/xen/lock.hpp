// SPDX-License-Identifier: MIT
// Spin locks with a rank and an interrupt rule in the type. Ranks are taken from high to low (LockRank is
// ordered: take the larger value first); debug builds panic on a rank not below the lowest one held by this
// CPU. Two locks of one rank only through PairGuard, in address order. Guards release at scope end.
#pragma once

#include <atomic>

#include <asm/cpu.hpp>
#include <xen/assert.hpp>
#include <xen/compiler.hpp>
#include <xen/percpu.hpp>

#include "lib/types.hpp"

namespace xen {

// The one order of all locks, innermost first. A CPU may only take a rank below every rank it holds.
enum class LockRank : u8 {
    serial = 1,      // one serial port; taken by the console's output
    console,         // the log ring and the devices behind it
    apic,
    irq_desc,        // one interrupt line
    rcu,
    domain_ids,      // the index of domains: the last put of a page or reference may take it under any of those below
    timer,           // one CPU's timer heap
    run_queue,       // one run queue of a scheduler
    sched_vcpu,      // run state and affinity of one vCPU
    cpu_pool,
    vgic,            // the interrupt controller of one guest
    vuart,           // its emulated serial port
    event_queue,     // one FIFO queue
    buddy,           // free lists of a node
    heap_small,      // slabs
    page_list,       // pages that a domain owns
    p2m,             // the tables of a translated domain
    event_channel,   // one port
    event_table,     // the ports of a domain
    maptrack,
    grant_entry,     // one active grant entry
    grant_table,
    page_lock,       // one page of a page table under update
    pirq,
    hotplug,
    domain,          // the life of one domain
    domain_list,
    domctl,
    sysctl,
    count
};

enum class IrqRule : u8 {
    plain,  // never taken by an interrupt handler
    off,    // interrupts are off while it is held
};

#ifndef XEN_LOCK_CHECK
#define XEN_LOCK_CHECK 0
#endif

namespace lock_check {
#if XEN_LOCK_CHECK
void taken(LockRank rank, bool pair);
void released(LockRank rank);
bool none_held();   // at a scheduling point
// In an interrupt or NMI: what the interrupted code holds has no order with what the handler takes, since a handler
// takes no lock that may be held with interrupts on. Plain locks therefore are never waited for under one that
// handlers take.
class InterruptScope {
public:
    InterruptScope();
    ~InterruptScope();
    InterruptScope(const InterruptScope&) = delete;
    InterruptScope& operator=(const InterruptScope&) = delete;

private:
    u8 held_[static_cast<usize>(LockRank::count)];
};
#else
inline void taken(LockRank, bool) {}
inline void released(LockRank) {}
inline bool none_held() { return true; }
struct InterruptScope {
    InterruptScope() {}
};
#endif
}  // namespace lock_check

[[gnu::noinline, gnu::cold]] inline void wait_for_ticket(const u16& serving, u16 ticket) {
    while (__atomic_load_n(&serving, __ATOMIC_ACQUIRE) != ticket) arch::relax();
}

// First come, first served. Use a Guard.
template <LockRank Rank, IrqRule Rule = IrqRule::plain>
class CAPABILITY("spinlock") Spinlock {
public:
    static constexpr LockRank kRank = Rank;
    static constexpr IrqRule kRule = Rule;
    constexpr Spinlock() = default;
    Spinlock(const Spinlock&) = delete;
    Spinlock& operator=(const Spinlock&) = delete;

    void acquire(bool pair = false) ACQUIRE() {
        lock_check::taken(Rank, pair);
        u16 ticket = next_.fetch_add(1, std::memory_order_relaxed);
        if (__atomic_load_n(&serving_, __ATOMIC_ACQUIRE) != ticket) [[unlikely]] wait_for_ticket(serving_, ticket);
    }
    bool try_acquire() TRY_ACQUIRE(true) {
        u16 now = __atomic_load_n(&serving_, __ATOMIC_ACQUIRE);   // what release() wrote: next_ carries no order
        if (!next_.compare_exchange_strong(now, static_cast<u16>(now + 1), std::memory_order_acquire)) return false;
        lock_check::taken(Rank, true);
        return true;
    }
    void release() RELEASE() {
        lock_check::released(Rank);
        arch::increment_own(serving_);
    }
    bool is_held() const {
        return __atomic_load_n(&serving_, __ATOMIC_RELAXED) != next_.load(std::memory_order_relaxed);
    }

private:
    u16 serving_ = 0;   // only its holder writes it; atomic accesses
    std::atomic<u16> next_{0};
};

template <class Lock>
class SCOPED_CAPABILITY [[nodiscard]] Guard {
public:
    explicit Guard(Lock& lock) ACQUIRE(lock) : lock_{lock} {
        if constexpr (Lock::kRule == IrqRule::off) flags_ = arch::irq_save();
        lock_.acquire();
    }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard() RELEASE() {
        lock_.release();
        if constexpr (Lock::kRule == IrqRule::off) arch::irq_restore(flags_);
    }

private:
    Lock& lock_;
    u64 flags_ = 0;
};

// Two locks of one rank, in address order; the same lock twice is taken once.
template <class Lock>
class SCOPED_CAPABILITY [[nodiscard]] PairGuard {
public:
    PairGuard(Lock& a, Lock& b) ACQUIRE(a, b) NO_THREAD_SAFETY_ANALYSIS  // aliasing locks: beyond the analysis
        : first_{&a < &b ? a : b}, second_{&a < &b ? b : a} {
        if constexpr (Lock::kRule == IrqRule::off) flags_ = arch::irq_save();
        first_.acquire();
        if (&first_ != &second_) second_.acquire(true);
    }
    PairGuard(const PairGuard&) = delete;
    PairGuard& operator=(const PairGuard&) = delete;
    ~PairGuard() RELEASE() NO_THREAD_SAFETY_ANALYSIS {
        if (&first_ != &second_) second_.release();
        first_.release();
        if constexpr (Lock::kRule == IrqRule::off) arch::irq_restore(flags_);
    }

private:
    Lock& first_;
    Lock& second_;
    u64 flags_ = 0;
};

// Many readers or one writer; writers wait for readers to drain. Never taken by interrupt handlers.
template <LockRank Rank>
class CAPABILITY("rwlock") RwLock {
public:
    constexpr RwLock() = default;
    RwLock(const RwLock&) = delete;
    RwLock& operator=(const RwLock&) = delete;

    void acquire_shared() XEN_TSA(acquire_shared_capability()) {
        lock_check::taken(Rank, false);
        // A reader counts itself first and steps back from a writer: 4 instructions instead of 9.
        while (state_.fetch_add(1, std::memory_order_acquire) & kWriter) [[unlikely]] {
            state_.fetch_sub(1, std::memory_order_relaxed);
            while (state_.load(std::memory_order_relaxed) & kWriter) arch::relax();
        }
    }
    void release_shared() XEN_TSA(release_shared_capability()) {
        lock_check::released(Rank);
        state_.fetch_sub(1, std::memory_order_release);
    }
    void acquire() ACQUIRE() {
        lock_check::taken(Rank, false);
        for (u32 v;;) {
            v = state_.load(std::memory_order_relaxed);
            if (!(v & kWriter) && state_.compare_exchange_weak(v, v | kWriter, std::memory_order_acquire)) break;
            arch::relax();
        }
        while (state_.load(std::memory_order_acquire) != kWriter) arch::relax();
    }
    void release() RELEASE() {
        lock_check::released(Rank);
        state_.fetch_and(~kWriter, std::memory_order_release);   // readers may just be stepping back
    }

private:
    static constexpr u32 kWriter = u32{1} << 31;
    std::atomic<u32> state_{0};
};

template <LockRank Rank>
class SCOPED_CAPABILITY [[nodiscard]] ReadGuard {
public:
    explicit ReadGuard(RwLock<Rank>& lock) XEN_TSA(acquire_shared_capability(lock)) : lock_{lock} { lock_.acquire_shared(); }
    ReadGuard(const ReadGuard&) = delete;
    ReadGuard& operator=(const ReadGuard&) = delete;
    ~ReadGuard() RELEASE() { lock_.release_shared(); }

private:
    RwLock<Rank>& lock_;
};

template <LockRank Rank>
class SCOPED_CAPABILITY [[nodiscard]] WriteGuard {
public:
    explicit WriteGuard(RwLock<Rank>& lock) ACQUIRE(lock) : lock_{lock} { lock_.acquire(); }
    WriteGuard(const WriteGuard&) = delete;
    WriteGuard& operator=(const WriteGuard&) = delete;
    ~WriteGuard() RELEASE() { lock_.release(); }

private:
    RwLock<Rank>& lock_;
};

}  // namespace xen
