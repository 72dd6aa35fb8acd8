// SPDX-License-Identifier: MIT
// Event channels beside the core: which ports must be pending, on which queue, and which vCPU must have been told.
// Fed with what the guests did and what they were answered; never with what the core keeps.
#pragma once

#include <public/event_channel.h>
#include <xen/domain.hpp>

#include <array>
#include <deque>

#include "findings.hpp"

namespace xen::census {

struct EventModel;

enum class PortState : u8 { closed, unbound, interdomain, virq, ipi };

struct PortModel {
    PortState state = PortState::closed;
    EventModel* peer = nullptr;   // interdomain
    u32 peer_port = 0;
    u32 remote = 0;               // unbound: who may bind
    u32 virq = 0;
    u32 vcpu = 0;
    u32 priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
    bool pending = false, masked = false;
    bool linked = false;          // FIFO: on a queue
    bool early = false;           // FIFO: sent before its word existed
};

// A vCPU as its guest's handler sees it.
struct VcpuModel {
    u64 selector = 0;             // 2-level
    bool upcall = false;
    evtchn_fifo_control_block* control = nullptr;
    std::array<std::deque<u32>, EVTCHN_FIFO_MAX_QUEUES> queues{};
    u32 ready = 0;                // as it must stand in the control block
    u32 taken = 0;                // what the handler has taken of it
    std::array<u32, EVTCHN_FIFO_MAX_QUEUES> heads{};   // the handler's own: 0, look at the control block
};

struct EventModel {
    static constexpr u32 kPorts = 256, kVcpus = 2;
    Domain* d = nullptr;
    bool fifo = false;
    u32 words = 0;                // FIFO: ports below have a word
    std::array<PortModel, kPorts> ports{};
    std::array<VcpuModel, kVcpus> vcpus{};

    void open(u32 port, PortState state, u32 vcpu = 0);
    void close(u32 port);
    void connect(u32 port, EventModel& to, u32 there);
    void send(u32 port);                         // by the guest, on a port of its own
    void fire(u32 port);
    void unmask(u32 port);
    void to_fifo();
    void add_control(u32 vcpu, evtchn_fifo_control_block* at) { vcpus[vcpu].control = at; }
    void add_words(u32 n);
    void reset();                                // all ports are closed, back to two levels
    void info_moved(u32 vcpu);
    u32 virq_port(u32 virq, u32 vcpu) const;

    event_word_t* word(u32 port) const;
    // The guest masks, and handles what is there: at most `most` events of a FIFO queue at a time.
    void mask(u32 port);
    void handle(u32 vcpu, unsigned most, Findings& wrong);
    void check(Findings& wrong);

private:
    void select(u32 vcpu, u32 port);
    void fire_fifo(u32 port);
    void enqueue(u32 port);
    void handle_words(u32 vcpu);
    bool take_one(u32 vcpu, Findings& wrong);
    void check_words(Findings& wrong);
    void check_queues(Findings& wrong);
    void check_queue(u32 vcpu, u32 priority, Findings& wrong);
};

}  // namespace xen::census
