// SPDX-License-Identifier: MIT
// Firmware tables of machines with hundreds of processors, and which of these become CPUs.
#include <catch2/catch.hpp>

#include <memory>

#include <asm/cpu_area.hpp>
#include <asm/layout.hpp>
#include <xen/cpumask.hpp>

#include "acpi_tables.hpp"
#include "arch/x86/platform/cpu_list.hpp"

using namespace acpi_tables;

static_assert(kMaxCpus >= 256, "CONFIG_NR_CPUS");
// Stacks and tables of every CPU lie between the devices and the image, and in one page-table slot with them.
static_assert(arch::kCpuAreas >= arch::kFixmap && arch::area_of(CpuId{kMaxCpus}) <= arch::kImage);

namespace {

constexpr u32 kX2Largest = 0xfffffffe, kXLargest = 0xfe;
constexpr u32 kRuns = 1, kMayCome = 2;

std::unique_ptr<Madt> parse(Blob b, Maybe<u32> keep = nothing) {
    auto m = std::make_unique<Madt>();
    m->keep = keep;
    REQUIRE(parse_madt(finish(b), *m));
    return m;
}

std::unique_ptr<platform::CpuList> number(const Madt& m, u32 boot_id, u32 largest) {
    auto l = std::make_unique<platform::CpuList>();
    platform::number_cpus(m, boot_id, largest, *l);
    return l;
}

// Ids as firmware gives them: local APIC entries where they fit, else x2APIC ones.
void add(Blob& b, u32 apic, u32 acpi, u32 flags = kRuns) {
    if (apic < 255 && acpi < 255) add_lapic(b, static_cast<u8>(acpi), static_cast<u8>(apic), flags);
    else add_x2apic(b, apic, acpi, flags);
}

}  // namespace

TEST_CASE("CPU sets hold the numbers around each border of a word, and the last one") {
    CpuMask m;
    for (usize i : {usize{127}, usize{128}, usize{191}, usize{192}, usize{254}, usize{kMaxCpus - 1}}) {
        m.set(i);
        CHECK(m.test(i));
        CHECK(mask_of(CpuId{static_cast<u32>(i)}).count() == 1);
    }
    CHECK(m.count() == 6);
    CHECK(m.next(255) == (kMaxCpus == 256 ? 255 : kMaxCpus - 1));
    CHECK(m.next(kMaxCpus) == kMaxCpus);
    m.set_all();
    CHECK(m.count() == kMaxCpus);
    CHECK(m.first_clear() == kMaxCpus);
}

TEST_CASE("256 processors with sparse ids, half of them above 255, become CPUs 0 to 255") {
    Blob b = madt_header();
    for (u32 i = 0; i < 256; ++i) add(b, i * 3, i);
    auto m = parse(b);
    REQUIRE(m->cpus.size() == 256);
    CHECK(m->cpus_left_out == 0);
    auto l = number(*m, 0, kX2Largest);
    REQUIRE(l->cpus.size() == 256);
    CHECK((l->left_out == 0 && l->unreachable == 0));
    for (u32 i = 0; i < 256; ++i) CHECK((l->cpus[i].apic_id == i * 3 && l->cpus[i].acpi_id == i && l->cpus[i].enabled));
}

TEST_CASE("of 300 processors those that come first are used, and the rest is counted") {
    Blob b = madt_header();
    for (u32 i = 0; i < 300; ++i) add(b, i, i);
    auto m = parse(b, 0u);
    auto l = number(*m, 0, kX2Largest);
    CHECK(l->cpus.size() == kMaxCpus);
    CHECK(l->left_out == 300 - kMaxCpus);
    CHECK(l->cpus[kMaxCpus - 1].apic_id == kMaxCpus - 1);
}

TEST_CASE("the boot CPU is CPU 0 even when the firmware lists it behind all that there is room for") {
    Blob b = madt_header();
    for (u32 i = 0; i < 300; ++i) add(b, i + 1000, i);
    auto m = parse(b, 1290u);
    CHECK(m->cpus_left_out == 300 - kMaxCpus);
    auto l = number(*m, 1290, kX2Largest);
    REQUIRE(l->cpus.size() == kMaxCpus);
    CHECK((l->cpus[0].apic_id == 1290 && l->cpus[0].acpi_id == 290));
    CHECK(l->cpus[1].apic_id == 1000);
    CHECK(l->cpus[kMaxCpus - 1].apic_id == 1000 + kMaxCpus - 2);
    CHECK(l->left_out == 300 - kMaxCpus);
}

TEST_CASE("a boot CPU that is not listed is one more CPU") {
    Blob b = madt_header();
    for (u32 i = 0; i < kMaxCpus; ++i) add(b, i + 1, i);
    auto l = number(*parse(b, 900u), 900, kX2Largest);
    REQUIRE(l->cpus.size() == kMaxCpus);
    CHECK((l->cpus[0].apic_id == 900 && l->cpus[0].enabled));
    CHECK(l->left_out == 1);
}

TEST_CASE("processors that may be plugged in later take no room from those that run") {
    Blob b = madt_header();
    add(b, 0, 0);
    for (u32 i = 1; i < 200; ++i) add(b, i, i, kMayCome);
    for (u32 i = 200; i < 400; ++i) add(b, i, i);
    add(b, 500, 500, 0);   // not there at all
    auto m = parse(b, 0u);
    REQUIRE(m->cpus.size() == kMaxCpus);
    u32 running = 0;
    for (const CpuEntry& c : m->cpus) running += c.enabled;
    CHECK(running == 201);
    CHECK(m->cpus_left_out == 400 - kMaxCpus);
    CHECK(m->cpus[0].apic_id == 0);
    CHECK((m->cpus[kMaxCpus - 1].apic_id == 399 && m->cpus[1].apic_id == 1 && !m->cpus[1].enabled));
}

TEST_CASE("without x2APIC mode no CPU has an id above 254: its INIT would reach another one") {
    Blob b = madt_header();
    for (u32 i = 0; i < 256; ++i) add(b, i + 100, i);   // 100 to 355
    auto m = parse(b);
    auto l = number(*m, 100, kXLargest);
    REQUIRE(l->cpus.size() == 155);                     // 100 to 254
    CHECK(l->unreachable == 101);
    CHECK(l->left_out == 0);
    for (const CpuEntry& c : l->cpus) CHECK(c.apic_id <= kXLargest);
    CHECK(number(*m, 100, kX2Largest)->cpus.size() == 256);
}

TEST_CASE("SRAT in another order than MADT, with more processors than there is room for, names each CPU's node") {
    Blob b = table("SRAT", 3);
    b.resize(48);
    for (u32 i = 600; i-- > 0;) {
        b.insert(b.end(), {2, 24, 0, 0});
        put<u32>(b, i / 150);
        put<u32>(b, i);
        put<u32>(b, 1);
        put<u64>(b, 0);
    }
    auto s = std::make_unique<Srat>();
    REQUIRE(parse_srat(finish(b), *s));
    REQUIRE(s->cpus.size() == 600);
    CHECK((s->cpus[599].apic_id == 0 && s->cpus[599].domain == 0));
    CHECK((s->cpus[0].apic_id == 599 && s->cpus[0].domain == 3));
}
