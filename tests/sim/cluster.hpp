// SPDX-License-Identifier: MIT
// The CPUs of the simulated machine at work: one host thread for each, which processes its softirqs and lets whichever
// vCPU the scheduler has there take a step, round after round. How the host shares its processors among the threads
// decides how many rounds a CPU makes while another stands still: a test waits for progress, not for a number of rounds.
#pragma once

#include <catch2/catch.hpp>

#include <sim/machine.hpp>
#include <sim/state.hpp>
#include <xen/sched.hpp>
#include <xen/softirq.hpp>
#include <xen/time.hpp>

#include <atomic>
#include <map>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace xen::sim {

struct Mark {
    std::atomic<bool> busy{false};
    std::atomic<u64> steps{0};
};

// Puts the thread on a CPU with whatever vCPU the scheduler has there.
class AsCpu {
public:
    explicit AsCpu(CpuId cpu) : outer_{std::exchange(arch::this_cpu_block, &sim::block(cpu))} {}
    ~AsCpu() { arch::this_cpu_block = outer_; }
    AsCpu(const AsCpu&) = delete;

private:
    arch::CpuBlock* outer_;
};

class Cluster {
public:
    Cluster(unsigned domains, u32 vcpus) {
        sim::start();
        for (Domain* d = domain::first(); d; d = domain::next(*d)) others_.push_back(d);
        for (Domain* d : others_) domain::pause_nosync(*d);   // of other tests
        for (unsigned i = 0; i < domains; ++i) domains_.push_back(&sim::create_domain({.vcpus = vcpus}));
        for (Domain* d : domains_)
            d->for_each_vcpu([&](Vcpu& v) {
                vcpus_.push_back(&v);
                marks_[&v] = std::make_unique<Mark>();
                sched::set_down(v, false);
            });
    }
    ~Cluster() {
        for (Domain* d : domains_) domain::pause_nosync(*d);
        auto nothing_more = [](Vcpu&, std::mt19937&) {};
        if (cpu_online.count() > kMostThreads) run_in_turn(20, nothing_more);
        else run(20, nothing_more);
        for (Domain* d : domains_) sim::destroy_domain(*d);
        for (Domain* d : others_) domain::unpause(*d);
    }
    void unpause() {
        for (Domain* d : domains_) REQUIRE(domain::unpause_by_controller(*d).ok());
    }
    // Every online CPU makes `rounds` rounds at least.
    template <class Step>
    void run(unsigned rounds, Step step) {
        go(rounds, [] { return false; }, step);
    }
    // Until `done`, which the threads ask after each of their rounds; false when every CPU has lost patience.
    template <class Done, class Step>
    bool run_until(Done done, Step step) {
        go(kPatience, done, step);
        return done();
    }
    // All on this thread: round after round, each CPU in its turn. What comes out is the same each time.
    template <class Step>
    void run_in_turn(unsigned rounds, Step step) {
        std::mt19937 random{rounds};
        arch::irq_enable();
        for (unsigned n = 0; n < rounds; ++n)
            for (usize cpu : cpu_online) {
                AsCpu on{CpuId{static_cast<u32>(cpu)}};
                one_round(random, step);
            }
        arch::irq_disable();
    }
    // Until each of the vCPUs has taken another step; false: one of them starves.
    bool all_step(const std::vector<Vcpu*>& who) {
        std::map<Vcpu*, u64> before;
        for (Vcpu* v : who) before[v] = mark(*v).steps.load();
        auto done = [&] {
            for (auto [v, steps] : before)
                if (mark(*v).steps.load() == steps) return false;
            return true;
        };
        return run_until(done, [](Vcpu&, std::mt19937&) {});
    }
    bool all_step() { return all_step(vcpus_); }
    Mark& mark(Vcpu& v) { return *marks_.at(&v); }
    std::vector<Vcpu*>& vcpus() { return vcpus_; }
    std::vector<Domain*>& domains() { return domains_; }

private:
    static constexpr unsigned kMostThreads = 16;   // more take turns: the host would take its time
    // Of rounds: 4 s of each CPU's own time, where a unit without credit has to wait for 0.1 s at most.
    static constexpr unsigned kPatience = 200'000;

    template <class Done, class Step>
    void go(unsigned rounds, Done done, Step step) {
        std::vector<std::thread> threads;
        std::atomic<unsigned> left{static_cast<unsigned>(cpu_online.count())};
        std::atomic<bool> over{false};
        for (usize cpu : cpu_online)
            threads.emplace_back([&, cpu] {
                AsCpu on{CpuId{static_cast<u32>(cpu)}};
                std::mt19937 random{static_cast<unsigned>(cpu * 77 + rounds)};
                arch::irq_enable();
                bool counted = false;
                for (unsigned n = 0; left.load() != 0 && !over.load(); ++n) {
                    one_round(random, step);
                    if (done()) over.store(true);
                    if (n >= rounds && !std::exchange(counted, true)) left.fetch_sub(1);
                }
                arch::irq_disable();
            });
        for (auto& t : threads) t.join();
    }

    template <class Step>
    void one_round(std::mt19937& random, Step& step) {
        sim::advance(micros(20));
        if (random() % 8 == 0) softirq::raise(softirq::Kind::timer);
        softirq::process();
        Vcpu& v = current();
        if (v.is_idle()) return;
        Mark& m = mark(v);
        if (m.busy.exchange(true)) FAIL("a vCPU is on two CPUs");
        m.steps.fetch_add(1);
        step(v, random);
        m.busy.store(false);
    }
    std::vector<Domain*> domains_, others_;
    std::vector<Vcpu*> vcpus_;
    std::map<Vcpu*, std::unique_ptr<Mark>> marks_;
};

}  // namespace xen::sim
