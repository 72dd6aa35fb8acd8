// SPDX-License-Identifier: MIT
// A few domains that do what guests do, rightly and sometimes wildly. An operation is a kind and a seed: its arguments
// are chosen when it runs, from what there is then, so that a sequence from which operations were taken out still runs.
// A hypercall that yields stays where it is; its vCPU goes on with it when it is chosen again.
#pragma once

#include <sim/machine.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "count.hpp"
#include "events.hpp"
#include "lives.hpp"
#include "tlb.hpp"

namespace xen::census {

struct Op {
    u8 kind = 0, who = 0;
    u16 yields = 0;        // a bit for each preemption check of one entry
    u64 seed = 0;
};

// Operands of one operation.
class Choice {
public:
    explicit Choice(u64 seed) : state_{seed} {}
    u64 word();
    u32 below(u32 n) { return static_cast<u32>((word() >> 11) % n); }
    bool one_in(u32 n) { return below(n) == 0; }
    template <class T, usize N>
    T of(const T (&list)[N]) { return list[below(N)]; }

private:
    u64 state_;
};

using Call = sim::Call;

// Where a vCPU's arguments lie: memory that every guest reaches (sim/state.hpp).
class Arguments {
public:
    static constexpr usize kSize = 8192;
    void clear() { used_ = 0; }
    template <class T>
    T* make(usize n = 1) {
        used_ = (used_ + 15) & ~usize{15};
        if (used_ + n * sizeof(T) > kSize) used_ = 0;
        T* p = reinterpret_cast<T*>(bytes_ + used_);
        __builtin_memset(static_cast<void*>(p), 0, n * sizeof(T));
        used_ += n * sizeof(T);
        return p;
    }

private:
    usize used_ = 0;
    alignas(16) u8 bytes_[kSize];
};

struct Guest {
    Domain* d = nullptr;
    EventModel events{};
    std::vector<Mfn> kept{};           // pages that the core writes events to
    bool waiting[2]{};                 // a call of the vCPU has yielded
    std::vector<Mfn> writes[2]{};      // frames that the vCPU's call may write as plain memory
    bool shut_down_seen = false;
    bool may_run() const { return !d->is_dying() && !d->is_shutting_down; }
    bool keeps(Mfn f) const;           // nobody else's to write: with the core's own that are shared with it
};

class World {
public:
    static constexpr unsigned kGuests = 4, kCpus = census::kCpus;
    static constexpr u32 kRefs = 14;   // grants that are in play
    static constexpr unsigned kMemoryMib = 8;
    World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    void run(const Op& op);
    std::string check();               // the census; empty: all is well
    void look();                       // what TLBs take up, no more
    std::string leave();               // everybody dies: what is left behind
    static const char* name_of(const Op& op);
    static Op random_op(Choice& c);

private:
    // One vCPU at work, with its operands.
    struct Turn {
        Guest& g;
        u32 vcpu;
        Choice c;
        u16 yields;
        Arguments& args;
        Vcpu& v() const { return *g.d->vcpus[vcpu]; }
    };
    using Prepare = Call (World::*)(Turn&);
    using Act = void (World::*)(Turn&);
    struct Kind {
        const char* name;
        unsigned weight;
        Prepare prepare;               // a hypercall that may yield and may stand in a multicall
        Act act;                       // or something done at once
    };
    static const Kind kKinds[];
    static const unsigned kKindCount;

    // world.cpp
    Guest* create(bool privileged);
    void furnish(Guest& g);
    void switch_to(Vcpu& v);
    void unload(const Domain& d);
    void start(Turn& t, const Call& call);
    void go_on(Turn& t);
    s64 at_once(Turn& t, u32 number, u64 a0, u64 a1 = 0, u64 a2 = 0, u64 a3 = 0);
    void notice_shutdowns();
    void mind_grants(Guest& g);        // domain_ops.cpp
    Turn turn(Guest& g, u32 vcpu, const Op& op);
    void let_yield(u16 yields);

    // choose.cpp
    std::vector<Mfn> pages_of(const Guest& g) const;
    Mfn page(Turn& t);                 // mostly one of its own
    Mfn plain_page(Turn& t);           // whose contents the guest may change
    Mfn table(Turn& t);                // mostly a live table
    unsigned slot(Turn& t);
    u64 flags(Turn& t);
    u64 address(Turn& t);              // that its small tables could map
    u64 entry(Turn& t);
    Guest& other(Turn& t);
    u16 domain_id(Turn& t);            // mostly a live one's
    std::optional<u64> address_of_entry(Turn& t, Mfn table, unsigned index) const;

    // mm_ops.cpp
    Call mmu_update(Turn& t);
    Call update_va(Turn& t);
    Call pin(Turn& t);
    Call unpin(Turn& t);
    Call base(Turn& t);
    Call set_ldt(Turn& t);
    Call flush(Turn& t);
    Call whole_page(Turn& t);
    Call set_gdt(Turn& t);
    Call descriptor(Turn& t);
    Call foreign_entry(Turn& t);
    void poke(Turn& t);
    Call build(Turn& t);
    void ldt_fault(Turn& t);
    void table_write(Turn& t);
    Call multicall(Turn& t);
    // memory_ops.cpp
    Call increase(Turn& t);
    Call decrease(Turn& t);
    Call exchange(Turn& t);
    Call reservation(Turn& t, u32 cmd, bool own);
    // grant_ops.cpp
    void grant(Turn& t);
    void revoke(Turn& t);
    Call undo_mapping(Turn& t);
    Call pin_granted(Turn& t);
    Call map_grants(Turn& t);
    Call unmap_grants(Turn& t);
    Call replace_grant(Turn& t);
    Call copy_grants(Turn& t);
    Call transfer(Turn& t);
    Call swap_grants(Turn& t);
    Call grant_version(Turn& t);
    Call grant_frames(Turn& t);
    Call cache_flush(Turn& t);
    Call acquire(Turn& t);
    // event_ops.cpp
    u32 port(Turn& t);
    Mfn quiet_page(Turn& t);
    void alloc_unbound(Turn& t);
    void bind_interdomain(Turn& t);
    void bind_local(Turn& t);
    void bind_vcpu(Turn& t);
    void close_port(Turn& t);
    void send(Turn& t);
    void mask(Turn& t);
    void unmask(Turn& t);
    void handle(Turn& t);
    void fire_virq(Turn& t);
    void to_fifo(Turn& t);
    void more_words(Turn& t);
    void set_priority(Turn& t);
    void port_status(Turn& t);
    void reset_ports(Turn& t);
    void register_info(Turn& t);
    void part_from(Guest& dying);      // what its death does to others' ports
    // domain_ops.cpp
    void create_another(Turn& t);
    Call log_dirty(Turn& t);
    void destroy_one(Turn& t);
    void kill_step(Guest& g);

    std::unique_ptr<Guest> guests_[kGuests];
    Vcpu* loaded_[kCpus]{};
    std::unique_ptr<Tlb> tlb_;
    Heap heap_before_;
    Findings wrong_{};                 // by the models, while operations run
};

}  // namespace xen::census
