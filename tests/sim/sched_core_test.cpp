// SPDX-License-Identifier: MIT
// The scheduler core on the simulated machine: one host thread for each CPU, vCPUs that block, yield, wake and pause each
// other, affinity and pools that change meanwhile. A vCPU must never be on two CPUs, never run while it is held, never
// be lost, and its run state times must add up to the time that passed.
#include <catch2/catch.hpp>

#include <public/sched.h>
#include <public/sysctl.h>
#include <xen/cpupool.hpp>
#include <xen/event.hpp>
#include <xen/rcu.hpp>

#include "cluster.hpp"
#include "common/event/port.hpp"

using namespace xen;
using sim::Cluster;

namespace {

CpuMask random_cpus(std::mt19937& random) {
    CpuMask m;
    for (usize cpu : cpu_online)
        if (random() % 2) m.set(cpu);
    return m;
}

void check_times(Vcpu& v, Nanos born) {
    vcpu_runstate_info r = sched::runstate(v);
    u64 sum = r.time[0] + r.time[1] + r.time[2] + r.time[3];
    u64 lived = static_cast<u64>(time::now() - born);
    CHECK(sum <= lived + 1'000'000);
}

}  // namespace

TEST_CASE("vCPUs run when they are up and unpaused, and only then") {
    Cluster c{2, 2};
    c.run(200, [](Vcpu&, std::mt19937&) {});
    for (Vcpu* v : c.vcpus()) CHECK(c.mark(*v).steps == 0);
    c.unpause();
    CHECK(c.all_step());
    sched::DomainState s = sched::state_of(*c.domains()[0]);
    CHECK(s.online_vcpus == 2);
    CHECK(!s.paused);
    CHECK(s.cpu_time > 0);
}

TEST_CASE("blocking and waking loses nobody") {
    Cluster c{2, 4};
    Nanos born = time::now();
    c.unpause();
    auto& all = c.vcpus();
    c.run(4000, [&](Vcpu& v, std::mt19937& random) {
        switch (random() % 5) {
        case 0: sched::block(); break;
        case 1: sched::yield(); break;
        case 2: sched::wake(*all[random() % all.size()]); break;
        case 3: sched::kick(*all[random() % all.size()]); break;
        default: event::mark_pending(*all[random() % all.size()]); break;
        }
        if (v.info) shared_store(v.info->evtchn_upcall_pending, u8{0});
    });
    for (Vcpu* v : all) sched::wake(*v);
    CHECK(c.all_step());
    for (Vcpu* v : all) check_times(*v, born);
}

TEST_CASE("pauses and affinity and poll in any order lose nobody") {
    Cluster c{3, 3};
    c.unpause();
    auto& all = c.vcpus();
    c.run(4000, [&](Vcpu& v, std::mt19937& random) {
        Vcpu& other = *all[random() % all.size()];
        switch (random() % 7) {
        case 0: sched::block(); break;
        case 1: sched::wake(other); break;
        case 2:
            sched::pause_nosync(other);
            sched::unpause(other);
            break;
        case 3: static_cast<void>(sched::set_hard_affinity(other, random_cpus(random))); break;
        case 4: static_cast<void>(sched::set_soft_affinity(other, random_cpus(random))); break;
        case 5: {
            sched_poll op{};
            op.timeout = static_cast<u64>((time::now() + micros(500).raw()).raw());
            CHECK(sched::sched_op(SCHEDOP_poll, GuestInOut<void>{sim::address(op)}).ok());
            break;
        }
        default: sched::set_down(other, random() % 2); break;
        }
        if (v.info) shared_store(v.info->evtchn_upcall_pending, u8{0});
    });
    CpuMask everywhere;
    everywhere.set_all();
    for (Vcpu* v : all) {
        sched::set_down(*v, false);
        sched::wake(*v);
        CHECK(sched::set_hard_affinity(*v, everywhere).ok());
    }
    CHECK(c.all_step());
}

