// SPDX-License-Identifier: MIT
// Running something on other CPUs.
#pragma once

#include <xen/cpumask.hpp>

#include "lib/result.hpp"

namespace xen::smp {

// Runs fn(data) on each CPU of the set (this one included when in it), interrupts off there; returns when all are done.
// Interrupts on in the caller; fn must not sleep or take a lock that the caller holds.
void call_on(const CpuMask& cpus, void (*fn)(void*), void* data);
// Makes the CPU look at its softirqs.
void send_event_check(CpuId cpu);
CpuId self();

// A present CPU starts, or leaves after everything was moved off it. Callers are serialised by themselves (boot, sysctl
// under its lock). up: Errno::inval not present, exist online, io it does not answer, nomem. down: Errno::perm for CPU 0;
// what sched::remove_cpu gives (restart: call again).
Status cpu_up(CpuId cpu);
Status cpu_down(CpuId cpu);

}  // namespace xen::smp
