// SPDX-License-Identifier: MIT
#include "drivers/apic/registers.hpp"

#include <asm/cpu.hpp>
#include <asm/mapping.hpp>
#include <asm/mmio.hpp>
#include <xen/apic.hpp>
#include <xen/assert.hpp>

namespace xen::apic {
namespace {

constexpr u32 kBaseMsr = 0x1b;
constexpr u64 kEnableX2 = 1 << 10, kEnable = 1 << 11;
constexpr u32 kX2Msrs = 0x800;

volatile u8* registers = nullptr;
bool x2 = false;

}  // namespace

bool x2apic() { return x2; }

u32 read(Reg r) {
    if (x2) return static_cast<u32>(arch::rdmsr(kX2Msrs + r / 16));
    return arch::mmio_read32(registers + r);
}

void write(Reg r, u32 v) {
    if (x2) arch::wrmsr(kX2Msrs + r / 16, v);
    else arch::mmio_write32(registers + r, v);
}

void attach(Paddr at) {
    registers = static_cast<volatile u8*>(arch::map_device(at, kPageSize));
    if (!registers) panic("the local APIC cannot be mapped");
}

bool enabled_x2apic() { return (arch::rdmsr(kBaseMsr) & (kEnable | kEnableX2)) == (kEnable | kEnableX2); }

// From disabled, x2APIC mode is reached through xAPIC mode only (SDM 3A 10.12.5).
void enable_this_cpu(bool want_x2) {
    u64 base = arch::rdmsr(kBaseMsr);
    if (!(base & kEnable)) arch::wrmsr(kBaseMsr, base | kEnable);
    if (want_x2) arch::wrmsr(kBaseMsr, base | kEnable | kEnableX2);
    x2 = want_x2;
}

}  // namespace xen::apic
