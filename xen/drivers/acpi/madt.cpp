// SPDX-License-Identifier: MIT
// Multiple APIC Description Table, 5.2.12.
#include "drivers/acpi/bytes.hpp"

namespace xen::acpi {
namespace {

enum Type : u8 { kLocalApic = 0, kIoApic = 1, kOverride = 2, kNmi = 3, kLocalNmi = 4, kAddress = 5, kX2apic = 9, kX2Nmi = 10 };
constexpr u32 kEnabled = 1, kOnlineCapable = 2;
constexpr u32 kNoApic = 0xff;
constexpr u8 kAllProcessors = 0xff;

// MPS INTI flags (table 5-26): polarity in bits 0-1, trigger in bits 2-3; 0 is what the bus has, for ISA edge and high.
bool is_low(u16 flags) { return (flags & 3) == 3; }
bool is_level(u16 flags) { return (flags >> 2 & 3) == 3; }

// A list that is full has room for the boot CPU, and for one that runs in place of one that may be plugged in later.
bool make_room(Madt& m, const CpuEntry& c) {
    usize i = m.cpus.size();
    if (c.enabled)
        while (i && m.cpus[i - 1].enabled) --i;
    if (!c.enabled || !i) {
        if (!m.keep || *m.keep != c.apic_id) return false;
        i = m.cpus.size();
    }
    m.cpus.erase(i - 1);
    return true;
}

// A processor may stand twice, as local APIC and as x2APIC: the first counts.
void add_cpu(Madt& m, CpuEntry c, u32 flags) {
    c.enabled = flags & kEnabled;
    if (!c.enabled && !(flags & kOnlineCapable)) return;
    for (const CpuEntry& o : m.cpus)
        if (o.apic_id == c.apic_id) return;
    if (m.cpus.push(c)) return;
    ++m.cpus_left_out;
    if (make_room(m, c)) static_cast<void>(m.cpus.push(c));
}

void add_local_apic(Madt& m, Bytes e) {
    u32 id = field<u8>(e, 3);
    if (e.size() < 8 || id == kNoApic) return;
    add_cpu(m, {id, field<u8>(e, 2), NodeId{}, false}, field<u32>(e, 4));
}

void add_x2apic(Madt& m, Bytes e) {
    u32 id = field<u32>(e, 4);
    if (e.size() < 16 || id == 0xffffffff) return;
    add_cpu(m, {id, field<u32>(e, 12), NodeId{}, false}, field<u32>(e, 8));
}

void add_override(Madt& m, Bytes e) {
    u16 flags = field<u16>(e, 8);
    if (e.size() < 10 || field<u8>(e, 2) != 0) return;   // bus 0: ISA
    static_cast<void>(m.overrides.push({field<u8>(e, 3), field<u32>(e, 4), is_level(flags), is_low(flags)}));
}

void add_local_nmi(Madt& m, Bytes e) {
    if (e.size() < 6) return;
    u8 cpu = field<u8>(e, 2);
    u16 flags = field<u16>(e, 3);
    u32 id = cpu == kAllProcessors ? kAllCpus : cpu;
    static_cast<void>(m.local_nmis.push({id, field<u8>(e, 5), is_level(flags), is_low(flags)}));
}

void add_x2apic_nmi(Madt& m, Bytes e) {
    if (e.size() < 12) return;
    u16 flags = field<u16>(e, 2);
    static_cast<void>(m.local_nmis.push({field<u32>(e, 4), field<u8>(e, 8), is_level(flags), is_low(flags)}));
}

void add_entry(Madt& m, u8 type, Bytes e) {
    switch (type) {
    case kLocalApic: return add_local_apic(m, e);
    case kX2apic: return add_x2apic(m, e);
    case kIoApic:
        if (e.size() >= 12)
            static_cast<void>(m.io_apics.push({field<u8>(e, 2), Paddr{field<u32>(e, 4)}, field<u32>(e, 8)}));
        return;
    case kOverride: return add_override(m, e);
    case kNmi:
        if (e.size() >= 8) {
            u16 flags = field<u16>(e, 2);
            static_cast<void>(m.nmi_sources.push({field<u32>(e, 4), is_level(flags), is_low(flags)}));
        }
        return;
    case kLocalNmi: return add_local_nmi(m, e);
    case kX2Nmi: return add_x2apic_nmi(m, e);
    case kAddress:
        if (e.size() >= 12) m.local_apic = Paddr{field<u64>(e, 4)};
        return;
    default: return;
    }
}

}  // namespace

Status parse_madt(Bytes t, Madt& out) {
    if (!has_signature(t, "APIC") || t.size() < kHeaderBytes + 8) return Errno::inval;
    out.local_apic = Paddr{field<u32>(t, kHeaderBytes)};
    out.has_8259 = field<u32>(t, kHeaderBytes + 4) & 1;
    for_each_entry(t, kHeaderBytes + 8, [&](u8 type, Bytes e) { add_entry(out, type, e); });
    return {};
}

}  // namespace xen::acpi
