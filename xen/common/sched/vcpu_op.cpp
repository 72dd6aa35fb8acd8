// SPDX-License-Identifier: MIT
// The hypercall vcpu_op: a domain's own vCPUs.
#include <asm/hypercalls.hpp>
#include <public/sched.h>
#include <public/vcpu.h>
#include <xen/arch_vcpu.hpp>
#include <xen/event.hpp>
#include <xen/sched.hpp>
#include <xen/time.hpp>
#include <xen/vcpu_info.hpp>

#include "common/sched/unit.hpp"
#include "lib/scope.hpp"

namespace xen::sched {

namespace {

constexpr s64 kShortestPeriod = 1'000'000;                          // ABI
constexpr u64 kLongestPeriod = ~u64{0} >> 2;

Status initialise(Vcpu& v, GuestInOut<void> arg) {
    if (!v.info) return Errno::inval;   // numbers past the shared_info's need a registered vcpu_info first
    Box<vcpu_guest_context> context = TRY(Box<vcpu_guest_context>::create());
    TRY(guest::copy_in(context.get(), arg.raw(), sizeof(*context)));
    Guard g{v.domain->lock};
    if (v.initialised) return Errno::exist;
    TRY(arch::initialise_vcpu(v, *context));
    v.initialised = true;
    return {};
}

Status bring_up(Vcpu& v) {
    {
        Guard g{v.domain->lock};
        if (!v.initialised) return Errno::inval;
    }
    set_down(v, false);
    return {};
}

Status bring_down(Vcpu& v) {
    bool last = true;
    v.domain->for_each_vcpu([&](Vcpu& other) {
        if (&other != &v && !is_down(other)) last = false;
    });
    if (last) domain::shutdown(*v.domain, SHUTDOWN_poweroff);
    else set_down(v, true);
    return {};
}

Status set_periodic(Vcpu& v, s64 period) {
    Unit& u = unit(v);
    u.period.store(period, std::memory_order_relaxed);
    u.periodic.stop();
    u.last_tick = time::now();
    if (period && is_running(v)) u.periodic.set(u.last_tick + period);   // else when it is
    return {};
}

Status set_periodic(Vcpu& v, GuestInOut<void> arg) {
    auto op = TRY(arg.copy_in<vcpu_set_periodic_timer>());
    if (op.period_ns < static_cast<u64>(kShortestPeriod) || op.period_ns > kLongestPeriod) return Errno::inval;
    return set_periodic(v, static_cast<s64>(op.period_ns));
}

Status set_singleshot(Vcpu& v, GuestInOut<void> arg) {
    if (&v != &current()) return Errno::inval;
    auto op = TRY(arg.copy_in<vcpu_set_singleshot_timer>());
    Unit& u = unit(v);
    if (op.timeout_abs_ns < static_cast<u64>(time::now().raw())) {
        // ABI: a time that is past gives the event at once, whatever VCPU_SSHOTTMR_future says (Xen 4.17.7).
        u.singleshot.stop();
        event::send_vcpu_virq(v, VIRQ_TIMER);
    } else {
        u.singleshot.set(Nanos{static_cast<s64>(op.timeout_abs_ns)});
    }
    return {};
}

Status stop_singleshot(Vcpu& v) {
    if (&v != &current()) return Errno::inval;
    unit(v).singleshot.stop();
    return {};
}

// ABI: only where it begins is looked at; the rest shows when it is written.
bool area_ok(u64 gva) { return arch::guest_range_ok(gva, 0); }

// The first copy is made in the caller's address space, whoever the area is for.
Status register_runstate(Vcpu& v, GuestInOut<void> arg) {
    auto op = TRY(arg.copy_in<vcpu_register_runstate_memory_area>());
    if (!area_ok(op.addr.p)) return Errno::fault;
    v.runstate_area = op.addr.p;
    vcpu_runstate_info r = runstate(v);
    static_cast<void>(guest::copy_out(op.addr.p, &r, sizeof(r)));   // ABI: success even so; it is tried again
    return {};
}

Status register_time(Vcpu& v, GuestInOut<void> arg) {
    auto op = TRY(arg.copy_in<vcpu_register_time_memory_area>());
    if (!area_ok(op.addr.p)) return Errno::fault;
    v.time_area = op.addr.p;
    tell_time_soon(v);
    return {};
}

Status get_runstate(Vcpu& v, GuestInOut<void> arg) { return arg.copy_out(runstate(v)); }

Status register_info(Vcpu& v, GuestInOut<void> arg) {
    auto op = TRY(arg.copy_in<vcpu_register_vcpu_info>());
    TRY(domain::register_vcpu_info(v, Gfn{op.mfn}, op.offset));
    tell_time_soon(v);
    return {};
}

// ABI: for the hardware domain's pinned vCPUs; everybody else has no physical processor.
Status get_physid(Vcpu& v, GuestInOut<void> arg) {
    CpuMask places = hard_affinity(v) & cpu_online;
    if (!v.domain->is_hardware || places.count() != 1) return Errno::inval;
    vcpu_get_physid op{};
    op.phys_id = arch::physical_id(CpuId{static_cast<u32>(places.next())});
    return arg.copy_out(op);
}

Status send_nmi(Vcpu& v, GuestInOut<void> arg) {
    if (!arg.is_null()) return Errno::inval;
    arch::raise_nmi(v);
    wake(v);
    kick(v);
    return {};
}

Status act(u32 cmd, Vcpu& v, GuestInOut<void> arg) {
    switch (cmd) {
    case VCPUOP_initialise: return initialise(v, arg);
    case VCPUOP_up: return bring_up(v);
    case VCPUOP_down: return bring_down(v);
    case VCPUOP_get_runstate_info: return get_runstate(v, arg);
    case VCPUOP_register_runstate_memory_area: return register_runstate(v, arg);
    case VCPUOP_set_periodic_timer: return set_periodic(v, arg);
    case VCPUOP_stop_periodic_timer: return set_periodic(v, 0);
    case VCPUOP_set_singleshot_timer: return set_singleshot(v, arg);
    case VCPUOP_stop_singleshot_timer: return stop_singleshot(v);
    case VCPUOP_register_vcpu_info: return register_info(v, arg);
    case VCPUOP_send_nmi: return send_nmi(v, arg);
    case VCPUOP_get_physid: return get_physid(v, arg);
    case VCPUOP_register_vcpu_time_memory_area: return register_time(v, arg);
    default: return Errno::nosys;
    }
}

}  // namespace

Result<s64> vcpu_op(u32 cmd, u32 vcpu, GuestInOut<void> arg) {
    if (!hypercall::has_vcpu_op(cmd)) return Errno::inval;
    Vcpu* v = current_domain().vcpu(VcpuId{vcpu});
    if (!v) return Errno::noent;
    if (cmd == VCPUOP_is_up) return !is_down(*v);
    TRY(act(cmd, *v, arg));
    return 0;
}

}  // namespace xen::sched
