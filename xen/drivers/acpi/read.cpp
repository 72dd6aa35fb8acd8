// SPDX-License-Identifier: MIT
// From the root pointer to `Tables`. A table that is damaged is left out with a warning; the machine may do without.
#include <xen/log.hpp>

#include "drivers/acpi/bytes.hpp"

namespace xen::acpi {
namespace {

constexpr u32 kMaxTable = 16 << 20;
constexpr Paddr kBiosArea{0xe0000};
constexpr usize kBiosBytes = 0x20000;
constexpr Paddr kEbdaSegment{0x40e};
constexpr usize kEbdaSearched = 1024;

Bytes bytes_at(Mapper map, Paddr at, usize n) {
    const void* p = map(at, n);
    return p ? Bytes{static_cast<const u8*>(p), n} : Bytes{};
}

// A whole table; empty when it cannot be had. FACS has no checksum, and is not read.
Bytes table_at(Mapper map, Paddr at) {
    Bytes header = at.raw() ? bytes_at(map, at, kHeaderBytes) : Bytes{};
    u32 n = table_length(header);
    if (n < kHeaderBytes || n > kMaxTable) return {};
    Bytes t = bytes_at(map, at, n);
    if (t.empty() || checksum_ok(t)) return t;
    log_warning("ACPI: the checksum of table %.4s at %#llx is wrong", reinterpret_cast<const char*>(t.data()),
                static_cast<unsigned long long>(at.raw()));
    return {};
}

Maybe<Paddr> scan_area(Mapper map, Paddr start, usize n) {
    Maybe<usize> at = scan_for_rsdp(bytes_at(map, start, n));
    if (!at) return nothing;
    return start + *at;
}

// 5.2.5.1: the first KiB of the extended BIOS data area, then the BIOS area.
Maybe<Paddr> find_rsdp(Mapper map) {
    u64 ebda = u64{field<u16>(bytes_at(map, kEbdaSegment, 2), 0)} << 4;
    if (ebda >= 0x80000 && ebda < 0xa0000)
        if (Maybe<Paddr> at = scan_area(map, Paddr{ebda}, kEbdaSearched)) return at;
    return scan_area(map, kBiosArea, kBiosBytes);
}

Result<Root> root_at(Mapper map, Paddr at) {
    Bytes v2 = bytes_at(map, at, 36);
    return parse_rsdp(v2.empty() ? bytes_at(map, at, 20) : v2);
}

void take_sleep_types(Bytes aml, Tables& out) {
    Bytes code = part(aml, kHeaderBytes, aml.size());
    if (!out.s3) out.s3 = find_sleep_type(code, 3);
    if (!out.s5) out.s5 = find_sleep_type(code, 5);
}

void take_fadt(Bytes t, Mapper map, Tables& out) {
    auto fadt = parse_fadt(t);
    if (!fadt || out.fadt) return;
    out.fadt = fadt.value();
    take_sleep_types(table_at(map, out.fadt->dsdt), out);
}

void take(Bytes t, Mapper map, Tables& out) {
    if (has_signature(t, "APIC")) out.has_madt |= parse_madt(t, out.madt).ok();
    else if (has_signature(t, "FACP")) take_fadt(t, map, out);
    else if (has_signature(t, "MCFG")) static_cast<void>(parse_mcfg(t, out.mcfg).ok());
    else if (has_signature(t, "SRAT")) out.has_srat |= parse_srat(t, out.srat).ok();
    else if (has_signature(t, "SLIT")) out.has_slit |= parse_slit(t, out.slit).ok();
    else if (has_signature(t, "SSDT")) take_sleep_types(t, out);
    else if (has_signature(t, "HPET") && !out.hpet)
        if (auto h = parse_hpet(t)) out.hpet = h.value();
}

}  // namespace

Status read_tables(const RootHints& hints, Mapper map, Tables& out) {
    if (hints.system_table) out.rsdp_apart = find_efi_rsdp(*hints.system_table, map);
    Maybe<Paddr> at = out.rsdp_apart;
    if (!at && !hints.efi) at = find_rsdp(map);
    if (!at) at = hints.copy;
    if (!at) return Errno::noent;
    Root root = TRY(root_at(map, *at));
    out.rsdp = *at;
    out.root = root.tables;
    out.revision = root.revision;
    Bytes list = table_at(map, root.tables);
    if (list.empty()) return Errno::inval;
    for (usize i = 0; i < root_entries(list, root.is_xsdt); ++i)
        if (Bytes t = table_at(map, root_entry(list, root.is_xsdt, i)); !t.empty()) take(t, map, out);
    return {};
}

}  // namespace xen::acpi
