// SPDX-License-Identifier: MIT
// What each CPU's TLB may hold: every translation that the vCPU on it could have used since the last flush. Nothing
// that is cached may reach a frame that has changed hands, nor write to one that became a table or a descriptor page.
// Flushes of one address are not modelled: for its own safety the hypervisor does not rely on them.
#pragma once

#include <sim/state.hpp>
#include <xen/domain.hpp>

#include <memory>
#include <vector>

#include "findings.hpp"

namespace xen::census {

class Tlb final : public sim::TlbObserver {
public:
    explicit Tlb(unsigned cpus);
    void flushed(CpuId cpu) override { cpus_[cpu.raw()].clear(); }
    // The CPU's vCPU runs: it may use whatever its roots lead to.
    void use(CpuId cpu, const Vcpu& v);
    void check(Findings& wrong);

private:
    struct Cached {
        u32 life = 0;          // of the frame, when it was cached
        bool here = false, writable = false;
    };
    struct Cpu {
        std::vector<Cached> frames{};
        std::vector<u32> list{};       // those that are here
        std::vector<u8> seen{};        // tables of the walk under way: a bit for each level and access
        std::vector<u32> walked{};
        void clear();
    };
    // Whose a frame is, and how often that has changed.
    struct Owner {
        u64 who = 0;
        u32 life = 0;
    };
    void walk(Cpu& c, Mfn table, unsigned level, bool writable);
    void follow_owners();
    void check_frame(unsigned cpu, u32 frame, const Cached& x, Findings& wrong) const;

    std::vector<Cpu> cpus_;
    std::vector<Owner> owners_;
};

}  // namespace xen::census
