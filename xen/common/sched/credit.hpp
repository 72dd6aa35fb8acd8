// SPDX-License-Identifier: MIT
// The credit scheduler: proportional share with caps. Units earn credit by their domain's weight once in every
// period and pay with the time that they run.
//
//   boost   has credit and has just woken: runs before the others until it first loses its CPU
//   under   has credit
//   over    has none: runs when no unit above it wants the CPU
//
// Each class of each CPU is first come, first served, so that every operation takes constant time; a CPU that would go
// idle, or run a unit without credit, takes a waiting unit of a better class from another CPU. A domain with
// a cap has a budget beside its credit; when that is spent its units are parked until the next period.
//
// Fields of a CreditUnit and a CreditCpu are guarded by the run-queue lock of the CPU they belong to, lists of domains and
// units and the parameters by lock_. Masks are hints, atomic, and always followed by a check under the lock; a bit of the
// waiting masks is set when a unit queues, and cleared by who finds the queue empty.
#pragma once

#include <array>

#include <xen/heap.hpp>
#include <xen/lock.hpp>

#include "common/sched/policy.hpp"
#include "lib/list.hpp"

namespace xen::sched {

struct CreditDomain;

// Classes, best first.
enum class Rank : u8 { boost, under, over, none };
inline constexpr unsigned kCreditRanks = 3;

struct CreditUnit : PolicyUnit, ListHook<struct QueueTag>, ListHook<struct MemberTag> {
    Entity* entity = nullptr;
    CreditDomain* domain = nullptr;
    s64 credit = 0;          // ns
    s64 budget = 0;          // ns, of a capped domain
    Rank rank = Rank::under;
    bool queued = false;     // waits on its CPU's queue
    bool awake = false;      // would run if it could
    bool parked = false;     // awake, but without budget
    bool yielding = false;
    bool ran = false;        // since the last accounting
    bool active = false;     // took part in the last accounting
    Nanos last_ran{0};
    // Scratch of account().
    s64 settled = 0;         // its credit before it earns
    bool hungry = false;     // wants a CPU or has one, and no cap holds it back
};

struct CreditDomain : PolicyDomain, ListHook<struct DomainTag> {
    std::atomic<u16> weight{256};
    std::atomic<u16> cap{0};   // percent of one CPU; 0: none
    s64 weight_now() const { return weight.load(std::memory_order_relaxed); }
    s64 cap_now() const { return cap.load(std::memory_order_relaxed); }
    List<CreditUnit, MemberTag> units;
    // Scratch of account().
    u32 active = 0;
    s64 share = 0;           // credit of each active unit
    s64 bonus = 0;           // on top of that, until it has credit for a slice
    bool settled = false;
};

struct CreditCpu {
    CpuId id{};
    std::array<List<CreditUnit, QueueTag>, kCreditRanks> queue;
    std::atomic<u32> waiting{0};   // written under the lock
    u32 waiting_with_credit = 0;   // boost and under
    u8 hinted = 0;                 // which of the waiting masks have its bit: kHintWaiting, kHintCredit
    CreditUnit* running = nullptr;
    Nanos started{0};        // when the one that runs got the CPU
    Nanos charged{0};        // up to when it has paid
    Nanos until{0};          // end of its slice
    std::atomic<Rank> running_rank{Rank::none};
};

inline constexpr u8 kHintWaiting = 1, kHintCredit = 2;

class Credit final : public SchedPolicy {
public:
    static Result<SchedPolicy*> create(PolicyHost& host);
    explicit Credit(PolicyHost& host) : host_{host} {}

    u32 id() const override;
    void destroy() override;
    Status add_cpu(CpuId cpu) override;
    void remove_cpu(CpuId cpu) override;
    Result<PolicyDomain*> add_domain() override;
    void remove_domain(PolicyDomain* d) override;
    Result<PolicyUnit*> make_unit(PolicyDomain* d) override;
    void free_unit(PolicyUnit* u) override;
    void insert_unit(Entity& e, PolicyDomain* d, PolicyUnit* u) override;
    PolicyUnit* remove_unit(Entity& e) override;
    CpuId place(const Entity& e) override;
    void account(Nanos now) override;
    void wake(Entity& e, Nanos now) override;
    void sleep(Entity& e) override;
    bool yield(Entity& e) override;
    Decision pick(CpuId cpu, Entity* prev, bool runnable, Nanos now) override;
    Status parameters(PolicyDomain* d, xen_domctl_scheduler_op& op) override;
    Status parameters(xen_sysctl_scheduler_op& op) override;

private:
    static CreditUnit& unit_of(const Entity& e) { return *static_cast<CreditUnit*>(e.policy_unit); }
    CreditCpu& at(CpuId cpu) { return *cpus_[cpu.raw()]; }
    CreditCpu& home_of(const CreditUnit& u) { return at(u.entity->home()); }

