// SPDX-License-Identifier: MIT
// What the credit scheduler promises, in simulated time: weights, caps, affinity, no starvation, quick wake-ups,
// no idle CPU beside waiting units, pools apart from each other.
#include <catch2/catch.hpp>

#include <public/domctl.h>
#include <public/sysctl.h>

#include "lib/maybe.hpp"
#include "sched_simulator.hpp"

using namespace xen;
using sim::Machine;

namespace {

constexpr s64 kMs = 1'000'000, kSecond = 1000 * kMs;

CpuMask cpus(std::initializer_list<unsigned> list) {
    CpuMask m;
    for (unsigned c : list) m.set(c);
    return m;
}

CpuMask all_cpus() {
    CpuMask m;
    m.set_all();
    return m;
}

Machine& with_cpus(Machine& m, unsigned n) {
    unsigned pool = m.add_pool();
    for (unsigned i = 0; i < n; ++i) m.add_cpu(pool, i);
    return m;
}

void settle_and_run(Machine& m, s64 ns) {
    m.run_for(kSecond);
    m.reset_statistics();
    m.run_for(ns);
}

}  // namespace

TEST_CASE("equal hogs share one CPU equally") {
    Machine m{1};
    with_cpus(m, 1);
    for (int i = 0; i < 5; ++i) m.add_unit(m.add_domain(0), "hog");
    settle_and_run(m, 20 * kSecond);
    for (auto& u : m.units()) CHECK(m.share(*u) == Approx(0.2).margin(0.01));
    CHECK(m.cpu(0).idle == 0);
}

TEST_CASE("weights give proportional shares on one CPU") {
    Machine m{1};
    with_cpus(m, 1);
    auto& a = m.add_domain(0, 256);
    auto& b = m.add_domain(0, 512);
    auto& c = m.add_domain(0, 1024);
    for (auto* d : {&a, &b, &c}) m.add_unit(*d, "hog");
    settle_and_run(m, 30 * kSecond);
    CHECK(m.share(a) == Approx(1.0 / 7).margin(0.015));
    CHECK(m.share(b) == Approx(2.0 / 7).margin(0.015));
    CHECK(m.share(c) == Approx(4.0 / 7).margin(0.015));
}

TEST_CASE("weights give proportional shares on many CPUs") {
    unsigned n = GENERATE(2u, 4u, 8u);
    Machine m{n, n};
    with_cpus(m, n);
    auto& light = m.add_domain(0, 256);
    auto& heavy = m.add_domain(0, 768);
    for (unsigned i = 0; i < 2 * n; ++i) {
        m.add_unit(light, "light");
        m.add_unit(heavy, "heavy");
    }
    settle_and_run(m, 20 * kSecond);
    CHECK(m.share(light) == Approx(n * 0.25).epsilon(0.10));
    CHECK(m.share(heavy) == Approx(n * 0.75).epsilon(0.05));
    for (unsigned i = 0; i < n; ++i) CHECK(m.cpu(i).idle < kSecond / 100);
}

TEST_CASE("a weight that cannot be used goes to the others") {
    Machine m{2};
    with_cpus(m, 2);
    auto& heavy = m.add_domain(0, 60000);
    auto& light = m.add_domain(0, 64);
    m.add_unit(heavy, "heavy");
    m.add_unit(light, "light");
    settle_and_run(m, 5 * kSecond);
    CHECK(m.share(heavy) == Approx(1.0).margin(0.01));
    CHECK(m.share(light) == Approx(1.0).margin(0.01));
}

TEST_CASE("caps hold on an idle machine") {
    u16 cap = GENERATE(u16{5}, u16{25}, u16{50}, u16{99});
    Machine m{2};
    with_cpus(m, 2);
    auto& d = m.add_domain(0, 256, cap);
    m.add_unit(d, "capped");
    settle_and_run(m, 20 * kSecond);
    CHECK(m.share(d) == Approx(cap / 100.0).margin(0.012));
}

