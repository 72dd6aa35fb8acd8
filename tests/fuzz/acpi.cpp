// SPDX-License-Identifier: MIT
// The firmware's tables: a machine's memory that holds whatever the input says, with checksums that are put right, so that
// more than the check of the checksum is tried.
#include <xen/acpi.hpp>

#include <map>
#include <memory>
#include <vector>

#include "targets.hpp"

namespace xen::fuzz {
namespace {

using Blob = std::vector<u8>;

// Only what is put there can be mapped, up to the last byte.
std::map<u64, Blob> firmware;

const void* map(Paddr at, usize n) {
    for (auto& [start, blob] : firmware)
        if (at.raw() >= start && at.raw() - start <= blob.size() && n <= blob.size() - (at.raw() - start))
            return blob.data() + (at.raw() - start);
    return nullptr;
}

void repair(Blob& b, usize sum_at, usize n) {
    if (n > b.size() || sum_at >= n) return;
    u8 sum = 0;
    b[sum_at] = 0;
    for (usize i = 0; i < n; ++i) sum = static_cast<u8>(sum + b[i]);
    b[sum_at] = static_cast<u8>(-sum);
}

constexpr u64 kRoot = 0x9000, kList = 0x10000, kTables = 0x20000, kStep = 0x1000;
constexpr char kNames[][5] = {"APIC", "FACP", "HPET", "MCFG", "SRAT", "SLIT", "DSDT", "SSDT", "XXXX"};

Blob table(const char* name, Bytes body, bool repaired, u32 length_error) {
    Blob b(36);
    std::memcpy(b.data(), name, 4);
    b[8] = body.empty() ? 1 : body[0];
    b.insert(b.end(), body.begin(), body.end());
    u32 length = static_cast<u32>(b.size()) + length_error;
    std::memcpy(b.data() + 4, &length, 4);
    if (repaired) repair(b, 9, b.size());
    return b;
}

void put_root(Input& in, bool wide) {
    Blob root(36);
    std::memcpy(root.data(), "RSD PTR ", 8);
    root[15] = wide ? 2 : in.take<u8>() & 3;
    u32 length = in.one_in(8) ? in.take<u8>() : 36, list = kList;
    u64 wide_list = kList;
    std::memcpy(root.data() + 16, &list, 4);
    std::memcpy(root.data() + 20, &length, 4);
    std::memcpy(root.data() + 24, &wide_list, 8);
    repair(root, 8, 20);
    repair(root, 32, 36);
    firmware[kRoot] = root;
}

// Each table that the input has, and the list of them.
void put_tables(Input& in, bool wide) {
    Blob list;
    for (unsigned i = 0; i < 9 && !in.empty(); ++i) {
        u64 at = kTables + i * kStep;
        const char* name = kNames[in.below(9)];
        bool repaired = !in.one_in(16);
        u32 error = in.one_in(16) ? in.take<u32>() : 0;
        firmware[at] = table(name, in.bytes(in.below(1024)), repaired, error);
        auto* entry = reinterpret_cast<const u8*>(&at);
        list.insert(list.end(), entry, entry + (wide ? 8 : 4));
    }
    firmware[kList] = table(wide ? "XSDT" : "RSDT", Bytes{list}, true, 0);
}

void parse_one(Input& in) {
    Bytes raw = in.rest();
    Blob b{raw.begin(), raw.end()};
    if (b.size() >= 36) {
        u32 length = static_cast<u32>(b.size());
        std::memcpy(b.data() + 4, &length, 4);
        repair(b, 9, b.size());
    }
    acpi::Bytes all{b.data(), b.size()};
    if (auto r = acpi::parse_rsdp(all)) (void)r.value().tables;
    if (auto at = acpi::scan_for_rsdp(all); at && *at >= b.size()) broken("a root pointer outside of what was searched");
    for (u8 state = 0; state < 6; ++state) (void)acpi::find_sleep_type(all, state);
    if (b.size() < 36) return;
    auto madt = std::make_unique<acpi::Madt>();
    auto srat = std::make_unique<acpi::Srat>();
    auto slit = std::make_unique<acpi::Slit>();
    FixedVector<acpi::McfgEntry, 32> mcfg;
    (void)acpi::parse_madt(all, *madt).ok();
    (void)acpi::parse_srat(all, *srat).ok();
    (void)acpi::parse_slit(all, *slit).ok();
    (void)acpi::parse_mcfg(all, mcfg).ok();
    (void)acpi::parse_fadt(all);
    (void)acpi::parse_hpet(all);
    if (slit->count > acpi::kMaxLocalities) broken("a SLIT with more localities than there is room for");
    for (bool wide : {false, true})
        for (usize i = 0, n = acpi::root_entries(all, wide); i < n; ++i) (void)acpi::root_entry(all, wide, i);
}

}  // namespace

void run_acpi(Input in) {
    if (in.one_in(3)) return parse_one(in);
    firmware.clear();
    bool wide = in.below(2), efi = in.one_in(4);
    put_root(in, wide);
    acpi::RootHints hints{.efi = efi, .copy = Paddr{kRoot}};
    if (efi && in.below(2)) {
        hints.system_table = acpi::EfiSystemTable{Paddr{0x4000}, static_cast<bool>(in.below(2))};
        Bytes raw = in.bytes(512);
        firmware[0x4000] = {raw.begin(), raw.end()};
    }
    put_tables(in, wide);
    auto tables = std::make_unique<acpi::Tables>();
    (void)acpi::read_tables(hints, map, *tables).ok();
}

}  // namespace xen::fuzz