    // Queues (credit_queue.cpp).
    void enqueue(CreditCpu& c, CreditUnit& u);
    void dequeue(CreditCpu& c, CreditUnit& u);
    void set_rank(CreditCpu& c, CreditUnit& u, Rank rank, Nanos now);
    CreditUnit* best_waiting(CreditCpu& c);
    CreditUnit* steal(CreditCpu& c, Rank worst, Nanos now, bool& retry);
    CreditUnit* take(CreditCpu& from, CreditCpu& to, Rank worst, bool preferred, Nanos now, bool& retry);
    bool tell_idle(const CpuMask& among);
    void announce(CreditCpu& c, const CreditUnit& u, Nanos now);
    void preempt(CreditCpu& c, Nanos now);
    void set_running(CreditCpu& c, CreditUnit* u);
    void hint(CreditCpu& c, u8 kinds);

    // Decisions (credit.cpp).
    void charge(CreditCpu& c, CreditUnit& u, Nanos now);
    static Rank rank_of(const CreditUnit& u) { return u.credit > 0 ? Rank::under : Rank::over; }
    bool goes_on(CreditCpu& c, const CreditUnit& u, Nanos now) const;
    static bool better_waits(const CreditCpu& c, const CreditUnit& u);
    Decision go_on(CreditCpu& c, CreditUnit& u, Nanos now);
    bool wants_elsewhere(const CreditCpu& c, const CreditUnit& u) const;
    bool retire(CreditCpu& c, CreditUnit& prev, bool runnable, Nanos now);
    CreditUnit* choose(CreditCpu& c, Nanos now);
    Decision start(CreditCpu& c, CreditUnit* u, Nanos now);
    s64 slice_of(const CreditUnit& u) const;

    // Accounting (credit_account.cpp).
    void settle(CreditDomain& d, Nanos now);
    void divide(s64 capacity, s64 period) REQUIRES(lock_);
    s64 covered(s64 level) REQUIRES(lock_);
    void raise() REQUIRES(lock_);
    void pay(const CreditDomain& d, CreditUnit& u, s64 period, Nanos now);
    void unpark(CreditCpu& c, CreditUnit& u, Nanos now);
    void unpark_all(CreditDomain& d) REQUIRES(lock_);
    s64 slice() const { return slice_.load(std::memory_order_relaxed); }
    void request_accounting() {
        if (!accounting_.load(std::memory_order_relaxed) && !accounting_.exchange(true, std::memory_order_acq_rel))
            host_.want_accounting(Nanos{slice()});
    }

    PolicyHost& host_;
    Spinlock<LockRank::sched_vcpu> lock_;
    List<CreditDomain, DomainTag> domains_ GUARDED_BY(lock_);
    std::atomic<s64> slice_{30'000'000};       // tslice: longest run, and the period of accounting
    std::atomic<s64> ratelimit_{1'000'000};    // shortest run before another may preempt
    std::atomic<s64> migration_delay_{0};      // as cache-hot counts a unit that ran this recently
    std::atomic<u32> cpu_count_{0};
    std::atomic<bool> accounting_{false};      // asked for
    Nanos last_account_ GUARDED_BY(lock_){0};
    CpuMask members_{};                        // CPUs of the pool
    CpuMask idle_{};                           // run nothing and were not told to look
    CpuMask waiting_{};                        // had waiting units when last looked at
    CpuMask waiting_with_credit_{};
    CpuMask running_over_{};                   // run a unit without credit
    std::array<CreditCpu*, kMaxCpus> cpus_{};  // of every CPU that ever was a member
};

constexpr usize index_of(Rank r) { return static_cast<usize>(r); }
constexpr bool has_credit(Rank r) { return r < Rank::over; }

inline void Credit::charge(CreditCpu& c, CreditUnit& u, Nanos now) {
    s64 used = now - c.charged;
    if (used <= 0) return;
    c.charged = now;
    u.credit -= used;
    u.ran = true;
    if (!u.domain->cap_now()) return;
    u.budget -= used;
    if (u.budget <= 0) u.parked = true;
}

inline void Credit::enqueue(CreditCpu& c, CreditUnit& u) {
    c.queue[index_of(u.rank)].push_back(u);
    u.queued = true;
    c.waiting.store(c.waiting.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    c.waiting_with_credit += has_credit(u.rank);
    u8 kinds = has_credit(u.rank) ? kHintWaiting | kHintCredit : kHintWaiting;
    if ((c.hinted & kinds) != kinds) [[unlikely]] hint(c, kinds);
}

inline void Credit::dequeue(CreditCpu& c, CreditUnit& u) {
    auto& queue = c.queue[index_of(u.rank)];
    queue.erase(queue.iterator_to(u));
    u.queued = false;
    c.waiting.store(c.waiting.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
    c.waiting_with_credit -= has_credit(u.rank);
}

inline CreditUnit* Credit::best_waiting(CreditCpu& c) {
    for (auto& queue : c.queue)
        if (!queue.empty()) return &queue.front();
    return nullptr;
}

}  // namespace xen::sched