TEST_CASE("a cap above one CPU bounds the whole domain") {
    Machine m{4};
    with_cpus(m, 4);
    auto& d = m.add_domain(0, 256, 150);
    for (int i = 0; i < 3; ++i) m.add_unit(d, "capped");
    auto& other = m.add_domain(0);
    m.add_unit(other, "free");
    settle_and_run(m, 20 * kSecond);
    CHECK(m.share(d) == Approx(1.5).margin(0.05));
    CHECK(m.share(other) == Approx(1.0).margin(0.01));
}

TEST_CASE("a cap does not take from the others, and ends when it is lifted") {
    Machine m{1};
    with_cpus(m, 1);
    auto& capped = m.add_domain(0, 256, 20);
    auto& open = m.add_domain(0, 256);
    m.add_unit(capped, "capped");
    m.add_unit(open, "open");
    settle_and_run(m, 10 * kSecond);
    CHECK(m.share(capped) == Approx(0.2).margin(0.01));
    CHECK(m.share(open) == Approx(0.8).margin(0.01));
    m.set_parameters(capped, 256, 0);
    settle_and_run(m, 10 * kSecond);
    CHECK(m.share(capped) == Approx(0.5).margin(0.02));
}

TEST_CASE("sleepers in a capped domain stay below the cap") {
    Machine m{2};
    with_cpus(m, 2);
    auto& d = m.add_domain(0, 256, 30);
    for (int i = 0; i < 4; ++i) m.add_unit(d, "bursty", 4 * kMs, 6 * kMs).random = true;
    settle_and_run(m, 20 * kSecond);
    CHECK(m.share(d) < 0.33);
    CHECK(m.share(d) > 0.15);
}

TEST_CASE("hard affinity is never violated and does not idle CPUs") {
    Machine m{4};
    with_cpus(m, 4);
    auto& d = m.add_domain(0);
    auto& pinned = m.add_unit(d, "pinned");
    m.set_affinity(pinned, cpus({2}), all_cpus());
    auto& half = m.add_unit(d, "half");
    m.set_affinity(half, cpus({2, 3}), all_cpus());
    for (int i = 0; i < 6; ++i) m.add_unit(d, "free", 3 * kMs, 2 * kMs).random = true;
    settle_and_run(m, 10 * kSecond);   // the simulator aborts on a violation
    CHECK(pinned.ran_on[2] == pinned.ran);
    CHECK(half.ran_on[0] + half.ran_on[1] == 0);
    CHECK(m.share(pinned) > 0.3);
}

TEST_CASE("affinity changes are followed while running, waiting and sleeping") {
    Machine m{4, 7};
    with_cpus(m, 4);
    auto& d = m.add_domain(0);
    for (int i = 0; i < 8; ++i) m.add_unit(d, "unit", i % 2 ? 0 : 2 * kMs, 1 * kMs);
    for (unsigned round = 0; round < 200; ++round) {
        m.run_for(7 * kMs);
        unsigned i = 0;
        for (auto& u : m.units()) m.set_affinity(*u, cpus({(round + i++) % 4}), all_cpus());
    }
    m.run_for(kMs);   // they have left
    m.reset_statistics();
    m.run_for(kSecond);
    for (auto& u : m.units()) CHECK(u->ran > 0);
    for (auto& u : m.units())
        for (unsigned c = 0; c < 4; ++c)
            if (!u->allowed.test(c)) CHECK(u->ran_on[c] == 0);
}

TEST_CASE("soft affinity is preferred while those CPUs are free") {
    Machine m{4};
    with_cpus(m, 4);
    auto& d = m.add_domain(0);
    auto& a = m.add_unit(d, "a", 5 * kMs, 5 * kMs);
    auto& b = m.add_unit(d, "b");
    m.set_affinity(a, all_cpus(), cpus({3}));
    m.set_affinity(b, all_cpus(), cpus({1}));
    settle_and_run(m, 5 * kSecond);
    CHECK(static_cast<double>(a.ran_on[3]) > 0.95 * static_cast<double>(a.ran));
    CHECK(static_cast<double>(b.ran_on[1]) > 0.95 * static_cast<double>(b.ran));
}

