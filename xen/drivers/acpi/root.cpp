// SPDX-License-Identifier: MIT
// The way to the tables: RSDP (5.2.5), RSDT and XSDT (5.2.7, 5.2.8), table headers (5.2.6).
#include "drivers/acpi/bytes.hpp"

namespace xen::acpi {
namespace {

constexpr usize kRsdpV1 = 20;

bool sums_to_zero(Bytes b) {
    u8 sum = 0;
    for (u8 v : b) sum = static_cast<u8>(sum + v);
    return sum == 0;
}

bool is_rsdp(Bytes b) { return b.size() >= kRsdpV1 && memcmp(b.data(), "RSD PTR ", 8) == 0; }

}  // namespace

u32 table_length(Bytes header) { return field<u32>(header, 4); }

bool checksum_ok(Bytes table) { return table.size() >= kHeaderBytes && sums_to_zero(table); }

bool has_signature(Bytes t, const char (&name)[5]) { return t.size() >= 4 && memcmp(t.data(), name, 4) == 0; }

// Without an extended checksum that holds, the first part and its RSDT are still good.
Result<Root> parse_rsdp(Bytes b) {
    if (!is_rsdp(b)) return Errno::noent;
    if (!sums_to_zero(b.first(kRsdpV1))) return Errno::inval;
    u8 revision = b[15];
    u32 length = field<u32>(b, 20);
    u64 xsdt = field<u64>(b, 24);
    if (revision >= 2 && xsdt && length >= 36 && length <= b.size() && sums_to_zero(b.first(length)))
        return Root{Paddr{xsdt}, true, revision};
    u32 rsdt = field<u32>(b, 16);
    if (!rsdt) return Errno::inval;
    return Root{Paddr{rsdt}, false, revision};
}

Maybe<usize> scan_for_rsdp(Bytes area) {
    for (usize at = 0; at + kRsdpV1 <= area.size(); at += 16)
        if (is_rsdp(area.subspan(at)) && sums_to_zero(area.subspan(at, kRsdpV1))) return at;
    return nothing;
}

usize root_entries(Bytes root, bool is_xsdt) {
    if (root.size() < kHeaderBytes) return 0;
    return (root.size() - kHeaderBytes) / (is_xsdt ? 8 : 4);
}

Paddr root_entry(Bytes root, bool is_xsdt, usize i) {
    if (is_xsdt) return Paddr{field<u64>(root, kHeaderBytes + i * 8)};
    return Paddr{field<u32>(root, kHeaderBytes + i * 4)};
}

GenericAddress generic_address(Bytes t, usize at) {
    GenericAddress g;
    g.space = static_cast<Space>(field<u8>(t, at));
    g.bits = field<u8>(t, at + 1);
    g.offset = field<u8>(t, at + 2);
    g.access = field<u8>(t, at + 3);
    g.address = field<u64>(t, at + 4);
    return g;
}

}  // namespace xen::acpi
