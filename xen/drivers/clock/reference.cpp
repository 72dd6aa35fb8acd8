// SPDX-License-Identifier: MIT
#include "drivers/clock/reference.hpp"

#include <asm/cpu.hpp>
#include <asm/mapping.hpp>
#include <asm/mmio.hpp>

namespace xen::clock {
namespace {

// IA-PC HPET 1.0a, 2.3: capabilities, configuration, main counter.
constexpr usize kHpetBytes = 0x400, kHpetPeriod = 0x04, kHpetConfig = 0x10, kHpetCounter = 0xf0;
constexpr u64 kFemto = 1'000'000'000'000'000;
constexpr u32 kLongestPeriod = 100'000'000;
volatile u8* hpet_registers = nullptr;
u32 read_hpet() { return arch::mmio_read32(hpet_registers + kHpetCounter); }

// ACPI 4.8.3.3.
constexpr u64 kPmHz = 3579545;
u16 pm_port = 0;
volatile u8* pm_registers = nullptr;
u32 read_pm_port() { return arch::inl(pm_port); }
u32 read_pm_memory() { return arch::mmio_read32(pm_registers); }

// Intel 8254: channel 2, whose gate is bit 0 of port 0x61.
constexpr u64 kPitHz = 1193182;
constexpr u16 kPitChannel2 = 0x42, kPitControl = 0x43, kGate = 0x61;
u32 read_pit() {
    arch::outb(kPitControl, 0x80);   // latch
    u32 low = arch::inb(kPitChannel2);
    return 0xffff - (low | u32{arch::inb(kPitChannel2)} << 8);
}

// A counter that stands still is broken or not connected. All of them tick within 300 ns; a read takes up to 1 us.
constexpr unsigned kReadsUntilTick = 400;

bool counts(const Reference& r) {
    u32 first = r.read();
    for (unsigned i = 0; i < kReadsUntilTick; ++i)
        if (r.read() != first) return true;
    return false;
}

}  // namespace

Maybe<Reference> hpet(const acpi::Hpet& table) {
    void* at = arch::map_device(table.address, kHpetBytes);
    if (!at) return nothing;
    hpet_registers = static_cast<volatile u8*>(at);
    u32 period = arch::mmio_read32(hpet_registers + kHpetPeriod);
    if (!period || period > kLongestPeriod) return nothing;
    u32 config = arch::mmio_read32(hpet_registers + kHpetConfig);
    arch::mmio_write32(hpet_registers + kHpetConfig, (config & ~2u) | 1);   // counts; no legacy replacement
    Reference r{"HPET", kFemto / period, ~0u, true, read_hpet};
    if (!counts(r)) return nothing;
    return r;
}

Maybe<Reference> pm_timer(const acpi::Fadt& fadt) {
    if (!fadt.pm_timer) return nothing;
    Reference r{"ACPI PM timer", kPmHz, fadt.timer_32bit() ? ~0u : 0xffffff, true, read_pm_port};
    if (fadt.pm_timer.space == acpi::Space::io) {
        pm_port = static_cast<u16>(fadt.pm_timer.address);
    } else {
        pm_registers = static_cast<volatile u8*>(arch::map_device(Paddr{fadt.pm_timer.address}, 4));
        r.read = read_pm_memory;
        if (!pm_registers) return nothing;
    }
    if (!counts(r)) return nothing;
    return r;
}

Reference pit() {
    arch::outb(kGate, static_cast<u8>((arch::inb(kGate) & ~2) | 1));   // gate open, speaker silent
    arch::outb(kPitControl, 0xb0);                                     // channel 2, both bytes, mode 0
    arch::outb(kPitChannel2, 0xff);
    arch::outb(kPitChannel2, 0xff);
    return {"PIT", kPitHz, 0xffff, false, read_pit};
}

Reference choose(const acpi::Tables& t) {
    if (t.hpet)
        if (auto r = hpet(*t.hpet)) return *r;
    if (t.fadt)
        if (auto r = pm_timer(*t.fadt)) return *r;
    return pit();
}

}  // namespace xen::clock
