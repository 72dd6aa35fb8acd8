// SPDX-License-Identifier: MIT
// The page-table template with the Arm stage 2 format, beside a walker written from the manual and a model of single pages.
#include <catch2/catch.hpp>

#include <map>
#include <memory>
#include <random>
#include <set>
#include <vector>

#include "lib/pagetable/arm_stage2.hpp"
#include "lib/pagetable/page_table.hpp"

using namespace xen;
using pt::Stage2;

namespace {

constexpr u64 kPage = 4096, k2M = 2 << 20, k1G = 1 << 30;

// Tables in a process. A valid entry never changes into another without an invalid one and a flush between them; a table is
// released only when no valid entry names it.
struct Tables {
    struct alignas(4096) Page {
        u64 entry[512];
    };
    std::map<u64, std::unique_ptr<Page>> pages;
    std::map<const u64*, u64> unflushed;   // slots that were made invalid, and what they held
    u64 next = 0x100000, flushes = 0;
    unsigned fail_at = ~0u, allocated = 0;

    u64 make(unsigned count = 1) {
        u64 at = next;
        auto block = std::make_unique<Page[]>(count);
        for (unsigned i = 0; i < count; ++i) pages[next + i * kPage] = nullptr;
        roots.push_back(std::move(block));
        root_at = at;
        next += count * kPage;
        return at;
    }
    std::vector<std::unique_ptr<Page[]>> roots;
    u64 root_at = 0;

    u64* table(Paddr p) {
        if (p.raw() == root_at) return roots.back()[0].entry;
        auto found = pages.find(p.raw());
        if (found == pages.end()) FAIL("no table at " << p.raw());
        return found->second->entry;
    }
    Maybe<Paddr> allocate() {
        if (allocated++ >= fail_at) return nothing;
        u64 at = next;
        next += kPage;
        pages[at] = std::make_unique<Page>();
        return Paddr{at};
    }
    void release(Paddr p) {
        auto found = pages.find(p.raw());
        REQUIRE(found != pages.end());
        const u64* first = found->second->entry;   // the flush came when it was taken out
        unflushed.erase(unflushed.lower_bound(first), unflushed.lower_bound(first + 512));
        pages.erase(found);
    }
    u64 load(const u64* slot) { return *slot; }
    void store(u64* slot, u64 e) {
        bool was = *slot & 1, is = e & 1;
        if (was && is && *slot != e) FAIL("no break before make");
        if (is && unflushed.count(slot) && unflushed[slot] != e) FAIL("no flush before make");
        if (was && !is) unflushed[slot] = *slot;
        *slot = e;
    }
    void flush(u64, u64) {
        ++flushes;
        unflushed.clear();
    }
};

// DDI 0487 D8.3, by hand: what an input address comes to; 0 when it faults. Low bits: read, write, execute, device.
u64 reference(Tables& t, unsigned bits, u64 in) {
    unsigned level = bits <= 43 ? 1 : 0;
    u64 table = t.root_at;
    for (;; ++level) {
        unsigned low = 39 - 9 * level;
        u64 index = in >> low;
        if (table != t.root_at) index &= 511;
        u64 d = t.table(Paddr{table})[index];
        if (!(d & 1)) return 0;
        if (level < 3 && (d & 2)) {
            table = d & 0xfffffffff000;
            continue;
        }
        if (level == 0 || (level == 3 && !(d & 2))) return 0;
        if (!(d & 1 << 10)) FAIL("AF: nobody sets it for us");
        u64 out = (d & 0xfffffffff000) | (in & ((u64{1} << low) - 1) & ~u64{4095});
        if (d & ((u64{1} << low) - 1) & 0xfffffffff000) FAIL("a block that is not aligned");
        return out | (d >> 6 & 1) | (d >> 7 & 1) << 1 | (d >> 54 & 1 ? 0 : 4) | ((d >> 2 & 15) == 15 ? 0 : 8) | 16;
    }
}

u64 expected(u64 out, const Stage2::Attributes& a) {
    return out | (a.read ? 1 : 0) | (a.write ? 2 : 0) | (a.execute ? 4 : 0) | (a.memory == pt::MemoryAttribute::normal ? 0 : 8) | 16;
}

struct Machine {
    explicit Machine(unsigned width) : bits{width}, root{tables.make(1u << Stage2{width}.root_order())}, table{Stage2{width}, tables, Paddr{root}} {}
    unsigned bits;
    Tables tables;
    u64 root;
    pt::PageTable<Stage2, Tables> table;
    std::map<u64, u64> model;   // page -> expected()
    std::set<u64> gone;         // pages told

    auto told() {
        return [this](u64, u64 in, unsigned height) {
            for (u64 p = 0; p < pt::bytes_at(height); p += kPage) gone.insert(in + p);
        };
    }
    Status map(u64 in, u64 out, u64 bytes, Stage2::Attributes a = {}) {
        gone.clear();
        Status s = table.map(in, Paddr{out}, bytes, a, told());
        if (!s) return s;
        std::set<u64> replaced;
        for (u64 p = 0; p < bytes; p += kPage) {
            if (model.count(in + p)) replaced.insert(in + p);
            model[in + p] = expected(out + p, a);
        }
        REQUIRE(gone == replaced);
        return s;
    }
    Status unmap(u64 in, u64 bytes) {
        gone.clear();
        Status s = table.unmap(in, bytes, told());
        if (!s) return s;
        std::set<u64> removed;
        for (auto it = model.lower_bound(in); it != model.end() && it->first < in + bytes; it = model.erase(it)) removed.insert(it->first);
        REQUIRE(gone == removed);
        return s;
    }
    void check() {
        REQUIRE(tables.unflushed.empty());
        for (auto [in, out] : model) {
            if (reference(tables, bits, in) != out) FAIL("wrong at " << std::hex << in);
            auto f = table.find(in + 5);
            if (f.kind != pt::EntryKind::leaf || f.at.raw() != (out & ~u64{4095}) + 5) FAIL("found wrong at " << std::hex << in);
        }
        u64 seen = 0;
        table.walk(0, u64{1} << bits, [&](u64, u64, unsigned h) { seen += pt::bytes_at(h) / kPage; });
        REQUIRE(seen == model.size());
    }
};

}  // namespace

