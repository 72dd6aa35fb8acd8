// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>

#include <memory>
#include <random>

#include "acpi_tables.hpp"

using namespace acpi_tables;

TEST_CASE("MADT with 256 processors") {
    Blob b = madt_header();
    for (unsigned i = 0; i < 255; ++i) add_lapic(b, static_cast<u8>(i), static_cast<u8>(i), 1);
    add_x2apic(b, 255, 255, 1);
    add_x2apic(b, 300, 300, 1);
    Madt m;
    REQUIRE(parse_madt(finish(b), m));
    CHECK(m.cpus.size() == config::nr_cpus);
    CHECK(m.cpus_left_out == 257 - config::nr_cpus);
    CHECK(m.cpus[200].apic_id == 200);
    CHECK(m.cpus[255].acpi_id == 255);
}

TEST_CASE("MADT: absent and repeated processors are left out, hot-pluggable ones kept") {
    Blob b = madt_header();
    add_lapic(b, 0, 0, 1);
    add_lapic(b, 1, 2, 0);
    add_lapic(b, 2, 4, 2);
    add_lapic(b, 3, 255, 1);
    add_x2apic(b, 0, 9, 1);
    add_x2apic(b, 0x12345, 7, 1);
    Madt m;
    REQUIRE(parse_madt(finish(b), m));
    REQUIRE(m.cpus.size() == 3);
    CHECK((m.cpus[0].acpi_id == 0 && m.cpus[0].enabled));
    CHECK((m.cpus[1].apic_id == 4 && !m.cpus[1].enabled));
    CHECK(m.cpus[2].apic_id == 0x12345);
}

TEST_CASE("MADT: controllers, overrides, NMIs") {
    Blob b = madt_header();
    b.insert(b.end(), {1, 12, 2, 0});
    put<u32>(b, 0xfec00000);
    put<u32>(b, 24);
    b.insert(b.end(), {2, 10, 0, 9});
    put<u32>(b, 20);
    put<u16>(b, 0xf);
    b.insert(b.end(), {2, 10, 0, 0});
    put<u32>(b, 2);
    put<u16>(b, 0);
    b.insert(b.end(), {4, 6, 0xff, 5, 0, 1});
    b.insert(b.end(), {5, 12, 0, 0});
    put<u64>(b, 0x1fee00000);
    Madt m;
    REQUIRE(parse_madt(finish(b), m));
    REQUIRE(m.io_apics.size() == 1);
    CHECK((m.io_apics[0].id == 2 && m.io_apics[0].gsi_base == 24));
    REQUIRE(m.overrides.size() == 2);
    CHECK((m.overrides[0].gsi == 20 && m.overrides[0].level && m.overrides[0].active_low));
    CHECK((m.overrides[1].gsi == 2 && !m.overrides[1].level));
    REQUIRE(m.local_nmis.size() == 1);
    CHECK((m.local_nmis[0].acpi_id == kAllCpus && m.local_nmis[0].lint == 1 && !m.local_nmis[0].active_low));
    CHECK(m.local_apic == Paddr{0x1fee00000});
}

TEST_CASE("MADT entries that run out of the table end it") {
    Blob b = madt_header();
    add_lapic(b, 0, 0, 1);
    b.insert(b.end(), {0, 0, 1, 1, 1, 1, 1, 1});
    add_lapic(b, 1, 1, 1);
    Madt m;
    REQUIRE(parse_madt(finish(b), m));
    CHECK(m.cpus.size() == 1);
    Blob c = madt_header();
    c.insert(c.end(), {0, 200, 0, 0});
    Madt n;
    REQUIRE(parse_madt(finish(c), n));
    CHECK(n.cpus.empty());
    CHECK_FALSE(parse_madt(Bytes{}, n));
}

TEST_CASE("FADT: 64-bit fields win over the old ones") {
    Blob b = fadt();
    auto f = parse_fadt(finish(b));
    REQUIRE(f);
    CHECK((f.value().dsdt == Paddr{0x5000} && f.value().sci_irq == 9));
    CHECK((f.value().pm1a_control.address == 0x604 && f.value().pm1a_control.space == Space::io));
    CHECK(f.value().pm_timer.address == 0x608);
    CHECK((f.value().timer_32bit() && f.value().has_reset() && f.value().reset_value == 6));
    CHECK_FALSE(f.value().pm1b_control);
    put_at<u64>(b, 140, 0x7fff00000);
    put_at<u8>(b, 172, 0);
    put_at<u64>(b, 176, 0xfed08000);
    auto g = parse_fadt(finish(b));
    REQUIRE(g);
    CHECK(g.value().dsdt == Paddr{0x7fff00000});
    CHECK((g.value().pm1a_control.space == Space::memory && g.value().pm1a_control.address == 0xfed08000));
    b.resize(115);
    CHECK_FALSE(parse_fadt(finish(b)));
}