TEST_CASE("CPUs leave and join pools while vCPUs run, and domains move") {
    Cluster c{2, 3};
    c.unpause();
    u32 pool = sched::create_pool(XEN_SYSCTL_CPUPOOL_PAR_ANY, sched::default_scheduler()).value();
    CHECK(sched::create_pool(pool, sched::default_scheduler()).error() == Errno::exist);
    CHECK(sched::create_pool(7, 99).error() == Errno::noent);
    auto until_done = [&](auto f) {
        for (;;) {
            Status s = f();
            if (s || s.error() != Errno::restart) return s.ok();
            c.run(50, [](Vcpu&, std::mt19937&) {});
        }
    };
    u32 last = static_cast<u32>(cpu_online.count() - 1);
    Domain& mover = *c.domains()[1];
    for (int round = 0; round < 5; ++round) {
        CHECK(until_done([&] { return sched::remove_cpu_from_pool(0, last); }));
        CHECK(sched::free_cpus().test(last));
        CHECK(sched::remove_cpu_from_pool(0, last).error() == Errno::addrnotavail);
        CHECK(sched::add_cpu_to_pool(pool, last).ok());
        CHECK(sched::add_cpu_to_pool(pool, last).error() == Errno::nodev);
        domain::pause_nosync(mover);
        c.run(50, [](Vcpu&, std::mt19937&) {});
        CHECK(sched::move_domain(mover, pool).ok());
        CHECK(sched::cpupool_of(mover) == pool);
        CHECK(sched::pool_info(pool).value().domains == 1);
        CHECK(sched::destroy_pool(pool).error() == Errno::busy);
        CHECK(sched::remove_cpu_from_pool(pool, last).error() == Errno::busy);
        domain::unpause(mover);
        std::atomic<bool> wrong{false};
        c.run(1000, [&](Vcpu& v, std::mt19937&) {
            bool there = arch::cpu_id().raw() == last;
            if (there != (v.domain == &mover)) wrong = true;
        });
        CHECK(!wrong);
        domain::pause_nosync(mover);
        c.run(50, [](Vcpu&, std::mt19937&) {});
        CHECK(sched::move_domain(mover, 0).ok());
        domain::unpause(mover);
        CHECK(until_done([&] { return sched::remove_cpu_from_pool(pool, last); }));
        CHECK(sched::add_cpu_to_pool(0, last).ok());
    }
    CHECK(sched::destroy_pool(pool).ok());
    CHECK(sched::destroy_pool(pool).error() == Errno::noent);
    CHECK(c.all_step());
}

TEST_CASE("a CPU that goes off leaves nobody behind, and may come back") {
    Cluster c{1, 4};
    c.unpause();
    c.run(500, [](Vcpu&, std::mt19937&) {});
    CpuId last{static_cast<u32>(cpu_online.count() - 1)};
    for (int round = 0; round < 3; ++round) {
        for (;;) {
            Status s = sched::remove_cpu(last);
            if (s) break;
            REQUIRE(s.error() == Errno::restart);
            c.run(50, [](Vcpu&, std::mt19937&) {});
        }
        std::atomic<bool> there{false};
        auto look = [&](Vcpu&, std::mt19937&) {
            if (arch::cpu_id() == last) there = true;
        };
        c.run(1000, look);
        CHECK(c.all_step());
        CHECK(!there);
        CHECK(sched::init_cpu(last).ok());
        CHECK(sched::join_pool(last).ok());
        CHECK(c.run_until([&] { return there.load(); }, look));
    }
}

TEST_CASE("RCU callbacks run once, after every CPU has passed, on several CPUs at a time") {
    Cluster c{1, 2};
    struct Item {
        rcu::Head head;
        std::atomic<int>* freed;
    };
    std::atomic<int> freed{0}, made{0};
    c.unpause();
    auto enough = [&] { return made.load() > 1000; };
    CHECK(c.run_until(enough, [&](Vcpu&, std::mt19937& random) {
        if (random() % 4) return;
        auto* item = new Item{{}, &freed};
        ++made;
        rcu::call(item->head, [](rcu::Head* h) {
            auto* i = reinterpret_cast<Item*>(h);
            ++*i->freed;
            delete i;
        });
    }));
    CHECK(c.run_until([&] { return freed == made; }, [](Vcpu&, std::mt19937&) {}));
}
