// SPDX-License-Identifier: MIT
// The scheduler core as the rest of the hypervisor sees it. Run states, pauses and affinity are in
// common/sched; policies behind SchedPolicy. Wake and kick from any context but NMI.
#pragma once

#include <public/vcpu.h>
#include <xen/cpumask.hpp>
#include <xen/domain.hpp>
#include <xen/guest_access.hpp>

namespace xen::sched {

void init();                                   // boot CPU, after timers: idle pool, policy from `sched=`
// A CPU comes up: its idle vCPU and run queue. Called for the boot CPU by itself after init(); for another CPU before it
// starts (then it calls join_pool() itself once it takes softirqs) or by itself. It joins pool 0.
Status init_cpu(CpuId cpu);
Status join_pool(CpuId cpu);
Vcpu& idle_vcpu(CpuId cpu);
// It goes off: everything that runs or waits there is moved, and nothing will run there again. Errno::restart until that
// has happened (call again from a continuation); Errno::nodev when it belongs to another pool than 0; Errno::busy for
// pool 0's last one. Call rcu::cpu_offline when it is off.
Status remove_cpu(CpuId cpu);
Status init_domain(Domain& d, u32 cpupool);
void destroy_domain(Domain& d);
Status init_vcpu(Vcpu& v);                     // created blocked-down (VPF_down) and paused with its domain
void destroy_vcpu(Vcpu& v);

void wake(Vcpu& v);                            // runnable again if nothing holds it
void kick(Vcpu& v);                            // if it runs in guest mode elsewhere, make it look at events
void notify(Vcpu& v);                          // both, after an event became pending for it
void block();                                  // the current vCPU, unless an event is pending
void yield();
// Pauses count; sync waits until it is off its CPU.
void pause_nosync(Vcpu& v);
void pause(Vcpu& v);
void unpause(Vcpu& v);
void set_down(Vcpu& v, bool down);             // VCPUOP_up / down
bool is_down(const Vcpu& v);
bool is_running(const Vcpu& v);
bool is_blocked(const Vcpu& v);
bool is_runnable(const Vcpu& v);
bool is_polling(const Vcpu& v);
void wake_poller(Vcpu& v, Port port);          // an event arrived for a vCPU in SCHEDOP_poll
// Whichever of its vCPUs poll for that port, which an atomic read-modify-write has just marked pending (pairs with poll()).
void wake_all_pollers(Domain& d, Port port);
inline void wake_pollers(Domain& d, Port port) {
    arch::fence_after_atomic();
    if (!d.pollers.snapshot().empty()) [[unlikely]] wake_all_pollers(d, port);
}

vcpu_runstate_info runstate(const Vcpu& v);    // as of now
u64 cpu_time_of(const Domain& d);              // ns run by all vCPUs
Nanos idle_time_of(CpuId cpu);
// The deepest idle state that CPUs may use: 0 polls, 1 and above halt, which is all there is.
inline std::atomic<u32> idle_limit{1};
CpuId processor_of(const Vcpu& v);

const CpuMask& hard_affinity(const Vcpu& v);
const CpuMask& soft_affinity(const Vcpu& v);
Status set_hard_affinity(Vcpu& v, const CpuMask& m);
Status set_soft_affinity(Vcpu& v, const CpuMask& m);
u32 cpupool_of(const Domain& d);

// What XEN_DOMCTL_getdomaininfo and getvcpuinfo report of scheduling.
struct DomainState {
    bool running;      // some vCPU has a CPU
    bool blocked;      // every vCPU that is up waits for an event
    bool paused;       // by the controller or by the hypervisor
    u64 cpu_time;      // ns
    u32 online_vcpus;  // not down
    u32 highest_vcpu;
    u32 pool;
};
DomainState state_of(Domain& d);
struct VcpuState {
    bool online, blocked, running;
    u64 cpu_time;
    u32 cpu;
};
VcpuState state_of(const Vcpu& v);

// The guest pages that the vCPU registered (run state, time) could not be reached at its last switch-in, because it ran
// in guest user mode: to be called when it enters its kernel.
bool areas_due(const Vcpu& v);
void update_areas(Vcpu& v);
// The time parameters in vcpu_info and in the registered copy, when they changed since the vCPU last saw them: at every
// switch-in, and by the time code after a calibration for the current vCPU. In the vCPU's context.
void update_time(Vcpu& v);
// The same now if it is the caller, else at its next switch-in.
void tell_time_soon(Vcpu& v);

// Hypercalls.
Result<s64> sched_op(u32 cmd, GuestInOut<void> arg);
Result<s64> sched_op_compat(u32 cmd, u64 arg);
Result<s64> set_timer_op(s64 timeout);
Result<s64> vcpu_op(u32 cmd, u32 vcpu, GuestInOut<void> arg);

}  // namespace xen::sched
