// SPDX-License-Identifier: MIT
#include <asm/errata.hpp>

#include <atomic>

#include <asm/cache.hpp>
#include <asm/cpu.hpp>
#include <asm/id_registers.hpp>
#include <asm/mapping.hpp>
#include <asm/pagemap.hpp>
#include <asm/psci.hpp>
#include <asm/smccc.hpp>
#include <asm/sysreg.hpp>
#include <xen/assert.hpp>
#include <xen/compiler.hpp>
#include <xen/log.hpp>

#include "arch/arm/errata/patch.hpp"
#include "arch/arm/errata/table.hpp"

extern const xen::errata::Site workarounds_start[], workarounds_end[];

namespace xen::errata {
namespace {

constinit std::atomic<Workarounds> wanted{0};
XEN_RO_AFTER_INIT constinit bool settled = false;
XEN_RO_AFTER_INIT constinit Workarounds in_use = 0;

// DEN0028 7.4, 7.5: what this CPU's firmware says of the call; 0: it is there and needed.
bool firmware_barrier() {
    constexpr u64 kFeatures = 0x80000001, kWorkaround1 = 0x80008000;
    return psci::has_smccc_1_1() && static_cast<s32>(arch::smc(kFeatures, kWorkaround1).x[0]) == 0;
}

// Each fault is told once, by the first CPU that has it.
void tell(const Processor& p, Workarounds fresh) {
    for (const Erratum& e : table())
        if (has(p, e) && (fresh & bit(e.workaround))) log_info("CPU %u: worked around: %s", arch::cpu_id().raw(), e.name);
}

// Code is not writable where it runs: through the direct map.
void write(u64 address, u32 instruction) {
    auto* at = static_cast<u32*>(arch::direct_map(arch::image_physical(reinterpret_cast<const void*>(address))));
    __atomic_store_n(at, instruction, __ATOMIC_RELAXED);
    arch::sync_instructions(at, sizeof(instruction));
}

}  // namespace

bool join() {
    Processor p{READ_SYSREG(midr_el1), arch::read_id_register(4, 0), firmware_barrier()};
    Workarounds mine = needed_by(p);
    if (settled) {
        if (mine & ~in_use) log_error("CPU %u needs workarounds %#x, and the others started without", arch::cpu_id().raw(), mine & ~in_use);
        return !(mine & ~in_use);
    }
    tell(p, mine & ~wanted.fetch_or(mine, std::memory_order_relaxed));
    return true;
}

XEN_INIT void settle() {
    in_use = wanted.load(std::memory_order_relaxed);
    settled = true;
    Maybe<usize> places = patch({workarounds_start, workarounds_end}, in_use, write);
    if (!places) panic("a workaround's code is out of reach");
    log_info("%zu of %zu places of code are worked around", *places, static_cast<usize>(workarounds_end - workarounds_start));
}

bool firmware_barrier_active() { return in_use & bit(Workaround::firmware_barrier); }

}  // namespace xen::errata
