// SPDX-License-Identifier: MIT
// What a PV domain and its vCPUs begin with and leave behind.
#include <asm/cpu.hpp>
#include <asm/features.hpp>
#include <asm/fpu.hpp>
#include <asm/policy.hpp>
#include <asm/pv.hpp>
#include <xen/platform.hpp>

#include "arch/x86/guest/pv/frame.hpp"
#include "arch/x86/guest/pv/registers.hpp"

namespace xen::pv {
namespace {

constexpr u64 kCr0Base = 0x80050033;   // PG, AM, WP, NE, ET, MP, PE
// Bits that a guest may set, and those of the hypervisor that it sees (PAE, MCE, OSFXSR, OSXMMEXCPT).
constexpr u64 kCr4Guest = kCr4Tsd | kCr4De | kCr4FsGsBase | kCr4OsXsave;
constexpr u64 kCr4Visible = 0x20 | 0x40 | 0x200 | 0x400;

u64 cr4_available() {
    u64 v = kCr4Tsd | kCr4De;
    if (arch::features.fsgsbase) v |= kCr4FsGsBase;
    if (arch::features.xsave) v |= kCr4OsXsave;
    return v;
}

}  // namespace

u64 guest_cr0(const Vcpu& v) { return kCr0Base | (v.arch.cr[0] & arch::kCr0Ts); }

u64 guest_cr4(u64 wanted) { return (wanted & kCr4Guest & cr4_available()) | (arch::read_cr4() & kCr4Visible); }

void apply_cr4(Vcpu& v) {
    u64 now = arch::read_cr4();
    u64 wanted = (now & ~kCr4Tsd) | (v.domain->arch.tsc.emulated ? kCr4Tsd : v.arch.cr[4] & kCr4Tsd);
    if (wanted != now) arch::write_cr4(wanted);
}

Status init_vcpu(Vcpu& v) {
    TRY(arch::create_fpu(v));
    auto msrs = TRY(Box<arch::PvMsrs>::create());
    v.arch.msrs = msrs.leak();
    v.arch.regs.rflags = kFlagIf | 2;
    v.arch.cr[0] = guest_cr0(v);
    v.arch.cr[4] = guest_cr4(0);
    reset_debug_registers(v);
    return {};
}

void destroy_vcpu(Vcpu& v) {
    arch::destroy_fpu(v);
    Box<arch::PvMsrs>::adopt(std::exchange(v.arch.msrs, nullptr)).reset();
}

Status init_domain(Domain& d) { return policy::init_domain(d); }

void destroy_domain(Domain& d) { policy::destroy_domain(d); }

}  // namespace xen::pv

namespace xen::arch {

u64 physical_id(CpuId cpu) {
    auto cpus = platform::cpus();
    if (cpu.raw() >= cpus.size()) return 0;
    return u64{cpus[cpu.raw()].apic_id} | u64{cpus[cpu.raw()].acpi_id} << 32;
}

}  // namespace xen::arch