TEST_CASE("soft affinity does not leave CPUs idle") {
    Machine m{4};
    with_cpus(m, 4);
    auto& d = m.add_domain(0);
    for (int i = 0; i < 4; ++i) m.set_affinity(m.add_unit(d, "hog"), all_cpus(), cpus({0}));
    settle_and_run(m, 5 * kSecond);
    for (auto& u : m.units()) CHECK(m.share(*u) == Approx(1.0).margin(0.05));
}

TEST_CASE("nobody starves among many hogs of very different weights") {
    Machine m{2, 3};
    with_cpus(m, 2);
    for (u16 w : {u16{16}, u16{64}, u16{256}, u16{1024}, u16{4096}})
        for (int i = 0; i < 4; ++i) m.add_unit(m.add_domain(0, w), "hog" + std::to_string(w));
    settle_and_run(m, 60 * kSecond);
    for (auto& u : m.units()) {
        CHECK(u->ran > 0);
        CHECK(u->longest_wait < 30 * kSecond);
    }
}

TEST_CASE("yielding units do not starve anybody, and are not starved") {
    Machine m{1};
    with_cpus(m, 1);
    auto& polite = m.add_unit(m.add_domain(0), "polite");
    polite.yield_every = 50'000;
    auto& hog = m.add_unit(m.add_domain(0), "hog");
    settle_and_run(m, 10 * kSecond);
    CHECK(m.share(polite) + m.share(hog) > 0.99);
    CHECK(m.share(hog) > 0.4);
    CHECK(polite.ran > 0);
    CHECK(polite.longest_wait < 200 * kMs);
}

