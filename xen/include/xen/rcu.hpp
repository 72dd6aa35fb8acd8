// SPDX-License-Identifier: MIT
// Deferred freeing: call() runs fn once every CPU has passed its outermost frame (softirq processing or
// idle) after the call. A reader needs no mark beyond not passing that point. Callbacks run in the rcu softirq
// of the CPU that called call(), interrupts on, no lock held.
#pragma once

#include "lib/index.hpp"
#include "lib/list.hpp"

namespace xen::rcu {

struct Head {
    Head* next = nullptr;
    void (*fn)(Head*) = nullptr;
};

void init();               // boot CPU: takes the softirq
void call(Head& head, void (*fn)(Head*));   // any context but NMI
void quiescent();          // this CPU is in its outermost frame
// This CPU will not read until idle_exit(), and nobody waits for it. May raise softirqs: look at them afterwards.
void idle_enter();
void idle_exit();
void barrier_poll();       // runs what is due on this CPU
void cpu_offline(CpuId cpu);  // it is off: nobody waits for it, its callbacks run on the caller's CPU

}  // namespace xen::rcu
