// SPDX-License-Identifier: MIT
// From Arm's Software Developers Errata Notices of the processors, and for branch prediction from its "Cache speculation
// side-channels" and "Spectre-BHB" white papers.
#include "arch/arm/errata/table.hpp"

namespace xen::errata {
namespace {

constexpr u64 kArm = 0x41;
constexpr u8 kAny = 0xff;

enum Part : u16 {
    a53 = 0xd03, a55 = 0xd05, a57 = 0xd07, a72 = 0xd08, a73 = 0xd09, a75 = 0xd0a, a76 = 0xd0b, n1 = 0xd0c, a77 = 0xd0d, v1 = 0xd40,
    a78 = 0xd41, a78ae = 0xd42, x1 = 0xd44, a510 = 0xd46, a710 = 0xd47, x2 = 0xd48, n2 = 0xd49, a78c = 0xd4b,
};

using W = Workaround;
constexpr Erratum kTable[] = {
    {"Cortex-A57 832075", a57, 0x00, 0x12, W::acquire_devices},
    {"Cortex-A57 834220", a57, 0x00, 0x12, W::ask_stage1},
    {"Cortex-A57 1319537", a57, 0x00, kAny, W::switch_without_walks},
    {"Cortex-A72 1319367", a72, 0x00, kAny, W::switch_without_walks},
    {"Cortex-A55 1530923", a55, 0x00, 0x20, W::switch_without_walks},
    {"Cortex-A76 1165522", a76, 0x00, 0x20, W::switch_without_walks},
    {"Cortex-A73 858921", a73, 0x00, kAny, W::count_twice},
    {"Cortex-A53 826319, 827319, 824069, 819472", a53, 0x00, 0x04, W::clean_and_forget},
    {"Cortex-A76 1286807", a76, 0x00, 0x30, W::flush_twice},
    {"Cortex-A510 2441009", a510, 0x00, 0x11, W::flush_twice},
    {"Spectre v2", a57, 0x00, kAny, W::firmware_barrier},
    {"Spectre v2", a72, 0x00, kAny, W::firmware_barrier},
    {"Spectre v2", a73, 0x00, kAny, W::firmware_barrier},
    {"Spectre v2", a75, 0x00, kAny, W::firmware_barrier},
    {"Spectre-BHB", a57, 0x00, kAny, W::branches_8},
    {"Spectre-BHB", a72, 0x00, kAny, W::branches_8},
    {"Spectre-BHB", a76, 0x00, kAny, W::branches_24},
    {"Spectre-BHB", a77, 0x00, kAny, W::branches_24},
    {"Spectre-BHB", n1, 0x00, kAny, W::branches_24},
    {"Spectre-BHB", a78, 0x00, kAny, W::branches_32},
    {"Spectre-BHB", a78ae, 0x00, kAny, W::branches_32},
    {"Spectre-BHB", a78c, 0x00, kAny, W::branches_32},
    {"Spectre-BHB", x1, 0x00, kAny, W::branches_32},
    {"Spectre-BHB", x2, 0x00, kAny, W::branches_32},
    {"Spectre-BHB", a710, 0x00, kAny, W::branches_32},
    {"Spectre-BHB", n2, 0x00, kAny, W::branches_32},
    {"Spectre-BHB", v1, 0x00, kAny, W::branches_32},
};

u64 bits(u64 v, unsigned high, unsigned low) { return v >> low & ((u64{1} << (high - low + 1)) - 1); }

// What the processor declares itself to be safe from: CSV2, 1 for branch targets, 3 for the branch history too.
bool declared_safe(const Processor& p, Workaround w) {
    u64 csv2 = bits(p.pfr0, 59, 56);
    switch (w) {
    case W::firmware_barrier: return csv2 >= 1 || !p.firmware_barrier;
    case W::branches_8:
    case W::branches_24:
    case W::branches_32: return csv2 >= 3;
    default: return false;
    }
}

}  // namespace

std::span<const Erratum> table() { return kTable; }

bool has(const Processor& p, const Erratum& e) {
    u64 revision = bits(p.midr, 23, 20) << 4 | bits(p.midr, 3, 0);
    return bits(p.midr, 31, 24) == kArm && bits(p.midr, 15, 4) == e.part && revision >= e.first && revision <= e.last &&
           !declared_safe(p, e.workaround);
}

Workarounds needed_by(const Processor& p) {
    Workarounds w = 0;
    for (const Erratum& e : kTable)
        if (has(p, e)) w |= bit(e.workaround);
    return w;
}

}  // namespace xen::errata
