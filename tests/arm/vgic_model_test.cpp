// SPDX-License-Identifier: MIT
// Random lives of interrupts beside a reference that knows no list registers: what a vCPU may take next is the best of what
// is enabled, pending and not active, if it is better than what runs.
#include <catch2/catch.hpp>

#include <random>

#include "machine.hpp"

using namespace arm_test;

namespace {

constexpr unsigned kVcpus = 3, kFirst = 32, kSpis = 32;

struct Line {
    bool enabled = false, latch = false, high = false, edge = false, active = false;
    unsigned priority = 0, target = 0, taken_by = 0;
    bool pending() const { return latch || (high && !edge); }
};

struct Reference {
    Line lines[kSpis];
    unsigned running(unsigned vcpu) const {
        unsigned best = 256;
        for (const Line& l : lines)
            if (l.active && l.taken_by == vcpu && l.priority < best) best = l.priority;
        return best;
    }
    // Priority of what the vCPU must be able to take; 256: nothing.
    unsigned best(unsigned vcpu) const {
        unsigned best = 256;
        for (const Line& l : lines)
            if (l.enabled && l.pending() && !l.active && l.target == vcpu && l.priority < best) best = l.priority;
        return best < running(vcpu) ? best : 256;
    }
};

class Life {
public:
    explicit Life(unsigned seed, unsigned lists) : random_{seed} {
        machine().lists = lists;
        guest_.write(0, 0, 2);
        for (unsigned i = 0; i < kSpis; ++i) set_priority(i);
    }
    void step() {
        unsigned i = pick(kSpis);
        switch (pick(10)) {
        case 0: enable(i, true); break;
        case 1: enable(i, pick(4) != 0); break;
        case 2: raise(i); break;
        case 3: case 4: level(i, pick(2)); break;
        case 5: pend(i, pick(2)); break;
        case 6: move(i); break;
        case 7: if (!model_.lines[i].active && !model_.lines[i].pending()) set_priority(i); break;
        case 8: take(pick(kVcpus)); break;
        default: finish(pick(kVcpus)); break;
        }
    }
    void check_all() {
        // What another vCPU took is seen once that one has been through the hypervisor, which the first look makes it do.
        (void)guest_.read(0, 0x304);
        settle();
        u64 pending = guest_.read(0, 0x204), active = guest_.read(0, 0x304);
        for (unsigned i = 0; i < kSpis; ++i) {
            INFO("interrupt " << i + kFirst);
            REQUIRE((active >> i & 1) == model_.lines[i].active);
            if (!model_.lines[i].active) REQUIRE((pending >> i & 1) == model_.lines[i].pending());
        }
    }

private:
    unsigned pick(unsigned n) { return static_cast<unsigned>(random_() % n); }
    // Any vCPU may do it; every vCPU then passes through the hypervisor, as its kick makes it.
    void by_somebody(u64 offset, u64 value, unsigned bytes = 4) {
        guest_.write(pick(kVcpus), offset, value, bytes);
        settle();
    }
    void settle() {
        for (unsigned round = 0; round < 2; ++round)
            for (unsigned v = 0; v < kVcpus; ++v) guest_.enter(v);
    }
    void enable(unsigned i, bool on) {
        model_.lines[i].enabled = on;
        by_somebody(on ? 0x104 : 0x184, u64{1} << i);
    }
    void set_priority(unsigned i) {
        model_.lines[i].priority = pick(8) * 32;
        by_somebody(0x400 + kFirst + i, model_.lines[i].priority, 1);
    }
    void raise(unsigned i) {
        model_.lines[i].latch = true;
        vgic::raise_spi(guest_.domain(), kFirst + i);
        settle();
    }
    void level(unsigned i, bool high) {
        model_.lines[i].high = high;
        vgic::set_spi_line(guest_.domain(), kFirst + i, high);
        settle();
    }
    void pend(unsigned i, bool on) {
        model_.lines[i].latch = on;
        by_somebody(on ? 0x204 : 0x284, u64{1} << i);
    }
    void move(unsigned i) {
        if (model_.lines[i].active) return;
        model_.lines[i].target = pick(kVcpus);
        by_somebody(0x6000 + (kFirst + i) * 8, model_.lines[i].target, 8);
    }
    void take(unsigned v) {
        unsigned id = guest_.acknowledge(v), best = model_.best(v);
        if (id == 1023) {
            REQUIRE(best == 256);
            return;
        }
        REQUIRE((id >= kFirst && id < kFirst + kSpis));
        Line& l = model_.lines[id - kFirst];
        REQUIRE((l.enabled && l.pending() && !l.active && l.target == v));
        REQUIRE(l.priority == best);
        l.active = true;
        l.latch = false;
        l.taken_by = v;
        guest_.enter(v);
    }
    void finish(unsigned v) {
        auto& stack = guest_.cpu(v).stack;
        if (stack.empty()) return;
        unsigned id = stack.back() & 0xffff;
        guest_.end(v, id);
        model_.lines[id - kFirst].active = false;
        settle();
    }

    std::mt19937 random_;
    Guest guest_{kVcpus, vgic::Version::v3, kSpis};
    Reference model_;
};

}  // namespace

TEST_CASE("interrupts come as the reference says, with few list registers and with many") {
    for (unsigned lists : {4u, 16u})
        for (unsigned seed = 0; seed < 40; ++seed) {
            INFO("lists " << lists << " seed " << seed);
            Life life{seed, lists};
            for (unsigned n = 0; n < 1500; ++n) life.step();
            life.check_all();
        }
}
