// SPDX-License-Identifier: MIT
#include "lives.hpp"

#include <asm/mm.hpp>
#include <sim/machine.hpp>
#include <sim/state.hpp>
#include <xen/option.hpp>
#include <xen/rcu.hpp>
#include <xen/softirq.hpp>

namespace xen::census {

void stand_on(unsigned cpu) { arch::this_cpu_block = &sim::block(CpuId{cpu}); }

void open_window(const void* start, usize bytes) {
    sim::state().window_start = reinterpret_cast<u64>(start);
    sim::state().window_bytes = bytes;
}

void start_machine(unsigned memory_mib) {
    sim::start({.memory_mib = memory_mib, .cpus = kCpus});
    option::parse("noreboot loglvl=none guest_loglvl=none");
}

Domain* new_domain(bool privileged) {
    domain::CreateInfo info;
    u16 id = 1;
    while (domain::peek(DomId{id})) ++id;
    info.id = DomId{id};
    info.max_vcpus = 2;
    info.max_grant_frames = 4;
    info.max_maptrack_frames = 1;
    info.privileged = info.hardware = privileged;
    auto d = domain::create(info);
    if (!d) return nullptr;
    d.value().max_pages = 40;
    for (u32 i = 0; i < 2; ++i) {
        auto v = domain::create_vcpu(d.value(), VcpuId{i});
        if (!v || !mm::init_perdomain_vcpu(v.value())) {   // as with its first context
            end_domain(d.value());
            return nullptr;
        }
        v.value().initialised = true;
        v.value().arch.in_kernel = true;
    }
    return &d.value();
}

void end_domain(Domain& d) {
    while (!domain::kill(d)) {
    }
    bury();
}

void bury() {
    for (unsigned round = 0; round < 4; ++round)
        for (unsigned cpu = 0; cpu < kCpus; ++cpu) {
            stand_on(cpu);
            rcu::quiescent();
            rcu::barrier_poll();
        }
}

void forget_softirqs() {
    for (unsigned cpu = 0; cpu < kCpus; ++cpu) {
        stand_on(cpu);
        softirq::pending_mask.local().store(0, std::memory_order_relaxed);
    }
}

}  // namespace xen::census
