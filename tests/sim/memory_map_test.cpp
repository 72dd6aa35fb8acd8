// SPDX-License-Identifier: MIT
// XENMEM_machine_memory_map: what the firmware keeps reaches dom0 as it is, and other domains not at all.
#include <catch2/catch.hpp>
#include <public/memory.h>
#include <sim/machine.hpp>
#include <xen/memory.hpp>

#include <vector>

using namespace xen;

namespace {

struct [[gnu::packed]] Entry {      // public/hvm/e820.h
    u64 start, bytes;
    u32 type;
};

struct Answer {
    s64 result;
    u32 count;
    std::vector<Entry> entries;
};

Answer machine_map(u32 room, bool with_buffer = true) {
    Answer a{0, 0, std::vector<Entry>(room + 1, Entry{~u64{0}, 0, 0})};
    xen_memory_map m{};
    m.nr_entries = room;
    if (with_buffer) m.buffer.p = a.entries.data();
    a.result = sim::hypercall(__HYPERVISOR_memory_op, XENMEM_machine_memory_map, sim::address(m));
    a.count = m.nr_entries;
    return a;
}

Maybe<u32> type_at(const Answer& a, u64 address) {
    for (u32 i = 0; i < a.count; ++i)
        if (a.entries[i].start <= address && address - a.entries[i].start < a.entries[i].bytes) return a.entries[i].type;
    return nothing;
}

}  // namespace

TEST_CASE("the machine's memory map has the firmware's memory with its kinds") {
    sim::start();
    Domain& d = sim::create_domain({.privileged = true});
    {
        sim::On on{*d.vcpus[0]};
        Answer a = machine_map(64);
        REQUIRE(a.result == 0);
        REQUIRE(a.count >= memory::machine_map().size());
        REQUIRE(a.count <= 64);
        bool seen[6] = {};
        for (const MemoryRange& r : memory::machine_map()) {
            u32 type = static_cast<u32>(r.type);
            seen[type] = true;
            CHECK(type_at(a, r.start.raw()) == Maybe<u32>{type});
            CHECK(type_at(a, r.end().raw() - 1) == Maybe<u32>{type});
        }
        for (u32 type = 1; type <= 5; ++type) CHECK(seen[type]);
        CHECK(a.entries[a.count].start == ~u64{0});             // and nothing behind what was counted

        CHECK(machine_map(0, false).count == a.count);          // without a buffer they are counted
        Answer small = machine_map(a.count - 1);
        CHECK(small.result == -static_cast<s64>(Errno::inval));
    }
    sim::destroy_domain(d);
}

TEST_CASE("other domains do not get the machine's memory map") {
    sim::start();
    Domain& d = sim::create_domain();
    {
        sim::On on{*d.vcpus[0]};
        CHECK(machine_map(64).result == -static_cast<s64>(Errno::perm));
    }
    sim::destroy_domain(d);
}
