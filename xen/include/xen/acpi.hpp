// SPDX-License-Identifier: MIT
// The static ACPI tables, as structures: processors, interrupt controllers, timers, fixed hardware, NUMA, and the
// sleep types that the DSDT's packages name. Parsers are pure functions over bytes (drivers/acpi): every length and
// checksum is checked, what does not fit its array is left out. Filled at boot, read-only afterwards.
// Chapter numbers are those of the ACPI specification 6.4.
#pragma once

#include <span>

#include <xen/config/nr_cpus.hpp>

#include "lib/fixed_vector.hpp"
#include "lib/index.hpp"
#include "lib/maybe.hpp"
#include "lib/result.hpp"

namespace xen::acpi {

using Bytes = std::span<const u8>;

// 5.2.3.2 Generic Address Structure.
enum class Space : u8 { memory = 0, io = 1, pci_config = 2 };
struct GenericAddress {
    Space space = Space::memory;
    u8 bits = 0, offset = 0, access = 0;
    u64 address = 0;
    explicit operator bool() const { return address != 0; }
};

struct CpuEntry {
    u32 apic_id = 0;
    u32 acpi_id = 0;
    NodeId node{};
    bool enabled = false;       // else it may be plugged in later
};

// 5.2.12 Multiple APIC Description Table.
struct IoApic {
    u8 id = 0;
    Paddr address{};
    u32 gsi_base = 0;
};
struct Override {               // ISA line `source` is wired to `gsi`
    u8 source = 0;
    u32 gsi = 0;
    bool level = false, active_low = false;
};
struct NmiSource {
    u32 gsi = 0;
    bool level = false, active_low = false;
};
struct LocalNmi {
    u32 acpi_id = 0;            // kAllCpus: every one
    u8 lint = 0;
    bool level = false, active_low = false;
};
inline constexpr u32 kAllCpus = 0xffffffff;

struct Madt {
    Paddr local_apic{0xfee00000};
    bool has_8259 = true;
    FixedVector<CpuEntry, config::nr_cpus> cpus;
    u32 cpus_left_out = 0;
    Maybe<u32> keep{};          // set by the caller: this APIC id, the boot CPU's, is never left out
    FixedVector<IoApic, 64> io_apics;
    FixedVector<Override, 64> overrides;
    FixedVector<NmiSource, 16> nmi_sources;
    FixedVector<LocalNmi, 64> local_nmis;
};

// 5.2.9 Fixed ACPI Description Table: what the hypervisor uses of it.
struct Fadt {
    u8 revision = 0;
    u16 sci_irq = 0;
    u32 smi_command = 0;
    u8 acpi_enable = 0;
    Paddr dsdt{}, facs{};
    GenericAddress pm1a_event{}, pm1b_event{}, pm1a_control{}, pm1b_control{}, pm_timer{};
    GenericAddress reset{};
    u8 pm1_event_bytes = 0;
    u8 reset_value = 0;
    u8 century = 0;             // CMOS register of the century, 0: none
    u16 boot_arch = 0;          // bit 5: no CMOS RTC
    u32 flags = 0;
    bool timer_32bit() const { return flags & (1u << 8); }
    bool has_reset() const { return (flags & (1u << 10)) && reset; }
    bool hardware_reduced() const { return flags & (1u << 20); }
    bool no_rtc() const { return boot_arch & (1u << 5); }
};

// IA-PC HPET specification 1.0a, 3.2.4.
struct Hpet {
    Paddr address{};
    u32 block_id = 0;
    u16 min_tick = 0;
    u8 number = 0;
};

// PCI firmware specification 3.3, 4.1.2.
struct McfgEntry {
    Paddr base{};               // of bus 0, even when first_bus is not
    u16 segment = 0;
    u8 first_bus = 0, last_bus = 0;
};

// 5.2.16 System Resource Affinity Table.
struct CpuAffinity {
    u32 apic_id = 0;
    u32 domain = 0;
};
struct MemoryAffinity {
    u32 domain = 0;
    Paddr start{};
    u64 bytes = 0;
    bool hotplug = false;
};
struct Srat {
    FixedVector<CpuAffinity, 4 * config::nr_cpus> cpus;   // in another order than MADT's, with CPUs that are left out
    FixedVector<MemoryAffinity, 128> memory;
};

// 5.2.17 System Locality Information Table; indices are proximity domains.
inline constexpr u32 kMaxLocalities = 64;
struct Slit {
    u32 count = 0;
    u8 distance[kMaxLocalities][kMaxLocalities] = {};
};

// The two numbers of a \_Sx package: SLP_TYP for PM1a and PM1b control (4.8.3.2.1).
struct SleepType {
    u8 a = 0, b = 0;
};

struct Tables {
    Paddr rsdp{}, root{};
    // The RSDP where the firmware keeps it, if no search of the BIOS areas leads there: a guest has to be told.
    Maybe<Paddr> rsdp_apart{};
    u8 revision = 0;
    Madt madt{};
    Maybe<Fadt> fadt{};
    Maybe<Hpet> hpet{};
    FixedVector<McfgEntry, 32> mcfg;
    bool has_madt = false, has_srat = false, has_slit = false;
    Srat srat{};
    Slit slit{};
    Maybe<SleepType> s3{}, s5{};
};

// -- pure parsers. A table is its bytes with the header; the checksum has been checked by find/visit unless noted.
u32 table_length(Bytes header);               // from the first 36 bytes
bool checksum_ok(Bytes table);
struct Root {
    Paddr tables{};             // RSDT or XSDT
    bool is_xsdt = false;
    u8 revision = 0;
};
Result<Root> parse_rsdp(Bytes rsdp);          // checks its checksums; 20 bytes are enough for revision 0
Maybe<usize> scan_for_rsdp(Bytes area);       // on 16-byte boundaries: offset
// Addresses of the tables that the root table lists.
usize root_entries(Bytes root, bool is_xsdt);
Paddr root_entry(Bytes root, bool is_xsdt, usize i);
bool has_signature(Bytes table, const char (&name)[5]);

Status parse_madt(Bytes table, Madt& out);
Result<Fadt> parse_fadt(Bytes table);
Result<Hpet> parse_hpet(Bytes table);
Status parse_mcfg(Bytes table, FixedVector<McfgEntry, 32>& out);
Status parse_srat(Bytes table, Srat& out);
Status parse_slit(Bytes table, Slit& out);
Maybe<SleepType> find_sleep_type(Bytes aml, u8 state);   // the package \_S<state>_ of the DSDT or an SSDT

// -- reading them from memory, which is reached only through `map` (nullptr: not to be had; mappings stay).
using Mapper = const void* (*)(Paddr at, usize bytes);
// What the loader knows of the root pointer.
struct EfiSystemTable {
    Paddr at{};
    bool wide = true;           // 64-bit firmware
};
struct RootHints {
    bool efi = false;           // then nothing in the BIOS areas means anything
    Maybe<EfiSystemTable> system_table{};
    Maybe<Paddr> copy{};        // of the RSDP, in the loader's own memory
};
Maybe<Paddr> find_efi_rsdp(const EfiSystemTable& from, Mapper map);
// The firmware's own RSDP comes before the loader's copy. Errno::noent without any.
Status read_tables(const RootHints& hints, Mapper map, Tables& out);

}  // namespace xen::acpi
