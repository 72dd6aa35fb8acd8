// SPDX-License-Identifier: MIT
// Setting the FIFO ABI up and taking it down: control blocks, array pages, priorities.
#include <xen/kept_page.hpp>

#include "common/event/channel.hpp"
#include "common/event/fifo.hpp"
#include "common/event/port.hpp"

namespace xen::event {

namespace {

Status map_control(Vcpu& v, u64 frame, u32 offset) {
    FifoVcpu* f = v.events->fifo;
    if (!f || f->control.load(std::memory_order_relaxed)) return Errno::inval;
    char* page = TRY(kept_page::open(Gfn{frame}, *v.domain));
    f->control.store(reinterpret_cast<evtchn_fifo_control_block*>(page + offset), std::memory_order_release);
    return {};
}

Status make_queues(Domain& d) {
    for (u32 i = 0; i < d.max_vcpus; ++i) {
        if (!d.vcpus[i]) continue;
        Box<FifoVcpu> f = TRY(Box<FifoVcpu>::create());
        d.vcpus[i]->events->fifo = f.leak();
    }
    return {};
}

// What is pending in the shared page is raised again when the port gets its word.
void carry_pending(Domain& d) REQUIRES(d.events->lock) {
    const DomainEvents& e = *d.events;
    for (u32 port = 1; port < kTwoLevelPorts && e.is_valid(Port{port}); ++port) {
        Channel& c = e.at(Port{port});
        if (&c == &vacant_channel) continue;
        if (test_bit(two_level::pending_word(d, Port{port}), two_level::bit(Port{port}))) c.pending = true;
        c.priority.store(EVTCHN_FIFO_PRIORITY_DEFAULT, std::memory_order_relaxed);
    }
}

Status switch_to_fifo(Domain& d, Vcpu& v, u64 frame, u32 offset) REQUIRES(d.events->lock) {
    TRY(make_queues(d));
    Box<FifoDomain> f = TRY(Box<FifoDomain>::create());
    TRY(map_control(v, frame, offset));
    carry_pending(d);
    d.events->fifo.store(f.leak(), std::memory_order_release);
    return {};
}

}  // namespace

void fifo::destroy_vcpu(Vcpu& v) {
    FifoVcpu* f = std::exchange(v.events->fifo, nullptr);
    if (!f) return;
    kept_page::close(f->control.load(std::memory_order_relaxed));
    Box<FifoVcpu>::adopt(f).reset();
}

void fifo::destroy(Domain& d) {
    d.for_each_vcpu([](Vcpu& v) {
        if (v.events) destroy_vcpu(v);
    });
    FifoDomain* f = d.events->fifo.exchange(nullptr, std::memory_order_acq_rel);
    if (!f) return;
    for (const event_word_t* page : f->pages) kept_page::close(page);
    Box<FifoDomain>::adopt(f).reset();
}

Status init_control(Domain& d, evtchn_init_control& op) {
    op.link_bits = EVTCHN_FIFO_LINK_BITS;
    Vcpu* v = d.vcpu(VcpuId{op.vcpu});
    if (!v) return Errno::noent;
    if (op.offset > kPageSize - sizeof(evtchn_fifo_control_block) || op.offset % 8) return Errno::inval;
    Guard g{d.events->lock};
    if (d.events->uses_fifo()) return map_control(*v, op.control_gfn, op.offset);
    Status done = switch_to_fifo(d, *v, op.control_gfn, op.offset);
    if (!done) fifo::destroy(d);
    return done;
}

Status expand_array(Domain& d, u64 frame) {
    DomainEvents& e = *d.events;
    if (!e.uses_fifo()) return Errno::opnotsupp;
    Guard g{e.lock};
    FifoDomain& f = *e.fifo.load(std::memory_order_relaxed);
    u32 port = f.words.load(std::memory_order_relaxed), end = port + kWordsPerPage;
    if (port >= EVTCHN_FIFO_NR_CHANNELS) return Errno::nospc;
    char* page = TRY(kept_page::open(Gfn{frame}, d));
    f.pages[port / kWordsPerPage] = reinterpret_cast<event_word_t*>(page);
    f.words.store(end, std::memory_order_release);
    for (; port < end && e.is_valid(Port{port}); ++port) {
        Channel& c = e.at(Port{port});
        Guard cg{c.lock};
        if (std::exchange(c.pending, false) && c.usable()) fifo::set_pending(d, c, notified_vcpu(d, c));
    }
    return {};
}

Status set_priority(Domain& d, const evtchn_set_priority& op) {
    Channel* c = d.events->find(Port{op.port});
    if (!c) return Errno::inval;
    Guard g{c->lock};
    if (!d.events->uses_fifo()) return Errno::nosys;
    if (!c->usable()) return Errno::acces;
    if (op.priority > EVTCHN_FIFO_PRIORITY_MIN) return Errno::inval;
    // An event that is on a queue stays there; the next one goes by the new priority.
    c->priority.store(static_cast<u8>(op.priority), std::memory_order_relaxed);
    return {};
}

}  // namespace xen::event
