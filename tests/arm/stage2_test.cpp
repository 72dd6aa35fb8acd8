// SPDX-License-Identifier: MIT
// A domain's stage 2 (asm/p2m.hpp) on real tables in simulated memory, beside a model of single pages.
#include <asm/p2m.hpp>
#include <asm/cpu.hpp>
#include <catch2/catch.hpp>
#include <xen/memory.hpp>
#include <xen/softirq.hpp>

#include <random>

#include "arch/arm/mm/vmid.hpp"
#include "../sim/allocations.hpp"
#include "stage2_machine.hpp"

using namespace stage2_test;
using p2m::Type;

namespace {

constexpr u64 k2M = 512, k1G = 512 * 512;   // in frames

// What the domain should have, and what holds each page.
struct Model {
    explicit Model(Guest& guest) : g{guest} {}
    Guest& g;
    std::map<u64, Leaf> leaves;

    std::optional<Leaf> at(u64 page) const {
        auto found = leaves.find(page);
        return found == leaves.end() ? std::optional<Leaf>{} : found->second;
    }
    void map(u64 at, Mfn first, u64 frames, Type type) {
        for (u64 i = 0; i < frames; ++i) leaves[at + i] = {first + i, type};
    }
    void unmap(u64 at, u64 frames) { leaves.erase(leaves.lower_bound(at), leaves.lower_bound(at + frames)); }

    // What is wrong: in the tables, by lookup, in the TLBs.
    std::string problem(u64 first, u64 frames) {
        u64 root = p2m::vttbr(*g), control = p2m::vtcr();
        for (u64 page = first; page < first + frames; ++page) {
            auto want = at(page);
            if (!agrees(walk(root, control, page << kPageShift), want, page << kPageShift)) return "tables at " + std::to_string(page);
            auto found = p2m::lookup(*g, Gfn{page});
            if (found.ok() != want.has_value()) return "lookup at " + std::to_string(page);
            if (found && !(Leaf{found.value().mfn, found.value().type} == *want)) return "page found at " + std::to_string(page);
        }
        return g.problem();
    }
    void check(u64 first, u64 frames) { REQUIRE(problem(first, frames) == ""); }
    // References of a page: its allocation's, and one for each leaf that holds it.
    void check_references(Mfn mfn) {
        u64 references = 1, uses = 0;
        for (auto& [page, leaf] : leaves)
            if (leaf.mfn == mfn && leaf.type >= Type::grant && leaf.type <= Type::shared) ++references, uses += leaf.type == Type::grant;
        REQUIRE(page_of(mfn).references() == references);
        REQUIRE(page_of(mfn).type_uses() == uses);
    }
};

// As who maps pages of others: a reference that the leaf takes over, or that is given back.
Status map_held(Guest& g, u64 at, Mfn page, Domain& owner, Type type) {
    PageInfo& p = page_of(page);
    if (type == Type::grant) REQUIRE(get_page_and_type(p, owner, PageType::writable).ok());
    else REQUIRE(get_page(p, owner));
    Status s = p2m::map_page(*g, Gfn{at}, page, type);
    if (!s && type == Type::grant) put_page_and_type(p);
    else if (!s) put_page(p);
    return s;
}

}  // namespace

