// SPDX-License-Identifier: MIT
// Memory, and processors that walk stage 2 on their own: a walker written from DDI 0487 (D8.2, D8.3, D8.5) by VTTBR_EL2 and
// VTCR_EL2 alone, and TLBs that keep whatever they may. Two translations of one address at the same time, one that outlives
// its table's change, and a table that is freed while a TLB knows the way to it fail the test.
#pragma once

#include <asm/p2m.hpp>
#include <xen/domain.hpp>

#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace stage2_test {

using namespace xen;

struct Translation {
    u64 out = 0, bytes = 0;         // of the block or page that the address is in
    bool read = false, write = false, execute = false;
    unsigned memory = 0, shareable = 0;
    friend bool operator==(const Translation&, const Translation&) = default;
};

// Nothing where it faults. `way`: the pages of tables that were read, zeros behind them.
using Way = std::array<u64, 4>;
std::optional<Translation> walk(u64 vttbr, u64 vtcr, u64 address, Way* way = nullptr);

// What stands at a guest's page, as p2m's interface has it.
struct Leaf {
    Mfn mfn{};
    p2m::Type type = p2m::Type::none;
    friend bool operator==(const Leaf&, const Leaf&) = default;
};
bool agrees(const std::optional<Translation>& t, const std::optional<Leaf>& leaf, u64 address);

// The memory of the machine; once. The processor's PARange and VMIDBits.
void start(u64 range = 2, u64 vmid_bits = 0);
void set_processor(u64 range, u64 vmid_bits);

// A domain with a stage 2, and nothing else. It gives up all that it has.
class Guest {
public:
    Guest();
    ~Guest();
    Guest(const Guest&) = delete;
    Guest& operator=(const Guest&) = delete;
    Domain& operator*() { return *d_; }
    Domain* operator->() { return d_; }
    Mfn memory(unsigned order = 0);                      // of its own

    // A processor runs it: TLBs know what they can of these pages from here on.
    void watch(u64 first_frame, u64 frames);
    void stop();
    // Every processor looks at everything, then the TLBs are compared with the tables.
    // What is wrong; also what TLBs met since.
    std::string problem();

    void fill(u64 each = 1);                             // one page of so many, another one each time
    void forget(std::optional<u64> address);
    bool reads(u64 table) const { return ways_.count(table) != 0; }
    std::set<u64> entries() const;                       // pages that a TLB knows
    u16 vmid() const;
    unsigned flushes = 0, page_flushes = 0;

private:
    struct Known {
        Translation translation;
        Way way;
    };
    Domain* d_;
    u64 first_ = 0, frames_ = 0;
    std::map<u64, Known> known_;                         // by page
    std::map<u64, unsigned> ways_;                       // how many lead through a table
    u64 turn_ = 0;
    std::string problem_;
    bool runs_ = false;
};

// At its end every page is free again that was free before.
struct World {
    World();
    ~World();
    u64 free = 0;
};

// What the domain was refused for, last.
std::string last_refusal();

}  // namespace stage2_test
