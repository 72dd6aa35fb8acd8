// SPDX-License-Identifier: MIT
// Fixed hardware: FADT (5.2.9), HPET, MCFG.
#include "drivers/acpi/bytes.hpp"

namespace xen::acpi {
namespace {

// The 64-bit block, or the port that older tables have in its place.
GenericAddress block(Bytes t, usize extended, usize old_port, u8 bytes) {
    GenericAddress g = generic_address(t, extended);
    if (g) return g;
    g = {};
    g.space = Space::io;
    g.bits = static_cast<u8>(bytes * 8);
    g.address = field<u32>(t, old_port);
    return g;
}

}  // namespace

Result<Fadt> parse_fadt(Bytes t) {
    if (!has_signature(t, "FACP") || t.size() < 116) return Errno::inval;
    Fadt f;
    f.revision = t[8];
    f.sci_irq = field<u16>(t, 46);
    f.smi_command = field<u32>(t, 48);
    f.acpi_enable = field<u8>(t, 52);
    u64 facs = field<u64>(t, 132), dsdt = field<u64>(t, 140);
    f.facs = Paddr{facs ? facs : field<u32>(t, 36)};
    f.dsdt = Paddr{dsdt ? dsdt : field<u32>(t, 40)};
    f.pm1_event_bytes = field<u8>(t, 88);
    u8 control_bytes = field<u8>(t, 89);
    f.pm1a_event = block(t, 148, 56, f.pm1_event_bytes);
    f.pm1b_event = block(t, 160, 60, f.pm1_event_bytes);
    f.pm1a_control = block(t, 172, 64, control_bytes);
    f.pm1b_control = block(t, 184, 68, control_bytes);
    if (field<u8>(t, 91) == 4) f.pm_timer = block(t, 208, 76, 4);   // PM_TMR_LEN
    f.century = field<u8>(t, 108);
    f.boot_arch = field<u16>(t, 109);
    f.flags = field<u32>(t, 112);
    f.reset = generic_address(t, 116);
    f.reset_value = field<u8>(t, 128);
    return f;
}

Result<Hpet> parse_hpet(Bytes t) {
    if (!has_signature(t, "HPET") || t.size() < 56) return Errno::inval;
    GenericAddress base = generic_address(t, 40);
    if (base.space != Space::memory || !base) return Errno::inval;
    return Hpet{Paddr{base.address}, field<u32>(t, kHeaderBytes), field<u16>(t, 53), field<u8>(t, 52)};
}

Status parse_mcfg(Bytes t, FixedVector<McfgEntry, 32>& out) {
    if (!has_signature(t, "MCFG")) return Errno::inval;
    for (usize at = kHeaderBytes + 8; at + 16 <= t.size(); at += 16) {
        McfgEntry e{Paddr{field<u64>(t, at)}, field<u16>(t, at + 8), field<u8>(t, at + 10), field<u8>(t, at + 11)};
        if (e.base.raw() && e.first_bus <= e.last_bus) static_cast<void>(out.push(e));
    }
    return {};
}

}  // namespace xen::acpi