TEST_CASE("stage 2 of a domain is as wide as the processor and the memory ask for") {
    World w;
    struct Row {
        u64 range, frames;     // PARange, end of RAM
        unsigned bits, level;
    };
    for (Row r : {Row{0, 1 << 16, 32, 1}, {1, 1 << 16, 36, 1}, {2, 1 << 16, 40, 1}, {3, 1 << 16, 40, 1}, {5, 1 << 16, 40, 1},
                  {3, u64{1} << 30, 42, 1}, {4, (u64{1} << 31) + 1, 44, 0}, {5, (u64{1} << 31) - 1, 43, 1}, {5, (u64{1} << 32) - 1, 44, 0},
                  {5, u64{1} << 36, 48, 0}, {2, u64{1} << 32, 40, 1}}) {
        INFO("PARange " << r.range << ", " << r.frames << " frames");
        start(r.range);
        Mfn real = max_frame;
        max_frame = Mfn{r.frames};
        {
            Guest g;
            REQUIRE(g->arch.p2m);
            Model m{g};
            CHECK(p2m::ipa_bits() == r.bits);
            CHECK(2 - (p2m::vtcr() >> 6 & 3) == r.level);
            u64 end = u64{1} << (r.bits - kPageShift);
            // The first and the last page, and each border between tables that stand side by side.
            std::vector<u64> pages{0, end - 1};
            for (u64 border = k1G; border < end && pages.size() < 40; border *= 2) pages.insert(pages.end(), {border - 1, border});
            for (u64 page : pages) {
                Mfn to{0x1000 + pages.size()};
                REQUIRE(p2m::map(*g, Gfn{page}, to, 1, Type::device_as_mapped).ok());
                m.map(page, to, 1, Type::device_as_mapped);
            }
            for (u64 page : pages) m.check(page, 1);
            CHECK(p2m::highest(*g) == Gfn{end - 1});
            CHECK(p2m::map(*g, Gfn{end}, Mfn{1}, 1, Type::device).error() == Errno::inval);
            CHECK(p2m::map(*g, Gfn{end - 1}, Mfn{1}, 2, Type::device).error() == Errno::inval);
            CHECK(p2m::map(*g, Gfn{~u64{0}}, Mfn{1}, 1, Type::device).error() == Errno::inval);
            CHECK(p2m::map(*g, Gfn{1}, Mfn{1}, ~u64{0}, Type::device).error() == Errno::inval);
            CHECK(p2m::map(*g, Gfn{1}, Mfn{~u64{0} >> 12}, 1, Type::device).error() == Errno::inval);
            CHECK(p2m::unmap(*g, Gfn{end}, 1).error() == Errno::inval);
            CHECK(p2m::lookup(*g, Gfn{end}).error() == Errno::noent);
            CHECK(p2m::lookup(*g, Gfn{~u64{0}}).error() == Errno::noent);
            CHECK_FALSE(walk(p2m::vttbr(*g), p2m::vtcr(), end << kPageShift));
            REQUIRE(p2m::unmap(*g, Gfn{0}, end).ok());
            m.unmap(0, end);
            for (u64 page : pages) m.check(page, 1);
        }
        max_frame = real;
    }
    start();
}

TEST_CASE("pages, 2 MiB and 1 GiB: mapped as large as they may be, split, and whole again") {
    World w;
    Guest g;
    Model m{g};
    const Mfn device{64 * k1G};
    auto order = [&](u64 page) { return p2m::lookup(*g, Gfn{page}).value().order.raw(); };
    REQUIRE(p2m::map(*g, Gfn{k1G}, device, k1G + k2M + 1, Type::device).ok());
    m.map(k1G, device, k1G + k2M + 1, Type::device);
    CHECK(order(k1G + 5) == 18);
    CHECK(order(2 * k1G + 5) == 9);
    CHECK(order(2 * k1G + k2M) == 0);
    g.watch(k1G - 8, 4 * k2M);
    m.check(k1G - 8, 4 * k2M);

    Mfn page = g.memory();                              // one page in the middle becomes memory
    REQUIRE(p2m::map(*g, Gfn{k1G + k2M + 7}, page, 1, Type::ram).ok());
    m.map(k1G + k2M + 7, page, 1, Type::ram);
    CHECK(order(k1G) == 9);
    CHECK(order(k1G + k2M) == 0);
    CHECK(order(k1G + 2 * k2M) == 9);
    m.check(k1G - 8, 4 * k2M);

    REQUIRE(p2m::map(*g, Gfn{k1G}, device, k1G, Type::device_as_mapped).ok());
    m.map(k1G, device, k1G, Type::device_as_mapped);
    CHECK(order(k1G + k2M + 7) == 18);
    m.check(k1G - 8, 4 * k2M);

    unsigned before = g.page_flushes;
    REQUIRE(p2m::unmap(*g, Gfn{k1G + 3}, 1).ok());
    m.unmap(k1G + 3, 1);
    CHECK(g.page_flushes == before + 1);
    m.check(k1G - 8, 4 * k2M);
    // What is not aligned to each other is mapped by pages.
    REQUIRE(p2m::map(*g, Gfn{4 * k1G}, device + 1, k2M, Type::device).ok());
    CHECK(order(4 * k1G) == 0);
}

