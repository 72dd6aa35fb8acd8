// SPDX-License-Identifier: MIT
// A machine for the guest side of arch/arm: each vCPU on a CPU of its own, each CPU with a virtual interface as the GIC
// architecture describes it (list registers, acknowledge, end of interrupt, maintenance). The scheduler only remembers whom it
// was to wake.
#pragma once

#include <asm/gic.hpp>
#include <asm/vgic.hpp>

#include <map>
#include <memory>
#include <set>
#include <vector>

namespace arm_test {

using namespace xen;

constexpr unsigned kCpus = 8;

struct Interface {
    u64 lists[16] = {};
    u32 control = 0, vmcr = 0, ended = 0;
    bool maintenance() const;   // one of the conditions that the control register enables, or an end that was asked for
    u32 ends_seen = 0;          // ICH_EISR: list registers whose interrupt ended, where that was asked for

    // The guest's side. Group enables and masks are open.
    unsigned acknowledge();     // 1023: nothing
    void end(unsigned id);
    unsigned running() const;   // priority of what is active, 256: nothing
    std::vector<unsigned> stack;          // what is active, as the guest took it, with its priority above bit 16
};

inline gic::Layout usual_layout() {
    gic::Layout l;
    l.distributor = {Paddr{0x8000000}, 0x10000};
    l.cpu_interface = {Paddr{0x8010000}, 0x10000};
    l.virtual_cpu = {Paddr{0x8040000}, 0x2000};
    l.redistributors.push({Paddr{0x80a0000}, 0xf60000});
    return l;
}

struct Machine {
    gic::Layout layout = usual_layout();
    Interface cpus[kCpus];
    unsigned lists = 4;
    std::set<unsigned> enabled, deactivated, active;   // lines of the machine
    std::map<unsigned, unsigned> cpu_of;               // where they go
    std::set<const Vcpu*> notified, blocked;
};
Machine& machine();

class Guest {
public:
    Guest(unsigned vcpus, vgic::Version version, unsigned spis = 64);
    ~Guest();
    Domain& domain() { return *domain_; }
    Vcpu& vcpu(unsigned i) { return *vcpus_[i]; }
    Interface& cpu(unsigned i) { return machine().cpus[i]; }

    void on(unsigned i);                                   // its CPU is the one that runs
    void enter(unsigned i);                                // as the exit path does; and after each maintenance interrupt
    // Accesses of vCPU i. Offsets in the distributor, or in its own redistributor's two frames.
    u64 read(unsigned i, u64 offset, unsigned bytes = 4);
    void write(unsigned i, u64 offset, u64 value, unsigned bytes = 4);
    u64 read_own(unsigned i, u64 offset, unsigned bytes = 4);
    void write_own(unsigned i, u64 offset, u64 value, unsigned bytes = 4);
    void sgi(unsigned i, u64 sgi1r);
    unsigned acknowledge(unsigned i);                      // after enter()
    void end(unsigned i, unsigned id);

    static constexpr u64 kDistributor = 0x8000000, kRedistributor = 0x80a0000;

private:
    u64 access(unsigned i, u64 address, bool write, u64 value, unsigned bytes);
    std::unique_ptr<Domain> domain_;
    std::vector<std::unique_ptr<Vcpu>> vcpus_;
};

}  // namespace arm_test
