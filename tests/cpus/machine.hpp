// SPDX-License-Identifier: MIT
// The simulated machine with as many CPUs as the hypervisor takes: 300 processors, of which it uses 256, on four sockets
// and NUMA nodes of its own each, in x2APIC mode. Its firmware tables are read by the hypervisor's own start, and each CPU
// comes up by the INIT and STARTUP that its simulated local APIC gets.
#pragma once

#include <catch2/catch.hpp>

#include <asm/mmio.hpp>
#include <sim/machine.hpp>
#include <sim/state.hpp>
#include <xen/cpumask.hpp>
#include <xen/sched.hpp>

#include <optional>
#include <utility>
#include <vector>

namespace big {

using namespace xen;

inline constexpr u32 kProcessors = 300, kSockets = 4, kOnSocket = 64, kIdsOfSocket = 128, kNodeMib = 100;
inline constexpr Paddr kIoApic{0xfe000};

// As the firmware numbers them: 64 threads a socket, whose ids begin at a multiple of 128. The last 44 have a socket more.
constexpr u32 apic_id(u32 i) { return i / kOnSocket * kIdsOfSocket + i % kOnSocket; }

// What was written to the command registers of local APICs, oldest first.
struct Command {
    u32 target;
    u32 low;
    bool operator==(const Command&) const = default;
};
std::vector<Command>& commands();
// Whom an interrupt is for instead, while set.
void deliver_to(void (*fn)(CpuId cpu, u8 vector));

// The reference clock runs so many millionths faster from now on.
void drift(u64 ppm);

// While it lives, the command registers of APICs in xAPIC mode.
class XapicCommands final : public sim::MmioDevice {
public:
    XapicCommands();
    u64 read(usize offset, unsigned) override;
    void write(usize offset, unsigned, u64 v) override;

private:
    u32 high_ = 0;
};

// Brought up once, all CPUs on; a test that stops some starts them again. The processors may lack x2APIC mode.
void start(bool with_x2apic = true);
void all_on();

// The control domain's calls, made on CPU 0.
class Control {
public:
    Control() : domain{(start(), sim::create_domain({.privileged = true}))} { on_.emplace(*domain.vcpus[0]); }
    ~Control() {
        on_.reset();
        sim::destroy_domain(domain);
    }
    Control(const Control&) = delete;
    template <class T>
    s64 call(u32 number, T& op) { return sim::hypercall(number, sim::address(op)); }
    Domain& domain;

private:
    std::optional<sim::On> on_;
};

}  // namespace big
