// SPDX-License-Identifier: MIT
// Tables that are damaged: a wrong checksum or length, cut short, entries of no length.
#include <catch2/catch.hpp>

#include <functional>
#include <memory>

#include "acpi_tables.hpp"

using namespace acpi_tables;

namespace {

Blob madt_of(unsigned cpus) {
    Blob b = madt_header();
    for (unsigned i = 0; i < cpus; ++i) add_lapic(b, static_cast<u8>(i), static_cast<u8>(i), 1);
    add_x2apic(b, 0x1000, 77, 1);
    b.insert(b.end(), {1, 12, 2, 0});
    put<u32>(b, 0xfec00000);
    put<u32>(b, 0);
    return b;
}

Blob hpet_table() {
    Blob b = table("HPET", 1);
    put<u32>(b, 0x8086a201);
    put<u32>(b, 0);
    put<u64>(b, 0xfed00000);
    b.insert(b.end(), {0, 0x80, 0, 0});
    return b;
}

Blob mcfg_table() {
    Blob b = table("MCFG");
    put<u64>(b, 0);
    for (u64 base : {0xb0000000ull, 0xc0000000ull}) {
        put<u64>(b, base);
        put<u16>(b, 0);
        b.insert(b.end(), {0, 255, 0, 0, 0, 0});
    }
    return b;
}

void add_srat_cpu(Blob& b, u8 domain, u8 apic) {
    b.insert(b.end(), {0, 16, domain, apic, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
}

Blob srat_table() {
    Blob b = table("SRAT", 3);
    b.resize(48);
    add_srat_cpu(b, 0, 0);
    add_srat_cpu(b, 1, 1);
    b.insert(b.end(), {1, 40, 1, 0, 0, 0, 0, 0});
    put<u64>(b, 0x100000000);
    put<u64>(b, 0x80000000);
    put<u32>(b, 0);
    put<u32>(b, 1);
    put<u64>(b, 0);
    return b;
}

Blob slit_table() {
    Blob b = table("SLIT");
    put<u64>(b, 2);
    b.insert(b.end(), {10, 20, 21, 10});
    return b;
}

// Each of the six: how to make it, and whether it was understood.
struct Kind {
    const char* name;
    Blob whole;
    std::function<bool(const Tables&)> present;
};

std::vector<Kind> kinds() {
    return {{"MADT", madt_of(3), [](const Tables& t) { return t.has_madt && t.madt.cpus.size() == 4; }},
            {"FADT", fadt(), [](const Tables& t) { return bool(t.fadt); }},
            {"HPET", hpet_table(), [](const Tables& t) { return bool(t.hpet); }},
            {"MCFG", mcfg_table(), [](const Tables& t) { return t.mcfg.size() == 2; }},
            {"SRAT", srat_table(), [](const Tables& t) { return t.has_srat && t.srat.cpus.size() == 2; }},
            {"SLIT", slit_table(), [](const Tables& t) { return t.has_slit && t.slit.count == 2; }}};
}

constexpr u64 kFirst = 0x10000, kStep = 0x1000;

// All tables in memory, and what is read of them.
std::unique_ptr<Tables> read_with(const std::vector<Kind>& all, usize changed, std::function<void(Blob&)> change) {
    memory.clear();
    memory[0x9000] = rsdp(0, 0x8000);
    Blob x = table("XSDT", 1);
    for (usize i = 0; i < all.size(); ++i) {
        put<u64>(x, kFirst + i * kStep);
        Blob b = all[i].whole;
        finish(b);
        if (i == changed) change(b);
        memory[kFirst + i * kStep] = b;
    }
    memory[0x8000] = finish(x);
    auto t = std::make_unique<Tables>();
    REQUIRE(read_tables({.copy = Paddr{0x9000}}, map_memory, *t));
    return t;
}

void expect_only_one_lost(std::function<void(Blob&)> change) {
    auto all = kinds();
    for (usize i = 0; i < all.size(); ++i) {
        auto t = read_with(all, i, change);
        for (usize j = 0; j < all.size(); ++j) {
            CAPTURE(all[i].name, all[j].name);
            CHECK(all[j].present(*t) == (i != j));
        }
    }
}

}  // namespace

TEST_CASE("whole tables are all understood") {
    auto all = kinds();
    auto t = read_with(all, all.size(), [](Blob&) {});
    for (auto& k : all) {
        CAPTURE(k.name);
        CHECK(k.present(*t));
    }
}

TEST_CASE("a table with a wrong checksum is left out, and it alone") {
    expect_only_one_lost([](Blob& b) { b[9] ^= 1; });
    expect_only_one_lost([](Blob& b) { b.back() ^= 0x80; });
}

TEST_CASE("a table whose length is none is left out, and it alone") {
    for (u32 n : {0u, 8u, 35u, 0x7fffffffu, ~0u}) expect_only_one_lost([n](Blob& b) { put_at<u32>(b, 4, n); });
}

TEST_CASE("a table that is longer than what can be mapped is left out") {
    expect_only_one_lost([](Blob& b) {
        finish(b);
        b.resize(b.size() - 1);
    });
}

TEST_CASE("a table cut short gives the entries that are there, in order, and no others") {
    auto whole_madt = std::make_unique<Madt>();
    auto whole_srat = std::make_unique<Srat>();
    Blob m = madt_of(3), s = srat_table();
    REQUIRE(parse_madt(finish(m), *whole_madt));
    REQUIRE(parse_srat(finish(s), *whole_srat));
    for (usize n = 36; n < m.size(); ++n) {
        Blob b(m.begin(), m.begin() + static_cast<long>(n));
        auto got = std::make_unique<Madt>();
        (void)parse_madt(finish(b), *got).ok();
        REQUIRE(got->cpus.size() <= whole_madt->cpus.size());
        for (usize i = 0; i < got->cpus.size(); ++i) REQUIRE(got->cpus[i].apic_id == whole_madt->cpus[i].apic_id);
        REQUIRE(got->cpus.size() == (n < 44 ? 0 : n - 44 < 24 ? (n - 44) / 8 : n - 44 < 40 ? 3 : 4));
        REQUIRE(got->io_apics.empty());
    }
    for (usize n = 36; n < s.size(); ++n) {
        Blob b(s.begin(), s.begin() + static_cast<long>(n));
        auto got = std::make_unique<Srat>();
        (void)parse_srat(finish(b), *got).ok();
        REQUIRE(got->cpus.size() == (n < 48 ? 0 : n < 80 ? (n - 48) / 16 : 2));
        REQUIRE(got->memory.empty());
    }
}

TEST_CASE("fixed tables that are too short are refused") {
    Blob h = hpet_table(), l = slit_table(), c = mcfg_table(), f = fadt();
    for (usize n = 36; n < h.size(); ++n) {
        Blob b(h.begin(), h.begin() + static_cast<long>(n));
        REQUIRE_FALSE(parse_hpet(finish(b)));
    }
    for (usize n = 36; n < l.size(); ++n) {
        Blob b(l.begin(), l.begin() + static_cast<long>(n));
        Slit d;
        // Eight bytes of a count that is not there read as no localities.
        bool ok = parse_slit(finish(b), d).ok();
        REQUIRE((!ok || d.count == 0));
    }
    for (usize n = 36; n < 116; ++n) {
        Blob b(f.begin(), f.begin() + static_cast<long>(n));
        REQUIRE_FALSE(parse_fadt(finish(b)));
    }
    for (usize n = 36; n < c.size(); ++n) {
        Blob b(c.begin(), c.begin() + static_cast<long>(n));
        FixedVector<McfgEntry, 32> e;
        (void)parse_mcfg(finish(b), e).ok();
        REQUIRE(e.size() == (n < 44 ? 0 : (n - 44) / 16));
    }
}

TEST_CASE("an entry of length 0 or 1 ends its table, what was before it stays") {
    for (u8 length : {u8{0}, u8{1}}) {
        Blob m = madt_of(2);
        m.insert(m.end(), {0, length, 5, 5, 1, 0, 0, 0});
        add_lapic(m, 9, 9, 1);
        Madt madt;
        REQUIRE(parse_madt(finish(m), madt));
        CHECK(madt.cpus.size() == 3);
        Blob s = srat_table();
        s.insert(s.end(), {0, length, 1, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
        add_srat_cpu(s, 1, 10);
        Srat srat;
        REQUIRE(parse_srat(finish(s), srat));
        CHECK(srat.cpus.size() == 2);
    }
}

TEST_CASE("entries shorter than their kind are left out, those behind them not") {
    Blob m = madt_header();
    m.insert(m.end(), {0, 4, 7, 7});             // a local APIC without flags
    m.insert(m.end(), {9, 8, 0, 0, 1, 1, 0, 0}); // an x2APIC without flags
    m.insert(m.end(), {1, 4, 3, 0});             // an I/O APIC without an address
    add_lapic(m, 1, 1, 1);
    Madt madt;
    REQUIRE(parse_madt(finish(m), madt));
    REQUIRE(madt.cpus.size() == 1);
    CHECK(madt.cpus[0].apic_id == 1);
    CHECK(madt.io_apics.empty());
    Blob s = table("SRAT", 3);
    s.resize(48);
    s.insert(s.end(), {1, 8, 1, 0, 0, 0, 0, 0});
    add_srat_cpu(s, 1, 10);
    Srat srat;
    REQUIRE(parse_srat(finish(s), srat));
    CHECK(srat.memory.empty());
    CHECK(srat.cpus.size() == 1);
}
