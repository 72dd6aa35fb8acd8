// SPDX-License-Identifier: MIT
// 256 CPUs at work: the scheduler, RCU, the clock.
#include "machine.hpp"

#include <xen/rcu.hpp>
#include <xen/smp.hpp>
#include <xen/softirq.hpp>
#include <xen/time.hpp>

#include <set>

#include "../sim/cluster.hpp"
#include "arch/x86/platform/state.hpp"

using namespace xen;

namespace {

constexpr u32 kFrom = 255;

void nothing_more(Vcpu&, std::mt19937&) {}

void softirqs_of(u32 cpu) {
    sim::AsCpu on{CpuId{cpu}};
    arch::irq_enable();
    softirq::process();
    arch::irq_disable();
}

}  // namespace

TEST_CASE("384 vCPUs share 256 CPUs: everybody runs, and no CPU stays idle") {
    big::start();
    sim::Cluster c{3, 128};
    c.unpause();
    std::set<u32> used;
    c.run_in_turn(100, [&](Vcpu&, std::mt19937&) { used.insert(arch::cpu_id().raw()); });
    CHECK(used.size() == 256);
    u64 fewest = ~u64{0};
    for (Vcpu* v : c.vcpus()) fewest = std::min(fewest, c.mark(*v).steps.load());
    CHECK(fewest >= 10);
}

TEST_CASE("vCPUs pinned to one CPU each run there and nowhere else, up to CPU 255") {
    big::start();
    sim::Cluster c{4, 64};
    u32 next = 0;
    for (Vcpu* v : c.vcpus()) REQUIRE(sched::set_hard_affinity(*v, mask_of(CpuId{next++})).ok());
    c.unpause();
    std::vector<std::set<u32>> seen(256);
    c.run_in_turn(20, [&](Vcpu& v, std::mt19937&) {
        for (u32 i = 0; i < 256; ++i)
            if (c.vcpus()[i] == &v) seen[i].insert(arch::cpu_id().raw());
    });
    for (u32 i = 0; i < 256; ++i) REQUIRE(seen[i] == std::set<u32>{i});
}

TEST_CASE("CPU 255 goes off under a vCPU that runs there, which goes on elsewhere") {
    big::start();
    sim::Cluster c{1, 1};
    Vcpu& v = *c.vcpus()[0];
    REQUIRE(sched::set_hard_affinity(v, mask_of(CpuId{kFrom})).ok());
    c.unpause();
    c.run_in_turn(20, nothing_more);
    REQUIRE(sched::processor_of(v) == CpuId{kFrom});
    unsigned tries = 0;
    for (Status s = smp::cpu_down(CpuId{kFrom}); !s; s = smp::cpu_down(CpuId{kFrom})) {
        REQUIRE(s.error() == Errno::restart);
        REQUIRE(++tries < 100);
        c.run_in_turn(1, nothing_more);
    }
    CHECK(tries > 0);
    u64 before = c.mark(v).steps;
    c.run_in_turn(20, nothing_more);
    CHECK(c.mark(v).steps > before);
    CHECK(sched::processor_of(v) != CpuId{kFrom});
    REQUIRE(smp::cpu_up(CpuId{kFrom}).ok());
    c.run_in_turn(200, nothing_more);
    CHECK(sched::processor_of(v) == CpuId{kFrom});
}

TEST_CASE("an RCU callback waits for the last of 256 CPUs") {
    big::start();
    for (unsigned round = 0; round < 4; ++round)
        for (u32 cpu = 0; cpu < 256; ++cpu) softirqs_of(cpu);   // what earlier tests left
    static bool done;
    done = false;
    rcu::Head head;
    rcu::call(head, [](rcu::Head*) { done = true; });
    for (u32 cpu = 0; cpu < 255; ++cpu) softirqs_of(cpu);
    softirqs_of(0);
    CHECK_FALSE(done);
    softirqs_of(255);
    softirqs_of(0);
    CHECK(done);
}

TEST_CASE("what a CPU that goes off had waiting for RCU is done by another one") {
    big::start();
    static bool done;
    done = false;
    rcu::Head head;
    {
        sim::AsCpu on{CpuId{kFrom}};
        rcu::call(head, [](rcu::Head*) { done = true; });
    }
    REQUIRE(smp::cpu_down(CpuId{kFrom}).ok());
    for (unsigned round = 0; round < 4; ++round)
        for (u32 cpu = 0; cpu < 255; ++cpu) softirqs_of(cpu);
    CHECK(done);
    big::all_on();
}

TEST_CASE("a new frequency of the clock is told to the vCPUs wherever they run, up to CPU 255") {
    big::start();
    sim::Cluster c{1, 16};
    u32 next = 15;   // 15, 31 and so on
    for (Vcpu* v : c.vcpus()) REQUIRE(sched::set_hard_affinity(*v, mask_of(CpuId{std::exchange(next, next + 16)})).ok());
    c.unpause();
    c.run_in_turn(20, nothing_more);
    static bool refining = false;
    if (!std::exchange(refining, true)) platform::start_refinement();
    u32 before = time::tsc_scale().mul, generation = time::generation();
    std::vector<u32> versions;
    for (Vcpu* v : c.vcpus()) versions.push_back(v->info->time.version);
    big::drift(200);
    for (unsigned i = 0; i < 20 && time::generation() == generation; ++i) {
        sim::advance(seconds(1));
        sim::AsCpu on{CpuId{0}};
        softirq::raise(softirq::Kind::timer);
        softirqs_of(0);
    }
    big::drift(0);
    REQUIRE(time::generation() != generation);
    REQUIRE(time::tsc_scale().mul != before);
    for (u32 i = 0; i < 16; ++i) REQUIRE(c.vcpus()[i]->info->time.version == versions[i]);
    c.run_in_turn(50, nothing_more);
    for (u32 i = 0; i < 16; ++i) {
        INFO("CPU " << sched::processor_of(*c.vcpus()[i]).raw());
        CHECK(c.vcpus()[i]->info->time.version != versions[i]);
    }
}