TEST_CASE("each type has its rights, and a change of rights reaches every TLB") {
    World w;
    Guest other, g;
    Model m{g};
    Mfn page = g.memory(), foreign = other.memory();
    g.watch(90, 20);
    const Type all[] = {Type::ram, Type::ram_read_only, Type::grant, Type::grant_read_only, Type::foreign, Type::foreign_read_only,
                        Type::shared, Type::device, Type::device_as_mapped};
    for (Type before : all)
        for (Type after : all) {
            for (Type t : {before, after}) {
                bool own = p2m::is_ram(t) || t >= Type::device;
                Mfn to = own ? page : foreign;
                Status s = own ? p2m::map(*g, Gfn{100}, to, 1, t) : map_held(g, 100, to, *other, t);
                REQUIRE(s.ok());
                m.map(100, to, 1, t);
                m.check(90, 20);
                m.check_references(foreign);
                m.check_references(page);
            }
            CHECK(p2m::is_mapped(*g, Gaddr{100 << kPageShift}, false));
            CHECK(p2m::is_mapped(*g, Gaddr{100 << kPageShift}, true) == p2m::is_writable(after));
            CHECK_FALSE(p2m::is_mapped(*g, Gaddr{101 << kPageShift}, false));
            p2m::Entry e;
            auto held = p2m::page_at(*g, Gfn{100}, e);
            CHECK(held.ok() == (after < Type::device));
            CHECK(e.type == after);
        }
    m.check_references(page);
    CHECK(p2m::settled(*g, [](u64 a, bool write) { return a + write; }, 6, true) == 7);
}

TEST_CASE("a page is taken back only where it still stands, with its reference") {
    World w;
    Guest other, g;
    Mfn page = other.memory(), another = other.memory();
    REQUIRE(map_held(g, 5, page, *other, Type::grant).ok());
    CHECK(p2m::take_page(*g, Gfn{5}, another, Type::grant, Type::grant).error() == Errno::noent);
    CHECK(p2m::take_page(*g, Gfn{5}, page, Type::grant_read_only, Type::foreign).error() == Errno::noent);
    CHECK(p2m::take_page(*g, Gfn{6}, page, Type::grant, Type::grant).error() == Errno::noent);
    CHECK(p2m::take_page(*g, Gfn{~u64{0} >> 12}, page, Type::grant, Type::grant).error() == Errno::inval);
    CHECK(page_of(page).references() == 2);
    REQUIRE(p2m::take_page(*g, Gfn{5}, page, Type::foreign, Type::grant).ok());
    CHECK(page_of(page).references() == 2);              // the caller's now
    CHECK(page_of(page).type_uses() == 1);
    put_page_and_type(page_of(page));
    CHECK(p2m::lookup(*g, Gfn{5}).error() == Errno::noent);
}

TEST_CASE("devices: whole pages around what was asked for, and never with another offset") {
    World w;
    Guest g;
    Model m{g};
    REQUIRE(p2m::map_mmio(*g, Paddr{0x8000100}, Paddr{0x9000100}, 0x1000).ok());
    m.map(0x8000, Mfn{0x9000}, 2, Type::device);
    m.check(0x7ff0, 0x20);
    CHECK(p2m::map_mmio(*g, Paddr{0x8000100}, Paddr{0x9000000}, 0x1000).error() == Errno::inval);
}

TEST_CASE("stage 2: a domain's tables have a limit; a change beyond it changes nothing") {
    World w;
    Guest g;
    Model m{g};
    CHECK(p2m::table_limit(*g) == ~u64{0});
    REQUIRE(p2m::map(*g, Gfn{0}, Mfn{k1G}, 1, Type::device).ok());    // two tables below the root
    m.map(0, Mfn{k1G}, 1, Type::device);
    CHECK(p2m::set_table_limit(*g, 1).error() == Errno::busy);
    CHECK_THAT(last_refusal(), Catch::Matchers::Contains("has 2 pages already") || Catch::Matchers::Contains("have 2 pages already"));
    REQUIRE(p2m::set_table_limit(*g, 3).ok());
    CHECK(p2m::table_limit(*g) == 3);
    CHECK(p2m::map(*g, Gfn{k1G}, Mfn{1}, 1, Type::device).error() == Errno::nomem);   // two more
    CHECK_THAT(last_refusal(), Catch::Matchers::Contains("3 of 3 pages"));
    m.check(0, 4);
    m.check(k1G, 4);
    REQUIRE(p2m::map(*g, Gfn{k1G}, Mfn{k1G}, k1G, Type::device).ok());                // a block of the root
    REQUIRE(p2m::unmap(*g, Gfn{k1G}, k1G).ok());
}