TEST_CASE("no rhythm of running and sleeping takes from a hog's share") {
    const s64 beside = GENERATE(0, 1);   // a third domain that is mostly asleep, as dom0 is
    const s64 work = GENERATE(1'000, 900'000, 1'100'000, 9'700'000, 14'900'000, 29'900'000, 45'000'000);
    const s64 rest = GENERATE(1'000, 100'000, 300'000, 5'000'000, 15'000'000);
    CAPTURE(beside, work, rest);
    Machine m{1};
    with_cpus(m, 1);
    auto& hog = m.add_unit(m.add_domain(0), "hog");
    m.add_unit(m.add_domain(0), "schemer", work, rest);
    if (beside) m.add_unit(m.add_domain(0), "dom0", 100'000, 23 * kMs);
    settle_and_run(m, 6 * kSecond);
    CHECK(m.share(hog) > (beside ? 0.5 * (1 - 0.1 / 23.1) : 0.5) * 0.96);
}

TEST_CASE("a waking unit with credit runs before hogs") {
    Machine m{1};
    with_cpus(m, 1);
    for (int i = 0; i < 6; ++i) m.add_unit(m.add_domain(0), "hog");
    auto& interactive = m.add_unit(m.add_domain(0), "interactive", 200'000, 20 * kMs);
    interactive.random = true;
    settle_and_run(m, 20 * kSecond);
    CHECK(interactive.worst_wake < 2 * kMs);   // the rate limit, and a moment
    CHECK(interactive.wakes > 500);
}

TEST_CASE("wake-ups are quick on many CPUs full of hogs") {
    Machine m{8, 5};
    with_cpus(m, 8);
    for (int i = 0; i < 24; ++i) m.add_unit(m.add_domain(0), "hog");
    std::vector<sim::Unit*> interactive;
    for (int i = 0; i < 8; ++i) {
        interactive.push_back(&m.add_unit(m.add_domain(0), "interactive", 300'000, 15 * kMs));
        interactive.back()->random = true;
    }
    settle_and_run(m, 20 * kSecond);
    for (sim::Unit* u : interactive) {
        CHECK(static_cast<double>(u->total_wake) / static_cast<double>(u->wakes) < 1.2 * kMs);
        CHECK(u->worst_wake < 12 * kMs);
    }
}

TEST_CASE("no CPU is idle while a unit waits for it") {
    u64 seed = GENERATE(1u, 2u, 3u, 4u, 5u);
    Machine m{6, seed};
    with_cpus(m, 6);
    for (int i = 0; i < 14; ++i) m.add_unit(m.add_domain(0), "mixed", (1 + i % 5) * kMs, (1 + i % 3) * kMs).random = true;
    settle_and_run(m, 10 * kSecond);
    s64 wasted = 0, idle = 0;
    for (unsigned i = 0; i < 6; ++i) {
        wasted += m.cpu(i).idle_while_waiting;
        idle += m.cpu(i).idle;
    }
    CHECK(wasted < 60 * kSecond / 200);   // half a percent of the machine
    INFO("idle " << idle);
}

TEST_CASE("pools do not touch each other") {
    Machine m{4};
    unsigned a = m.add_pool(), b = m.add_pool();
    m.add_cpu(a, 0);
    m.add_cpu(b, 1);
    m.add_cpu(b, 2);
    m.add_cpu(b, 3);
    auto& alone = m.add_unit(m.add_domain(a), "alone", 5 * kMs, 5 * kMs);
    for (int i = 0; i < 9; ++i) m.add_unit(m.add_domain(b), "crowd");
    settle_and_run(m, 5 * kSecond);
    CHECK(alone.worst_wake < kMs);
    CHECK(alone.ran_on[0] == alone.ran);
    for (auto& u : m.units())
        if (u.get() != &alone) CHECK(u->ran_on[0] == 0);
}

TEST_CASE("a CPU that joins a pool is used") {
    Machine m{2};
    with_cpus(m, 1);
    for (int i = 0; i < 2; ++i) m.add_unit(m.add_domain(0), "hog");
    m.run_for(kSecond);
    m.add_cpu(0, 1);
    settle_and_run(m, 5 * kSecond);
    for (auto& u : m.units()) CHECK(m.share(*u) == Approx(1.0).margin(0.01));
}

TEST_CASE("decisions stay rare when nothing waits") {
    Machine m{4};
    with_cpus(m, 4);
    for (int i = 0; i < 4; ++i) m.add_unit(m.add_domain(0), "hog");
    settle_and_run(m, 10 * kSecond);
    CHECK(m.decisions < 4 * 10 * 200);   // fewer than 200 a second for each CPU
}

TEST_CASE("thousands of units on hundreds of CPUs") {
    Machine m{200, 9};
    with_cpus(m, 200);
    auto& light = m.add_domain(0, 128);
    auto& heavy = m.add_domain(0, 384);
    for (int i = 0; i < 600; ++i) {
        m.add_unit(light, "light");
        m.add_unit(heavy, "heavy");
    }
    m.run_for(kSecond / 2);
    m.reset_statistics();
    m.run_for(2 * kSecond);
    CHECK(m.share(light) == Approx(50).epsilon(0.15));
    CHECK(m.share(heavy) == Approx(150).epsilon(0.06));
}

TEST_CASE("every one of 256 CPUs runs its unit, and who wakes finds the one that is idle") {
    Machine m{256, 5};
    with_cpus(m, 256);
    for (int i = 0; i < 255; ++i) m.add_unit(m.add_domain(0), "hog");
    auto& sleeper = m.add_unit(m.add_domain(0), "sleeper", kMs, 3 * kMs);
    m.run_for(kSecond / 2);
    m.reset_statistics();
    m.run_for(kSecond);
    double all = 0;
    for (auto& u : m.units()) all += m.share(*u);
    CHECK(all == Approx(255.25).epsilon(0.002));
    CHECK(sleeper.worst_wake < kMs);
    for (unsigned i = 0; i < 256; ++i) CHECK(m.cpu(i).idle_while_waiting < 20 * kMs);
}

TEST_CASE("scheduler parameters are checked as Xen does") {
    Machine m{1};
    with_cpus(m, 1);
    auto& p = m.policy(0);
    xen_sysctl_scheduler_op op{};
    op.cmd = XEN_SYSCTL_SCHEDOP_getinfo;
    REQUIRE(p.parameters(op).ok());
    CHECK(op.u.sched_credit.tslice_ms == 30);
    CHECK(op.u.sched_credit.ratelimit_us == 1000);
    CHECK(op.u.sched_credit.vcpu_migr_delay_us == 0);
    op.cmd = XEN_SYSCTL_SCHEDOP_putinfo;
    for (u32 slice : {0u, 1001u}) {
        op.u.sched_credit = {.tslice_ms = slice, .ratelimit_us = 1000, .vcpu_migr_delay_us = 0};
        CHECK(p.parameters(op).error() == Errno::inval);
    }
    op.u.sched_credit = {.tslice_ms = 5, .ratelimit_us = 6000, .vcpu_migr_delay_us = 0};
    CHECK(p.parameters(op).error() == Errno::inval);
    op.u.sched_credit = {.tslice_ms = 5, .ratelimit_us = 0, .vcpu_migr_delay_us = 100'001};
    CHECK(p.parameters(op).error() == Errno::inval);
    op.u.sched_credit = {.tslice_ms = 5, .ratelimit_us = 500, .vcpu_migr_delay_us = 1000};
    CHECK(p.parameters(op).ok());
    auto& d = m.add_domain(0, 777, 42);
    xen_domctl_scheduler_op dop{};
    dop.cmd = XEN_DOMCTL_SCHEDOP_getinfo;
    REQUIRE(p.parameters(d.policy, dop).ok());
    CHECK(dop.u.credit.weight == 777);
    CHECK(dop.u.credit.cap == 42);
    dop.cmd = XEN_DOMCTL_SCHEDOP_getvcpuinfo;
    CHECK(p.parameters(d.policy, dop).error() == Errno::inval);
}

TEST_CASE("random histories break no rule") {
    u64 seed = GENERATE(range(1, 41));
    constexpr unsigned kCpus = 6;
    Machine m{kCpus, seed};
    with_cpus(m, kCpus);
    u64 state = seed * 7919 + 13;
    auto random = [&](unsigned below) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        return static_cast<unsigned>(state >> 33) % below;
    };
    std::vector<sim::Domain*> domains;
    std::vector<sim::Unit*> units;
    for (unsigned i = 0; i < 5; ++i) {
        domains.push_back(&m.add_domain(0, static_cast<u16>(1 + random(2000))));
        for (unsigned n = 1 + random(4); n; --n) {
            auto& u = m.add_unit(*domains.back(), "random", random(3) ? random(8) * kMs / 2 : 0, 1 + random(6) * kMs);
            u.random = true;
            u.yield_every = random(4) ? 0 : 300'000;
            units.push_back(&u);
        }
    }
    Maybe<unsigned> away{};
    for (unsigned step = 0; step < 300; ++step) {
        m.run_for(random(20) * kMs / 4 + 1);
        sim::Unit& u = *units[random(static_cast<unsigned>(units.size()))];
        switch (random(6)) {
        case 0: m.set_affinity(u, cpus({random(kCpus), random(kCpus)}), all_cpus()); break;
        case 1: m.set_affinity(u, all_cpus(), cpus({random(kCpus), random(kCpus)})); break;
        case 2: m.set_parameters(*u.domain, static_cast<u16>(1 + random(5000)), 0xffff); break;
        case 3: m.set_parameters(*u.domain, 0, static_cast<u16>(random(2) ? random(300) : 0)); break;
        default:
            if (away) {
                m.add_cpu(0, *away);
                away = nothing;
            } else {
                away = random(kCpus);
                m.evacuate_cpu(*away);
                m.run_for(3 * kMs);
                m.remove_evacuated_cpu(*away);
            }
        }
    }
    for (auto* d : domains) m.set_parameters(*d, 256, 0);
    for (auto* u : units) m.set_affinity(*u, all_cpus(), all_cpus());
    m.run_for(kSecond);
    m.reset_statistics();
    m.run_for(5 * kSecond);
    for (auto* u : units) CHECK(u->ran > 0);
}
