// SPDX-License-Identifier: MIT
// The FIFO ABI (public/event_channel.h): an event word for each port in array pages of the guest, and for each
// vCPU 16 queues of linked words whose heads are in a control block, again a page of the guest. We append, the
// guest takes from the head; the tail is ours alone.
//
// Array pages and control blocks hold a writable reference from the hypercall that named them until reset or
// death, when no port of the domain is open any more. The words are touched by single atomic accesses only.
#pragma once

#include "common/event/channel.hpp"
#include "common/event/guest_word.hpp"

namespace xen::event {

inline constexpr u32 kWordsPerPage = kPageSize / sizeof(event_word_t);
inline constexpr u32 kArrayPages = EVTCHN_FIFO_NR_CHANNELS / kWordsPerPage;

struct FifoDomain {
    std::atomic<u32> words{0};             // ports below have a word
    event_word_t* pages[kArrayPages]{};    // each a kept page
};

struct FifoQueue {
    Spinlock<LockRank::event_queue, IrqRule::off> lock;
    u32 tail GUARDED_BY(lock) = 0;         // 0: empty. Stale when the guest has taken it: then it is not LINKED
};

struct FifoVcpu {
    std::atomic<evtchn_fifo_control_block*> control{nullptr};   // in a kept page
    FifoQueue queues[EVTCHN_FIFO_MAX_QUEUES];
};

namespace fifo {

inline event_word_t* word_of(const DomainEvents& e, Port p) {
    const FifoDomain* f = e.fifo.load(std::memory_order_acquire);
    if (!f || p.raw() >= f->words.load(std::memory_order_acquire)) return nullptr;
    return f->pages[p.raw() / kWordsPerPage] + p.raw() % kWordsPerPage;
}

// Makes `port` the successor of a tail word. False when the guest has taken the tail off its queue: the queue is
// empty then and its head must name the port. Pure: words only.
bool link_behind(event_word_t& tail, u32 port);

void set_pending(Domain& d, Channel& c, Vcpu& v);
void clear_pending(const DomainEvents& e, Port p);
void unmask(Domain& d, Channel& c, Vcpu& v);
bool is_pending(const DomainEvents& e, Port p);
bool is_masked(const DomainEvents& e, Port p);
bool is_linked(const DomainEvents& e, Port p);

// Back to the 2-level ABI: gives all pages back. No port that the guest can send to is open.
void destroy(Domain& d) REQUIRES(d.events->lock);
void destroy_vcpu(Vcpu& v);

}  // namespace fifo
}  // namespace xen::event