TEST_CASE("HPET and MCFG") {
    Blob b = table("HPET", 1);
    put<u32>(b, 0x8086a201);
    put<u32>(b, 0);
    put<u64>(b, 0xfed00000);
    b.insert(b.end(), {0, 0x80, 0, 0});
    auto h = parse_hpet(finish(b));
    REQUIRE(h);
    CHECK((h.value().address == Paddr{0xfed00000} && h.value().min_tick == 0x80));
    b[40] = 1;
    CHECK_FALSE(parse_hpet(finish(b)));

    Blob m = table("MCFG");
    put<u64>(m, 0);
    put<u64>(m, 0xb0000000);
    put<u16>(m, 0);
    m.insert(m.end(), {0, 255, 0, 0, 0, 0});
    put<u64>(m, 0xc0000000);   // cut off
    FixedVector<McfgEntry, 32> e;
    REQUIRE(parse_mcfg(finish(m), e));
    REQUIRE(e.size() == 1);
    CHECK((e[0].base == Paddr{0xb0000000} && e[0].last_bus == 255));
}

TEST_CASE("SRAT and SLIT") {
    Blob b = table("SRAT", 3);
    b.resize(48);
    b.insert(b.end(), {0, 16, 1, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
    b.insert(b.end(), {2, 24, 0, 0, 3, 0, 0, 0});
    put<u32>(b, 0x100);
    put<u32>(b, 1);
    put<u64>(b, 0);
    b.insert(b.end(), {1, 40, 1, 0, 0, 0, 0, 0});
    put<u64>(b, 0x100000000);
    put<u64>(b, 0x80000000);
    put<u32>(b, 0);
    put<u32>(b, 3);
    put<u64>(b, 0);
    Srat s;
    REQUIRE(parse_srat(finish(b), s));
    REQUIRE(s.cpus.size() == 2);
    CHECK((s.cpus[0].apic_id == 5 && s.cpus[0].domain == 1));
    CHECK((s.cpus[1].apic_id == 0x100 && s.cpus[1].domain == 3));
    REQUIRE(s.memory.size() == 1);
    CHECK((s.memory[0].domain == 1 && s.memory[0].start == Paddr{0x100000000} && s.memory[0].hotplug));

    Blob l = table("SLIT");
    put<u64>(l, 2);
    l.insert(l.end(), {10, 20, 21, 10});
    Slit d;
    REQUIRE(parse_slit(finish(l), d));
    CHECK((d.count == 2 && d.distance[0][1] == 20 && d.distance[1][0] == 21));
    put_at<u64>(l, 36, 3);
    CHECK_FALSE(parse_slit(finish(l), d));
    put_at<u64>(l, 36, ~u64{0});
    CHECK_FALSE(parse_slit(finish(l), d));
}

TEST_CASE("sleep types are found in byte code") {
    auto t = find_sleep_type(aml({1, 2, 0x08, '_', 'S', '5', '_', 0x12, 0x06, 0x04, 0x00, 0x00, 0x00, 0x00}), 5);
    REQUIRE(t);
    CHECK((t->a == 0 && t->b == 0));
    t = find_sleep_type(aml({0x08, '\\', '_', 'S', '5', '_', 0x12, 0x0a, 0x04, 0x0a, 0x05, 0x0a, 0x06, 0, 0}), 5);
    REQUIRE(t);
    CHECK((t->a == 5 && t->b == 6));
    t = find_sleep_type(aml({0x08, '_', 'S', '3', '_', 0x12, 0x47, 0x00, 0x01, 0x01, 0}), 3);
    REQUIRE(t);
    CHECK((t->a == 1 && t->b == 1));
    t = find_sleep_type(aml({0x08, '_', 'S', '5', '_', 0x12, 0x08, 0x02, 0x0b, 0x07, 0x00, 0x0c, 1, 0, 0, 0}), 5);
    REQUIRE(t);
    CHECK((t->a == 7 && t->b == 1));
    // A reference to the name first, the definition later.
    t = find_sleep_type(aml({'_', 'S', '5', '_', 9, 0x08, '_', 'S', '5', '_', 0x12, 4, 2, 1, 0}), 5);
    REQUIRE(t);
    CHECK(t->a == 1);
    CHECK_FALSE(find_sleep_type(aml({0x08, '_', 'S', '5', '_', 0x12, 0x06}), 5));
    CHECK_FALSE(find_sleep_type(aml({0x08, '_', 'S', '4', '_', 0x12, 4, 2, 1, 0}), 5));
    CHECK_FALSE(find_sleep_type({}, 5));
}

TEST_CASE("the root pointer is found by scanning and leads to the tables") {
    memory.clear();
    Blob bios(0x20000);
    Blob r = rsdp(0x4000, 0x4100);
    std::memcpy(bios.data() + 0x5010, r.data(), r.size());
    memory[0xe0000] = bios;
    memory[0x400] = Blob(0x100);
    Blob x = table("XSDT", 1);
    put<u64>(x, 0x6000);
    put<u64>(x, 0x7000);
    put<u64>(x, 0xdead0000);
    memory[0x4100] = finish(x);
    Blob f = fadt();
    memory[0x6000] = finish(f);
    Blob d = table("DSDT");
    for (u8 v : aml({0x08, '_', 'S', '5', '_', 0x12, 4, 2, 0x0a, 3, 0})) d.push_back(v);
    memory[0x5000] = finish(d);
    Blob m = madt_header();
    add_lapic(m, 0, 0, 1);
    memory[0x7000] = finish(m);
    auto t = std::make_unique<Tables>();
    REQUIRE(read_tables({}, map_memory, *t));
    CHECK(t->rsdp == Paddr{0xe5010});
    CHECK_FALSE(t->rsdp_apart);
    CHECK(t->has_madt);
    REQUIRE(t->fadt);
    REQUIRE(t->s5);
    CHECK(t->s5->a == 3);

    SECTION("a damaged table is left out") {
        memory[0x7000][40] ^= 1;
        auto u = std::make_unique<Tables>();
        REQUIRE(read_tables({.copy = Paddr{0xe5010}}, map_memory, *u));
        CHECK_FALSE(u->has_madt);
        CHECK(u->fadt);
    }
    SECTION("a damaged extended part falls back to the RSDT") {
        memory[0xe0000][0x5010 + 33] ^= 1;
        auto root = parse_rsdp({memory[0xe0000].data() + 0x5010, 36});
        REQUIRE(root);
        CHECK((root.value().tables == Paddr{0x4000} && !root.value().is_xsdt));
    }
    SECTION("nothing there") {
        memory.erase(0xe0000);
        auto u = std::make_unique<Tables>();
        CHECK_FALSE(read_tables({}, map_memory, *u));
    }
}

namespace {

constexpr u8 kAcpi20[] = {0x71, 0xe8, 0x68, 0x88, 0xf1, 0xe4, 0xd3, 0x11, 0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81};
constexpr u8 kAcpi10[] = {0x30, 0x2d, 0x9d, 0xeb, 0x88, 0x2d, 0xd3, 0x11, 0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d};
constexpr u8 kSmbios[] = {0x31, 0x2d, 0x9d, 0xeb, 0x88, 0x2d, 0xd3, 0x11, 0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d};

struct Configuration {
    const u8* guid;
    u64 table;
};

// An EFI system table at 0x8000 with its configuration tables at 0x9000.
void put_system_table(std::initializer_list<Configuration> tables, bool wide) {
    Blob list, system(wide ? 120 : 72);
    for (const Configuration& c : tables) {
        list.insert(list.end(), c.guid, c.guid + 16);
        if (wide) put<u64>(list, c.table);
        else put<u32>(list, static_cast<u32>(c.table));
    }
    std::memcpy(system.data(), "IBI SYST", 8);
    if (wide) {
        put_at<u64>(system, 104, tables.size());
        put_at<u64>(system, 112, 0x9000);
    } else {
        put_at<u32>(system, 64, static_cast<u32>(tables.size()));
        put_at<u32>(system, 68, 0x9000);
    }
    memory[0x8000] = system;
    memory[0x9000] = list;
}

}  // namespace

TEST_CASE("EFI: the root pointer is that of the configuration tables") {
    for (bool wide : {true, false}) {
        memory.clear();
        EfiSystemTable at{Paddr{0x8000}, wide};
        put_system_table({{kSmbios, 0x1000}, {kAcpi10, 0xa000}, {kAcpi20, 0xb014}}, wide);
        CHECK(find_efi_rsdp(at, map_memory) == Maybe<Paddr>{Paddr{0xb014}});
        put_system_table({{kAcpi20, 0xb014}, {kAcpi10, 0xa000}}, wide);
        CHECK(find_efi_rsdp(at, map_memory) == Maybe<Paddr>{Paddr{0xb014}});
        put_system_table({{kSmbios, 0x1000}, {kAcpi10, 0xa000}}, wide);
        CHECK(find_efi_rsdp(at, map_memory) == Maybe<Paddr>{Paddr{0xa000}});
        put_system_table({{kSmbios, 0x1000}}, wide);
        CHECK_FALSE(find_efi_rsdp(at, map_memory));
        put_system_table({{kAcpi20, 0xb014}}, wide);
        memory[0x9000].pop_back();      // the list runs out of what can be read
        CHECK_FALSE(find_efi_rsdp(at, map_memory));
        put_system_table({{kAcpi20, 0xb014}}, wide);
        memory[0x8000][0] ^= 1;
        CHECK_FALSE(find_efi_rsdp(at, map_memory));
        put_system_table({{kAcpi20, 0xb014}}, wide);
        put_at<u32>(memory[0x8000], wide ? 104 : 64, 0xffffffff);
        CHECK_FALSE(find_efi_rsdp(at, map_memory));
        CHECK_FALSE(find_efi_rsdp({Paddr{0x20000}, wide}, map_memory));
    }
}

TEST_CASE("EFI: the firmware's root pointer comes before the loader's copy, and BIOS areas are not searched") {
    memory.clear();
    put_system_table({{kAcpi20, 0xb014}}, true);
    memory[0xb014] = rsdp(0x4000, 0x4100);
    memory[0x1308] = rsdp(0x4000, 0x4100);
    Blob stale(0x20000), wrong = rsdp(0x5000, 0);
    std::memcpy(stale.data() + 0x5010, wrong.data(), wrong.size());
    memory[0xe0000] = stale;
    Blob x = table("XSDT", 1);
    memory[0x4100] = finish(x);
    RootHints hints{.efi = true, .system_table = EfiSystemTable{Paddr{0x8000}}, .copy = Paddr{0x1308}};
    auto t = std::make_unique<Tables>();
    REQUIRE(read_tables(hints, map_memory, *t));
    CHECK(t->rsdp == Paddr{0xb014});
    CHECK(t->rsdp_apart == Maybe<Paddr>{Paddr{0xb014}});

    hints.system_table = nothing;
    auto u = std::make_unique<Tables>();
    REQUIRE(read_tables(hints, map_memory, *u));
    CHECK(u->rsdp == Paddr{0x1308});
    CHECK_FALSE(u->rsdp_apart);         // dom0 could not map the loader's memory
}

TEST_CASE("parsers survive any bytes") {
    std::mt19937 rng{1};
    const char* names[] = {"APIC", "FACP", "HPET", "MCFG", "SRAT", "SLIT"};
    auto m = std::make_unique<Madt>();
    auto s = std::make_unique<Srat>();
    auto l = std::make_unique<Slit>();
    for (int i = 0; i < 20000; ++i) {
        Blob b(rng() % 300);
        for (auto& v : b) v = rng() % 3 ? static_cast<u8>(rng() % 40) : static_cast<u8>(rng());
        if (b.size() >= 4) std::memcpy(b.data(), names[rng() % 6], 4);
        FixedVector<McfgEntry, 32> e;
        (void)parse_madt(b, *m).ok();
        (void)parse_fadt(b).ok();
        (void)parse_hpet(b).ok();
        (void)parse_mcfg(b, e).ok();
        (void)parse_srat(b, *s).ok();
        (void)parse_slit(b, *l).ok();
        (void)find_sleep_type(b, 5);
        (void)scan_for_rsdp(b);
    }
}
