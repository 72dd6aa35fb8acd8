// SPDX-License-Identifier: MIT
// Delivery by queues: the hot part of the FIFO ABI.
#include "common/event/fifo.hpp"

#include <xen/log.hpp>

#include "common/event/port.hpp"

namespace xen::event::fifo {

namespace {

constexpr event_word_t kPending = bit_of<event_word_t>(EVTCHN_FIFO_PENDING);
constexpr event_word_t kMasked = bit_of<event_word_t>(EVTCHN_FIFO_MASKED);
constexpr event_word_t kLinked = bit_of<event_word_t>(EVTCHN_FIFO_LINKED);
constexpr event_word_t kBusy = bit_of<event_word_t>(EVTCHN_FIFO_BUSY);
constexpr event_word_t kLink = EVTCHN_FIFO_LINK_MASK;

// Channel::last_queue: vCPU above the priority.
constexpr u16 queue_id(u32 vcpu, u32 priority) { return static_cast<u16>(vcpu << 4 | priority); }

FifoQueue* queue_named(Domain& d, u16 id) {
    Vcpu* v = d.vcpu(VcpuId{static_cast<u32>(id >> 4)});
    return v && v->events->fifo ? &v->events->fifo->queues[id & 15] : nullptr;
}

// The queue an event goes to and the one it was on before, both locked, so that no other CPU puts it on a third
// one meanwhile. Interrupts are off already.
class QueuePair {
public:
    QueuePair(Domain& d, Channel& c, FifoQueue& to) NO_THREAD_SAFETY_ANALYSIS  // two locks in address order, maybe the same
        : to_{to} {
        // Each retry needs another CPU to have moved the event in between.
        for (unsigned attempt = 0; attempt < 3; ++attempt) {
            u16 id = c.last_queue.load(std::memory_order_acquire);
            from_ = queue_named(d, id);
            if (!from_) from_ = &to_;
            lock();
            if (c.last_queue.load(std::memory_order_acquire) == id) return;
            unlock();
        }
        from_ = nullptr;
    }
    ~QueuePair() NO_THREAD_SAFETY_ANALYSIS {
        if (from_) unlock();
    }
    QueuePair(const QueuePair&) = delete;
    QueuePair& operator=(const QueuePair&) = delete;

    explicit operator bool() const { return from_ != nullptr; }
    bool moved() const { return from_ != &to_; }
    FifoQueue& from() const { return *from_; }

private:
    void lock() NO_THREAD_SAFETY_ANALYSIS {
        if (from_ < &to_) from_->lock.acquire();
        to_.lock.acquire(from_ < &to_);
        if (from_ > &to_) from_->lock.acquire(true);
    }
    void unlock() NO_THREAD_SAFETY_ANALYSIS {
        if (moved()) from_->lock.release();
        to_.lock.release();
    }
    FifoQueue& to_;
    FifoQueue* from_ = nullptr;
};

// Puts the event at the end of `to`. True when the queue was empty, so that the guest must be told.
bool append(const DomainEvents& e, FifoQueue& to, u32& head, u32 port) REQUIRES(to.lock) {
    bool linked = false;
    if (to.tail) linked = link_behind(*word_of(e, Port{to.tail}), port);
    if (!linked) shared_store(head, port);
    to.tail = port;
    return !linked;
}

// A pending, unmasked event that is not on a queue yet goes on one.
bool enqueue(Domain& d, Channel& c, event_word_t& word, QueuePair& pair, FifoQueue& to, u16 id,
             evtchn_fifo_control_block& control) NO_THREAD_SAFETY_ANALYSIS {  // the pair holds both queues
    if ((shared_load(word) & kMasked) || set_bit(word, EVTCHN_FIFO_LINKED)) return false;
    u32 port = c.port.raw();
    // It was its old queue's tail: that queue is empty now, and nothing may be linked behind it there.
    if (pair.from().tail == port) pair.from().tail = 0;
    if (pair.moved()) c.last_queue.store(id, std::memory_order_release);
    return append(*d.events, to, control.head[id & 15], port);
}

}  // namespace

// ABI: of a LINKED word the guest may clear LINKED with the link, or PENDING, or change MASKED; while BUSY is set
// it may not clear MASKED. So the exchange fails a bounded number of times unless the guest misbehaves, and then
// only its own queue is lost.
bool link_behind(event_word_t& tail, u32 port) {
    constexpr unsigned kAttempts = 5;
    event_word_t now = shared_load(tail);
    for (unsigned attempt = 0; attempt < kAttempts; ++attempt) {
        if (!(now & kLinked)) {
            if (attempt) clear_bit(tail, EVTCHN_FIFO_BUSY);
            return false;
        }
        if (exchange_if(tail, now, (now & ~(kBusy | kLink)) | port)) return true;
        if (attempt == 0) now = __atomic_or_fetch(&tail, kBusy, __ATOMIC_SEQ_CST);
    }
    clear_bit(tail, EVTCHN_FIFO_BUSY);
    return true;
}

void set_pending(Domain& d, Channel& c, Vcpu& v) {
    DomainEvents& e = *d.events;
    event_word_t* word = word_of(e, c.port);
    if (!word) [[unlikely]] {
        c.pending = true;                   // raised when the guest adds the page
        return;
    }
    // Sent before and not seen yet: the guest clears LINKED before PENDING, and it will look.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    event_word_t now = shared_load(*word);
    if ((now & kPending) && (now & (kLinked | kMasked))) return;

    FifoVcpu* target = v.events->fifo;
    u8 priority = c.priority.load(std::memory_order_relaxed);
    bool was_pending, tell = false;
    if (!target) {
        was_pending = set_bit(*word, EVTCHN_FIFO_PENDING);
    } else {
        // PENDING becomes visible under the queue lock: nobody is notified of an event that is not queued yet.
        FifoQueue& to = target->queues[priority];
        QueuePair pair{d, c, to};
        was_pending = set_bit(*word, EVTCHN_FIFO_PENDING);
        auto* control = target->control.load(std::memory_order_acquire);
        if (!pair) [[unlikely]] log_guest("d%u port %u: event lost, its queue keeps changing", d.id.raw(), c.port.raw());
        else if (control) tell = enqueue(d, c, *word, pair, to, queue_id(v.id.raw(), priority), *control);
    }
    if (tell && !set_bit(target->control.load(std::memory_order_acquire)->ready, priority)) mark_pending(v);
    if (!was_pending) sched::wake_pollers(d, c.port);
}

void clear_pending(const DomainEvents& e, Port p) {
    // It may stay on a queue: the guest unlinks it and ignores what is not pending.
    if (event_word_t* word = word_of(e, p)) clear_bit(*word, EVTCHN_FIFO_PENDING);
}

void unmask(Domain& d, Channel& c, Vcpu& v) {
    event_word_t* word = word_of(*d.events, c.port);
    if (!word) return;
    clear_bit(*word, EVTCHN_FIFO_MASKED);
    if (shared_load(*word) & kPending) set_pending(d, c, v);
}

bool is_pending(const DomainEvents& e, Port p) {
    const event_word_t* word = word_of(e, p);
    return word && (shared_load(*word) & kPending);
}

bool is_masked(const DomainEvents& e, Port p) {
    const event_word_t* word = word_of(e, p);
    return !word || (shared_load(*word) & kMasked);
}

bool is_linked(const DomainEvents& e, Port p) {
    const event_word_t* word = word_of(e, p);
    return word && (shared_load(*word) & kLinked);
}

}  // namespace xen::event::fifo
