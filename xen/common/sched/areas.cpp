// SPDX-License-Identifier: MIT
// What a vCPU sees of time without asking: the run state area that it registered, and the time parameters in its
// vcpu_info and their registered copy. All are written in the vCPU's own address space.
#include <xen/arch_vcpu.hpp>
#include <xen/sched.hpp>
#include <xen/time.hpp>

#include "common/sched/unit.hpp"

namespace xen::sched {

namespace {

bool reachable(const Vcpu& v) { return arch::kernel_addresses_mapped(v.arch); }

constexpr u64 kUpdateFlag = u64{1} << VMASST_TYPE_runstate_update_flag;

// ABI: with the update flag assist on, a reader sees XEN_RUNSTATE_UPDATE in the entry time while the rest changes. Only
// the byte with the flag is written before and after.
bool copy_runstate(const Vcpu& v) {
    const Unit& u = unit(v);
    vcpu_runstate_info r{};
    r.state = static_cast<int>(u.state);
    r.state_entry_time = static_cast<u64>(u.since.raw());
    for (usize i = 0; i < kRunStates; ++i) r.time[i] = static_cast<u64>(u.spent[i]);
    bool flagged = v.domain->vm_assist & kUpdateFlag;
    if (!flagged) return guest::copy_out(v.runstate_area, &r, sizeof(r)).ok();
    constexpr usize kLastByte = offsetof(vcpu_runstate_info, state_entry_time) + 7;
    auto* flag = reinterpret_cast<const u8*>(&r) + kLastByte;
    r.state_entry_time |= XEN_RUNSTATE_UPDATE;
    if (!guest::copy_out(v.runstate_area + kLastByte, flag, 1)) return false;
    std::atomic_thread_fence(std::memory_order_seq_cst);
    bool ok = guest::copy_out(v.runstate_area, &r, sizeof(r)).ok();
    std::atomic_thread_fence(std::memory_order_seq_cst);
    r.state_entry_time &= ~XEN_RUNSTATE_UPDATE;
    return guest::copy_out(v.runstate_area + kLastByte, flag, 1).ok() && ok;
}

// A version that is odd while the rest changes (public/xen.h, vcpu_time_info).
void write_time(vcpu_time_info& to, const vcpu_time_info& t) {
    u32 version = (shared_load(to.version) + 1) | 1;
    shared_store(to.version, version);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    shared_store(to.tsc_timestamp, t.tsc_timestamp);
    shared_store(to.system_time, t.system_time);
    shared_store(to.tsc_to_system_mul, t.tsc_to_system_mul);
    shared_store(to.tsc_shift, t.tsc_shift);
    shared_store(to.version, version + 1);
}

bool copy_time(const Vcpu& v, const vcpu_time_info& t) {
    vcpu_time_info now = t;
    now.version = shared_load(v.info->time.version) | 1;
    if (!guest::copy_out(v.time_area, &now.version, sizeof(now.version))) return false;
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (!guest::copy_out(v.time_area, &now, sizeof(now))) return false;
    std::atomic_thread_fence(std::memory_order_seq_cst);
    ++now.version;
    return guest::copy_out(v.time_area, &now.version, sizeof(now.version)).ok();
}

}  // namespace

bool tell_time(Vcpu& v) {
    Unit& u = unit(v);
    if (!v.info) return true;
    u.told_generation = time::generation();
    time::Stamp stamp = time::local_stamp();
    time::Scale scale = time::tsc_scale();
    arch::show_guest_time(*v.domain, stamp, scale);
    vcpu_time_info t{};
    t.tsc_timestamp = stamp.tsc;
    t.system_time = static_cast<u64>(stamp.system.raw());
    t.tsc_to_system_mul = scale.mul;
    t.tsc_shift = scale.shift;
    write_time(v.info->time, t);
    return !v.time_area || (reachable(v) && copy_time(v, t));
}

void write_runstate(Vcpu& v) {
    if (!reachable(v) || !copy_runstate(v)) unit(v).areas_due = true;
}

void update_time(Vcpu& v) {
    if (!v.is_idle() && !tell_time(v)) unit(v).areas_due = true;
}

void tell_time_soon(Vcpu& v) {
    unit(v).told_generation = kNeverTold;
    if (&v == &current()) update_time(v);
}

bool areas_due(const Vcpu& v) { return unit(v).areas_due; }

void update_areas(Vcpu& v) {
    Unit& u = unit(v);
    u.areas_due = false;
    if (v.runstate_area) copy_runstate(v);
    tell_time(v);
}

}  // namespace xen::sched