TEST_CASE("stage 2: the largest blocks are used, and broken up where a part of one changes") {
    for (unsigned bits : {32u, 36u, 40u, 43u, 44u, 48u}) {
        Machine m{bits};
        REQUIRE(m.map(k1G, 4 * k1G, k1G + k2M + kPage).ok());
        REQUIRE(m.table.find(k1G).height == 2);
        REQUIRE(m.table.find(2 * k1G).height == 1);
        REQUIRE(m.table.find(2 * k1G + k2M).height == 0);
        m.check();
        REQUIRE(m.unmap(k1G + 5 * k2M + 3 * kPage, kPage).ok());
        REQUIRE(m.table.find(k1G).height == 1);
        REQUIRE(m.table.find(k1G + 5 * k2M).height == 0);
        m.check();
        REQUIRE(m.map(k1G, 4 * k1G, k1G).ok());   // one block again
        REQUIRE(m.table.find(k1G).height == 2);
        m.check();
    }
}

TEST_CASE("stage 2: attributes are the manual's") {
    Machine m{40};
    for (bool r : {false, true})
        for (bool w : {false, true})
            for (bool x : {false, true})
                for (auto a : {pt::MemoryAttribute::normal, pt::MemoryAttribute::device_nGnRE}) {
                    REQUIRE(m.map(k2M, 6 * k2M, kPage, {.memory = a, .read = r, .write = w, .execute = x, .type = 5}).ok());
                    m.check();
                    auto found = Stage2::attributes(m.table.find(k2M).entry);
                    REQUIRE(found.type == 5);
                    REQUIRE(found.write == w);
                }
}

TEST_CASE("stage 2: the ends of the address space") {
    Machine m{40};
    u64 end = u64{1} << 40;
    REQUIRE(m.table.holds(end - kPage, kPage));
    REQUIRE(!m.table.holds(end - kPage, 2 * kPage));
    REQUIRE(!m.table.holds(end, kPage));
    REQUIRE(!m.table.holds(~u64{4095}, kPage));
    REQUIRE(m.map(end - kPage, 0, kPage).ok());
    REQUIRE(m.map(end - k1G, k1G, k1G).ok());
    REQUIRE(m.unmap(end - kPage, kPage).ok());
    REQUIRE(m.map(0, k2M, k1G).ok());
    m.check();
    REQUIRE(m.unmap(0, end).ok());
    m.check();
}

TEST_CASE("stage 2: a change without memory for tables changes nothing") {
    for (unsigned n = 0;; ++n) {
        Machine m{40};
        REQUIRE(m.map(k1G, 8 * k1G, k1G).ok());
        m.tables.fail_at = m.tables.allocated + n;
        bool mapped = m.map(k1G - kPage, 16 * k1G, 2 * k2M + kPage).ok();
        m.check();
        bool unmapped = m.unmap(k1G + k2M / 2, k1G / 2 + kPage).ok();
        m.check();
        if (mapped && unmapped) break;
        REQUIRE(n < 20);
    }
}

TEST_CASE("stage 2: a flush for a range, not for each page of it") {
    Machine m{40};
    REQUIRE(m.map(kPage, 0x7000, 300 * kPage).ok());
    u64 before = m.tables.flushes;
    REQUIRE(before == 0);   // from nothing to something needs none
    REQUIRE(m.unmap(kPage, 300 * kPage).ok());
    REQUIRE(m.tables.flushes == before + 1);
}

TEST_CASE("stage 2: any sequence of changes leaves what a model of pages has") {
    for (unsigned seed = 0; seed < 16; ++seed) {
        std::mt19937_64 random{seed};
        Machine m{seed % 2 ? 40u : 44u};
        auto up_to = [&](u64 n) { return random() % n; };
        for (unsigned step = 0; step < 60; ++step) {
            static constexpr u64 kUnits[] = {kPage, kPage, 16 * kPage, k2M, k2M};
            u64 unit = kUnits[up_to(5)];
            u64 in = k1G - 4 * k2M + up_to(8 * k2M / unit) * unit;
            u64 bytes = (1 + up_to(unit == k2M ? 4 : 40)) * unit;
            u64 out = 64 * k1G + up_to(1000) * (up_to(2) ? k2M : unit);
            if (up_to(10) == 0) m.tables.fail_at = m.tables.allocated + static_cast<unsigned>(up_to(3));
            if (up_to(3)) (void)m.map(in, out, bytes, {.write = up_to(2) != 0});
            else (void)m.unmap(in, bytes);
            m.tables.fail_at = ~0u;
            m.check();
        }
        unsigned rounds = 0;
        for (;; ++rounds) {
            unsigned budget = 100;
            if (m.table.drain(budget, m.told())) break;
            REQUIRE(rounds < 10000);
        }
        REQUIRE(m.tables.pages.size() == (1u << Stage2{m.bits}.root_order()));   // the root is its owner's
        m.model.clear();
        m.tables.unflushed.clear();   // nobody walks it any more
        m.check();
    }
}