TEST_CASE("stage 2: memory may run out in the middle of any operation, and nothing has changed then") {
    World w;
    for (u64 n = 0, failed = 1; failed; ++n) {
        failed = 0;
        Guest other, g;
        Model m{g};
        Mfn big = g.memory(9), page = other.memory();
        REQUIRE(p2m::map(*g, Gfn{k1G}, Mfn{8 * k1G}, k1G, Type::device).ok());
        m.map(k1G, Mfn{8 * k1G}, k1G, Type::device);
        REQUIRE(p2m::map(*g, Gfn{2 * k1G + k2M}, big, k2M, Type::ram).ok());
        m.map(2 * k1G + k2M, big, k2M, Type::ram);
        g.watch(2 * k1G - 2 * k2M, 5 * k2M);
        auto tried = [&](auto change, auto then) {
            u64 before = memory::free_pages();
            sim::fail_allocation(n);
            Status s = change();
            sim::stop_failing();
            if (s) then();
            else ++failed;
            CHECK((s || s.error() == Errno::nomem));
            m.check(2 * k1G - 2 * k2M, 5 * k2M);
            m.check_references(page);
            if (!s) CHECK(before - memory::free_pages() <= 3);   // tables that stay, empty
        };
        tried([&] { return p2m::map(*g, Gfn{2 * k1G - 3}, big, 6, Type::ram_read_only); },
              [&] { m.map(2 * k1G - 3, big, 6, Type::ram_read_only); });
        tried([&] { return map_held(g, 2 * k1G - k2M - 1, page, *other, Type::grant); },
              [&] { m.map(2 * k1G - k2M - 1, page, 1, Type::grant); });
        tried([&] { return p2m::unmap(*g, Gfn{2 * k1G - k2M + 5}, 2 * k2M); }, [&] { m.unmap(2 * k1G - k2M + 5, 2 * k2M); });
        tried([&] { return p2m::take_page(*g, Gfn{2 * k1G + k2M + 100}, big + 100, Type::ram, Type::ram); },
              [&] { m.unmap(2 * k1G + k2M + 100, 1); });
        REQUIRE(n < 40);
    }
}

TEST_CASE("stage 2: no domain without memory for its root, and none of its VMID is lost") {
    World w;
    for (u64 n = 0;; ++n) {
        sim::fail_allocation(n + 1);                     // the first is the domain itself
        Guest g;
        sim::stop_failing();
        if (g->arch.p2m) break;
        REQUIRE(n < 4);
    }
}

TEST_CASE("VMIDs are told apart while they are in use, and used again") {
    World w;
    for (u64 bits : {0, 2}) {
        start(2, bits);
        std::vector<std::unique_ptr<Guest>> all;
        std::set<u16> ids;
        const unsigned most = bits == 2 ? 400 : 255;
        for (unsigned i = 0; i < most; ++i) {
            all.push_back(std::make_unique<Guest>());
            Guest& g = *all.back();
            REQUIRE(g->arch.p2m);
            REQUIRE(ids.insert(g.vmid()).second);
            REQUIRE(g.vmid() != 0);
            REQUIRE((bits == 2 || g.vmid() < 256));
            CHECK((p2m::vtcr() >> 19 & 1) == (bits == 2));
        }
        if (bits == 0) {
            Guest one_more;
            CHECK_FALSE(one_more->arch.p2m);
            CHECK_THAT(last_refusal(), Catch::Matchers::Contains("255 domains"));
        }
        // Whoever gets a VMID anew finds no TLB that has something of it.
        for (unsigned i = 0; i < 20; ++i) {
            Guest& old = *all[i * 7];
            u16 id = old.vmid();
            REQUIRE(p2m::map(*old, Gfn{3}, old.memory(), 1, Type::ram).ok());
            old.watch(0, 8);
            CHECK(old.entries() == std::set<u64>{3});
            all[i * 7].reset();                          // it looks at its TLBs itself
            all[i * 7] = std::make_unique<Guest>();
            CHECK(all[i * 7]->vmid() == id);
        }
    }
    start();
}

