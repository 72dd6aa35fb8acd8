// SPDX-License-Identifier: MIT
// What the folder keeps for each port, vCPU and domain.
//
// A channel's state and peer change only with the table lock of its domain and its own lock held (for a
// connected pair: both table locks and both channel locks), so either lock makes them stable: hypercalls that
// rearrange ports take the table lock, senders only the lock of the port they name. A sender holding the lock
// of one end of a pair may therefore use the other end through the pointer.
// Channels live in chunks that are allocated on first use and freed with the domain, never before.
#pragma once

#include <xen/domain.hpp>
#include <xen/event.hpp>
#include <xen/lock.hpp>

#include <public/event_channel.h>

namespace xen::event {

enum class State : u8 { free, unbound, interdomain, pirq, virq, ipi };

using ChannelLock = Spinlock<LockRank::event_channel, IrqRule::off>;
using TableLock = Spinlock<LockRank::event_table>;
using Notify = void (*)(Vcpu&, Port);

struct Channel {
    mutable ChannelLock lock;
    State state = State::free;
    u8 consumer = 0;                       // not 0: the hypervisor's end, see notify_of()
    std::atomic<u8> priority{EVTCHN_FIFO_PRIORITY_DEFAULT};
    bool pending = false;                  // FIFO: was sent before its event word existed
    Port port{};
    std::atomic<u16> vcpu{0};              // who is notified
    std::atomic<u16> last_queue{0};        // FIFO: the queue it was last put on, see QueueId
    union Peer {
        DomId remote;                      // unbound: who may bind
        struct {
            Domain* domain;
            Channel* channel;
        } other;                           // interdomain
        struct {
            u32 number;
            bool settling;                 // being bound or unbound at the interrupt layer, without our locks
        } pirq;
        u32 virq;
        Peer() : other{nullptr, nullptr} {}
    } peer;

    // Sends reach the guest: not free, not the hypervisor's.
    bool usable() const { return !consumer && state != State::free; }
};
static_assert(sizeof(Channel) == 32);

inline constexpr u32 kChannelsPerChunk = 16;
inline constexpr u32 kChunksPerGroup = 64;
inline constexpr u32 kPortsPerGroup = kChannelsPerChunk * kChunksPerGroup;
inline constexpr u32 kGroups = EVTCHN_FIFO_NR_CHANNELS / kPortsPerGroup;
// ABI: ports become nameable in steps of this size; tools list ports until status says EINVAL.
inline constexpr u32 kPortsPerStep = 64;
inline constexpr u32 kTwoLevelPorts = 64 * 64;

struct Chunk {
    Channel channels[kChannelsPerChunk];
};
struct Group {
    std::atomic<Chunk*> chunks[kChunksPerGroup];
};
struct GroupTable {
    std::atomic<Group*> groups[kGroups];   // the first one is in DomainEvents
};

// pirq number to port, 0 for none; blocks come with the first binding.
struct PirqPorts {
    static constexpr u32 kPerBlock = 128, kBlocks = 32, kMax = kPerBlock * kBlocks;
    struct Block {
        std::atomic<u32> ports[kPerBlock];
    };
    std::atomic<Block*> blocks[kBlocks];
};

struct FifoDomain;
struct FifoVcpu;

struct DomainEvents {
    mutable TableLock lock;
    std::atomic<u32> valid{kPortsPerStep};  // ports below may be named
    u32 max_port = 0;
    u32 lowest_free GUARDED_BY(lock) = 1;   // no free port below; port 0 is never used
    u32 active GUARDED_BY(lock) = 0;
    u32 active_xen GUARDED_BY(lock) = 0;
    u32 reset_next GUARDED_BY(lock) = 0;    // not 0: a reset is under way and continues there
    std::atomic<FifoDomain*> fifo{nullptr}; // not null: the domain uses the FIFO ABI
    std::atomic<Group*> first_group{nullptr};
    std::atomic<GroupTable*> groups{nullptr};
    std::atomic<PirqPorts*> pirqs{nullptr};

    bool uses_fifo() const { return fifo.load(std::memory_order_acquire) != nullptr; }
    u32 abi_ports() const { return uses_fifo() ? u32{EVTCHN_FIFO_NR_CHANNELS} : kTwoLevelPorts; }
    bool is_valid(Port p) const { return p.raw() < valid.load(std::memory_order_acquire); }
    Channel& at(Port p) const;              // of a valid port; one that was never used gives vacant_channel
    Channel* find(Port p) const { return is_valid(p) ? &at(p) : nullptr; }
};

struct VcpuEvents {
    std::atomic<u32> virq_ports[NR_VIRQS];  // 0: not bound. Global VIRQs stand at vCPU 0
    FifoVcpu* fifo = nullptr;
    std::atomic<u32> pirqs{0};              // channels of state pirq that notify this vCPU
};

// Stands for every port whose chunk does not exist: free for ever.
extern Channel vacant_channel;

inline Channel& DomainEvents::at(Port p) const {
    u32 port = p.raw();
    Group* group = first_group.load(std::memory_order_acquire);
    if (port >= kPortsPerGroup) [[unlikely]] {
        GroupTable* table = groups.load(std::memory_order_acquire);
        group = table ? table->groups[port / kPortsPerGroup].load(std::memory_order_acquire) : nullptr;
    }
    if (!group) return vacant_channel;
    Chunk* chunk = group->chunks[port / kChannelsPerChunk % kChunksPerGroup].load(std::memory_order_acquire);
    return chunk ? chunk->channels[port % kChannelsPerChunk] : vacant_channel;
}

inline Vcpu& notified_vcpu(Domain& d, const Channel& c) {
    return *d.vcpus[c.vcpu.load(std::memory_order_relaxed)];
}

// The table (table.cpp).
// The lowest free port, its channel made; Errno::nospc, inval when the domain dies. Nothing is taken yet.
Result<Channel&> find_free(const Domain& d, DomainEvents& e) REQUIRES(e.lock);
// The same for one port. Errno::exist: it is open; nospc: no domain has it.
Result<Channel&> find_given(const Domain& d, DomainEvents& e, Port port) REQUIRES(e.lock);
// The channel's lock is held: it is taken now, or given back.
void open_locked(DomainEvents& e, Channel& c, State state) REQUIRES(e.lock);
void free_locked(Domain& d, DomainEvents& e, Channel& c) REQUIRES(e.lock);

// Functions behind the hypervisor's own ports. 0 when the table of functions is full.
u8 consumer_of(Notify notify);
Notify notify_of(u8 consumer);

// pirq.cpp
u32 pirq_port(const Domain& d, u32 pirq);
void free_pirq_ports(DomainEvents& e);

// close.cpp. by_guest: refuses the hypervisor's own ports.
Status close(Domain& d, Port port, bool by_guest);
Status reset(Domain& d, bool resuming);

// virq.cpp
bool virq_is_global(u32 virq);
void forget_virq_handler(Domain& d);

// Hypercalls: the caller is the current domain.
Status alloc_unbound(evtchn_alloc_unbound& op);
Status bind_interdomain(evtchn_bind_interdomain& op);
Status bind_virq(evtchn_bind_virq& op);
Status bind_ipi(evtchn_bind_ipi& op);
Status bind_pirq(evtchn_bind_pirq& op);
Status bind_vcpu(const evtchn_bind_vcpu& op);
Status status(evtchn_status& op);
Status unmask(Domain& d, Port port);
Status init_control(Domain& d, evtchn_init_control& op);
Status expand_array(Domain& d, u64 frame);
Status set_priority(Domain& d, const evtchn_set_priority& op);

}  // namespace xen::event
