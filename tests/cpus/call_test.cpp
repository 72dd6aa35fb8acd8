// SPDX-License-Identifier: MIT
// Interrupts between CPUs: what is written for a set of them, and calls that 256 CPUs make of each other.
#include "machine.hpp"

#include <asm/cpu.hpp>
#include <asm/vectors.hpp>
#include <xen/apic.hpp>
#include <xen/smp.hpp>
#include <xen/tlb.hpp>

#include <array>
#include <thread>

#include "../sim/cluster.hpp"
#include "arch/x86/platform/state.hpp"
#include "common/smp/smp.hpp"
#include "drivers/apic/local.hpp"
#include "drivers/apic/registers.hpp"

using namespace xen;
using big::Command;

namespace {

constexpr u32 kAssert = 1 << 14, kNmi = 4 << 8;

std::array<std::atomic<bool>, kMaxCpus> told;
std::atomic<u32> called_while_off{0};

// Every CPU a thread, that takes the call's interrupt when it was sent one.
class Threads {
public:
    Threads() {
        big::start();
        big::deliver_to([](CpuId cpu, u8 vector) {
            if (vector == vectors::kCallFunction) told[cpu.raw()].store(true);
        });
    }
    ~Threads() { big::deliver_to(nullptr); }
    // F(cpu) on each, and then calls are taken until all are through.
    template <class F>
    void run(F f) {
        std::vector<std::thread> threads;
        std::atomic<usize> busy{cpu_online.count()};
        for (usize cpu : cpu_online.snapshot())
            threads.emplace_back([&, cpu] {
                sim::AsCpu on{CpuId{static_cast<u32>(cpu)}};
                f(CpuId{static_cast<u32>(cpu)});
                --busy;
                while (busy.load()) take();
            });
        for (auto& t : threads) t.join();
    }
    static void take() {
        usize me = arch::cpu_id().raw();
        if (told[me].exchange(false)) {
            if (!cpu_online.atomic_test(me)) ++called_while_off;
            smp::serve_call();
        }
        arch::relax();
    }
};

struct Counts {
    std::array<std::atomic<u32>, kMaxCpus> on{};
    static void count(void* self) { ++static_cast<Counts*>(self)->on[arch::cpu_id().raw()]; }
};

}  // namespace

TEST_CASE("x2APIC: an interrupt for a set of CPUs is one write for each, with the whole APIC id") {
    big::start();
    CpuMask cpus;
    for (u32 cpu : {0u, 1u, 127u, 128u, 192u, 255u}) cpus.set(cpu);
    big::commands().clear();
    apic::send(cpus, 0xfa);
    std::vector<Command> wanted;
    for (u32 id : {0u, 1u, 191u, 256u, 384u, 447u}) wanted.push_back({id, kAssert | 0xfa});
    CHECK(big::commands() == wanted);
    big::commands().clear();
    apic::send_nmi(CpuId{255});
    smp::send_event_check(CpuId{200});   // of the simulated machine: none
    CHECK(big::commands() == std::vector<Command>{{447, kAssert | kNmi}});
}

TEST_CASE("xAPIC: the APIC id is the upper byte of the upper half") {
    big::start();
    CHECK(apic::largest_id() == 0xfffffffe);
    big::commands().clear();
    big::XapicCommands registers;
    apic::enable_this_cpu(false);
    CpuMask cpus;
    cpus.set(3);
    cpus.set(127);
    apic::send(cpus, 0xfb);
    apic::enable_this_cpu(true);
    CHECK(big::commands() == std::vector<Command>{{3, kAssert | 0xfb}, {191, kAssert | 0xfb}});
}

TEST_CASE("a call of 256 CPUs runs once on each, and is over when it returns") {
    Threads threads;
    Counts counts;
    std::atomic<u32> seen{0};
    threads.run([&](CpuId cpu) {
        if (cpu.raw() != 200) return;
        smp::call_by_ipi(cpu_online, Counts::count, &counts);
        for (auto& n : counts.on) seen += n;
    });
    CHECK(seen == 256);
    for (auto& n : counts.on) CHECK(n == 1);
}

TEST_CASE("256 CPUs that call each other at the same time all get through") {
    Threads threads;
    Counts counts;
    threads.run([&](CpuId cpu) {
        CpuMask some = mask_of(CpuId{(cpu.raw() * 7 + 1) % kMaxCpus}) | mask_of(CpuId{255}) | mask_of(CpuId{128});
        smp::call_by_ipi(some, Counts::count, &counts);
    });
    u32 all = 0;
    for (auto& n : counts.on) all += n;
    CHECK(counts.on[255] == 256);
    CHECK(counts.on[128] == 256);
    CHECK(all == 3 * 256 - 2);   // two CPUs' own choice was one of the two
}

TEST_CASE("a CPU that leaves while others call it is left out, and nobody waits for it") {
    Threads threads;
    Counts counts;
    threads.run([&](CpuId cpu) {
        if (cpu.raw() == 255) {
            smp::leave_calls();
            told[255] = false;   // of a call that it took while it waited for its turn
        } else smp::call_by_ipi(mask_of(CpuId{255}) | mask_of(CpuId{1}), Counts::count, &counts);
    });
    CHECK(counts.on[1] == 255);
    CHECK(called_while_off == 0);
    CHECK_FALSE(cpu_online.test(255));
    cpu_online.set(255);   // it did not go off by the scheduler's doing
    Counts again;
    threads.run([&](CpuId cpu) {
        if (cpu.raw() == 0) smp::call_by_ipi(cpu_online, Counts::count, &again);
    });
    CHECK(again.on[255] == 1);
}

TEST_CASE("of 256 CPUs those flush that have not since a page was unmapped") {
    big::start();
    u32 stamp = tlb::clock();
    CHECK(tlb::needing_flush(cpu_online, stamp).count() == 256);
    CpuMask some;
    for (u32 cpu : {0u, 64u, 128u, 254u}) some.set(cpu);
    tlb::flush_mask(some);
    CpuMask due = tlb::needing_flush(cpu_online, stamp);
    CHECK(due == cpu_online - some);
    tlb::flush_mask(due);
    CHECK(tlb::needing_flush(cpu_online, stamp).empty());
}

// In a process of its own: whoever stops the others is the last one that runs.
TEST_CASE("a CPU that ends the machine sends each of the 255 others an NMI", "[.][alone]") {
    big::start();
    platform::init_stop();
    big::commands().clear();
    {
        sim::AsCpu on{CpuId{200}};
        platform::stop_other_cpus();
    }
    std::vector<Command> wanted;
    for (u32 cpu = 0; cpu < 256; ++cpu)
        if (cpu != 200) wanted.push_back({big::apic_id(cpu), kAssert | kNmi});
    CHECK(big::commands() == wanted);
}
