// SPDX-License-Identifier: MIT
// The RSDP among the configuration tables of the EFI system table (UEFI 2.10, 4.3, 4.6). Both lie in memory of the
// runtime services, so they are still there, at physical addresses, after the loader has ended the boot services.
#include "drivers/acpi/bytes.hpp"

namespace xen::acpi {
namespace {

constexpr char kSignature[] = "IBI SYST";
constexpr usize kGuidBytes = 16;
constexpr u64 kMaxTables = 512;

// GUIDs as they lie in memory: 8868e871-e4f1-11d3-bc22-0080c73c8881 and eb9d2d30-2d88-11d3-9a16-0090273fc14d.
constexpr u8 kAcpi20[kGuidBytes] = {0x71, 0xe8, 0x68, 0x88, 0xf1, 0xe4, 0xd3, 0x11,
                                    0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81};
constexpr u8 kAcpi10[kGuidBytes] = {0x30, 0x2d, 0x9d, 0xeb, 0x88, 0x2d, 0xd3, 0x11,
                                    0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d};

// Where the fields are that differ with the width of the firmware's pointers.
struct Form {
    usize count_at, tables_at, system_bytes, entry_bytes;
    bool wide;
    u64 pointer(Bytes b, usize at) const { return wide ? field<u64>(b, at) : field<u32>(b, at); }
    u64 count(Bytes b) const { return pointer(b, count_at); }   // a UINTN, as wide as a pointer
};
constexpr Form k64{104, 112, 120, 24, true}, k32{64, 68, 72, 20, false};

Bytes bytes_at(Mapper map, u64 at, usize n) {
    const void* p = at ? map(Paddr{at}, n) : nullptr;
    return p ? Bytes{static_cast<const u8*>(p), n} : Bytes{};
}

bool is(Bytes entry, const u8 (&guid)[kGuidBytes]) { return memcmp(entry.data(), guid, kGuidBytes) == 0; }

}  // namespace

Maybe<Paddr> find_efi_rsdp(const EfiSystemTable& from, Mapper map) {
    const Form& form = from.wide ? k64 : k32;
    Bytes system = bytes_at(map, from.at.raw(), form.system_bytes);
    if (system.empty() || memcmp(system.data(), kSignature, 8) != 0) return nothing;
    u64 count = form.count(system);
    if (count == 0 || count > kMaxTables) return nothing;
    Bytes list = bytes_at(map, form.pointer(system, form.tables_at), count * form.entry_bytes);
    Maybe<Paddr> old;
    for (usize at = 0; at < list.size(); at += form.entry_bytes) {
        Bytes entry = list.subspan(at, form.entry_bytes);
        Paddr table{form.pointer(entry, kGuidBytes)};
        if (is(entry, kAcpi20)) return table;
        if (is(entry, kAcpi10)) old = table;
    }
    return old;
}

}  // namespace xen::acpi
