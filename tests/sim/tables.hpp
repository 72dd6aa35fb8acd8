// SPDX-License-Identifier: MIT
// A PV domain whose page tables a test makes of plain pages.
#pragma once

#include <asm/mm.hpp>
#include <xen/memory.hpp>

#include <string>
#include <vector>

#include "census.hpp"
#include "guest.hpp"

namespace xen::sim {

using arch::Pte;

inline constexpr u64 kLeaf = Pte::kPresent | Pte::kUser;
inline constexpr u64 kRw = kLeaf | Pte::kWrite;

// A domain with pages of its own, on CPU 0, whose tables a test writes while they are plain memory.
class TableGuest {
public:
    explicit TableGuest(unsigned pages, bool privileged = false, u32 vcpus = 1)
        : free_before_{(sim::start(), memory::free_pages())},
          domain_{sim::create_domain({.vcpus = vcpus, .pages = 4096, .privileged = privileged})},
          on_{*domain_.vcpus[0]} {
        for (unsigned i = 0; i < pages; ++i) pages_.push_back(sim::give_page(domain_));
    }
    Domain& domain() { return domain_; }
    Mfn page(unsigned i) const { return pages_[i]; }
    PageInfo& info(unsigned i) { return page_of(pages_[i]); }
    void set(unsigned table, unsigned entry, unsigned target, u64 flags) {
        static_cast<Pte*>(arch::direct_map(pages_[table]))[entry] = Pte::make(pages_[target], flags);
    }
    Pte get(unsigned table, unsigned entry) { return static_cast<Pte*>(arch::direct_map(pages_[table]))[entry]; }

    s64 mmuext(unsigned cmd, unsigned page) { return sim::mmuext(cmd, pages_[page]); }
    s64 update(unsigned table, unsigned entry, u64 value, u64 kind = MMU_NORMAL_PT_UPDATE) {
        mmu_update r{};
        r.ptr = address_of(pages_[table]).raw() + entry * sizeof(Pte) + kind;
        r.val = value;
        return sim::hypercall(__HYPERVISOR_mmu_update, sim::address(r), 1, 0, DOMID_SELF);
    }
    s64 map(unsigned table, unsigned entry, unsigned target, u64 flags) {
        return update(table, entry, Pte::make(pages_[target], flags).raw);
    }
    std::string census() { return sim::census(domain_); }

private:
    u64 free_before_;
    Domain& domain_;
    sim::On on_;
    std::vector<Mfn> pages_;
};

// Pages 0..3: L4, L3, L2, L1; entry 1 of each leads down, data pages from 4 on.
inline void chain(TableGuest& g) {
    g.set(0, 1, 1, kRw);
    g.set(1, 1, 2, kRw);
    g.set(2, 1, 3, kRw);
    g.set(3, 0, 4, kRw);
    g.set(3, 1, 5, kLeaf);
}

}  // namespace xen::sim
