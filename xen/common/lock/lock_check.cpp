// SPDX-License-Identifier: MIT
// Lock ranks at run time (debug builds): how many locks of each rank this CPU holds; a lock may only be taken below
// the lowest one held, or at it by a pair in address order.
#include <xen/lock.hpp>

#include <xen/log.hpp>

#include "lib/string.hpp"

namespace xen::lock_check {
namespace {

constexpr unsigned kRanks = static_cast<unsigned>(LockRank::count);
struct Held {
    u8 counts[kRanks];
};
XEN_PERCPU constinit PerCpu<Held> held;

unsigned lowest(const Held& h) {
    unsigned rank = 0;
    while (rank < kRanks && !h.counts[rank]) ++rank;
    return rank;
}

}  // namespace

void taken(LockRank rank, bool pair) {
    Held& h = held.local();
    unsigned r = static_cast<unsigned>(rank);
    unsigned low = lowest(h);
    if (r > low || (r == low && !pair)) panic("lock order: rank %u taken while rank %u is held", r, low);
    ++h.counts[r];
}

void released(LockRank rank) { --held.local().counts[static_cast<unsigned>(rank)]; }

InterruptScope::InterruptScope() {
    Held& h = held.local();
    memcpy(held_, h.counts, sizeof held_);
    h = {};
}
InterruptScope::~InterruptScope() { memcpy(held.local().counts, held_, sizeof held_); }

bool none_held() { return lowest(held.local()) == kRanks; }

}  // namespace xen::lock_check