TEST_CASE("a dying domain's tables are given back in steps") {
    World w;
    Guest other, g;
    Mfn page = other.memory();
    for (u64 i = 0; i < 1000; ++i) REQUIRE(map_held(g, i * 3, page, *other, Type::foreign).ok());
    CHECK(page_of(page).references() == 1001);
    unsigned rounds = 0;
    for (;; ++rounds) {
        softirq::pending_mask.local().store(1, std::memory_order_relaxed);   // somebody waits
        Status s = p2m::relinquish(*g);
        if (s) break;
        REQUIRE(s.error() == Errno::restart);
        REQUIRE(rounds < 100);
    }
    softirq::pending_mask.local().store(0, std::memory_order_relaxed);
    CHECK(rounds >= 1000 / 256);
    CHECK(page_of(page).references() == 1);
    CHECK(p2m::relinquish(*g).ok());
}

TEST_CASE("stage 2: any sequence of changes of a domain leaves what a model of pages has") {
    for (unsigned seed = 0; seed < 12; ++seed) {
        World w;
        std::mt19937_64 random{seed};
        auto up_to = [&](u64 n) { return random() % n; };
        Guest other, g;
        Model m{g};
        const Mfn blocks[] = {g.memory(9), g.memory(9)};
        Mfn pages[6];
        for (Mfn& p : pages) p = other.memory();
        constexpr u64 kFirst = k1G - 2 * k2M, kFrames = 4 * k2M;
        g.watch(kFirst, kFrames);
        for (unsigned step = 0; step < 50; ++step) {
            if (up_to(5) == 0) sim::fail_allocation(up_to(3));
            u64 at = kFirst + up_to(kFrames);
            if (up_to(2)) at &= ~(k2M - 1);
            u64 frames = 1 + up_to(up_to(2) ? 2 * k2M : 8);
            if (up_to(3) == 0) frames = k2M;
            frames = std::min(frames, kFirst + kFrames - at);
            switch (up_to(6)) {
            case 0: {
                Type type = up_to(2) ? Type::ram : Type::ram_read_only;
                u64 skip = up_to(2) ? 0 : up_to(k2M);
                Mfn from = blocks[up_to(2)] + skip;
                frames = std::min(frames, k2M - skip);
                if (p2m::map(*g, Gfn{at}, from, frames, type)) m.map(at, from, frames, type);
                break;
            }
            case 1: {
                Mfn from{(32 + up_to(4)) * k1G + up_to(3) * 7};
                Type type = up_to(2) ? Type::device : Type::device_as_mapped;
                if (p2m::map(*g, Gfn{at}, from, frames, type)) m.map(at, from, frames, type);
                break;
            }
            case 2:
            case 3: {
                auto type = static_cast<Type>(static_cast<u64>(Type::grant) + up_to(5));
                Mfn page = pages[up_to(6)];
                if (map_held(g, at, page, *other, type)) m.map(at, page, 1, type);
                break;
            }
            case 4:
                if (p2m::unmap(*g, Gfn{at}, frames)) m.unmap(at, frames);
                break;
            default: {
                if (m.leaves.empty()) break;
                auto leaf = std::next(m.leaves.begin(), static_cast<long>(up_to(m.leaves.size())));
                auto [mfn, type] = leaf->second;
                if (!p2m::take_page(*g, Gfn{leaf->first}, mfn, type, type)) break;
                if (type == Type::grant) put_page_and_type(page_of(mfn));
                else if (type > Type::grant && type <= Type::shared) put_page(page_of(mfn));
                m.unmap(leaf->first, 1);
            }
            }
            sim::stop_failing();
            m.check(kFirst - 2, kFrames + 4);
            for (Mfn p : pages) m.check_references(p);
        }
    }
}
