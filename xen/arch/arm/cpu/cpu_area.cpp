// SPDX-License-Identifier: MIT
#include <asm/cpu_area.hpp>

#include <asm/cpu.hpp>
#include <asm/p2m.hpp>
#include <asm/pagemap.hpp>
#include <asm/sysreg.hpp>
#include <xen/memory.hpp>

#include "lib/string.hpp"

namespace xen::arch {
namespace {

// MDCR_EL2 (ARM D19.3.17): debug and performance registers trap; the guest sees none of the counters.
constexpr u64 kTrapDebug = 1 << 9, kTrapOsDebug = 1 << 10, kTrapDebugRom = 1 << 11, kTrapPmu = 1 << 6, kTrapPmcr = 1 << 5;
// CNTHCTL_EL2 (D19.12.8): EL1 reads the counter; its physical timer traps.
constexpr u64 kCounterFree = 1 << 0;
constexpr u64 kSctlrWxn = u64{1} << 19;

u64 field(u64 reg, unsigned shift) { return reg >> shift & 15; }

// Fine-grained traps and the extended hypervisor configuration are off (ID_AA64MMFR0.FGT, ID_AA64MMFR1.HCX).
void clear_extensions() {
    if (field(READ_SYSREG(id_aa64mmfr0_el1), 56)) {
        WRITE_SYSREG(s3_4_c1_c1_4, 0);   // HFGRTR_EL2
        WRITE_SYSREG(s3_4_c1_c1_5, 0);   // HFGWTR_EL2
        WRITE_SYSREG(s3_4_c1_c1_6, 0);   // HFGITR_EL2
        WRITE_SYSREG(s3_4_c3_c1_4, 0);   // HDFGRTR_EL2
        WRITE_SYSREG(s3_4_c3_c1_5, 0);   // HDFGWTR_EL2
    }
    if (field(READ_SYSREG(id_aa64mmfr1_el1), 40)) WRITE_SYSREG(s3_4_c1_c2_2, 0);   // HCRX_EL2
}

}  // namespace

Status create_area(CpuId cpu) {
    u64 stack = stack_end_of(cpu) - kStackSize;
    for (u64 va = stack; va < stack_end_of(cpu); va += kPageSize) {
        if (is_mapped(va)) continue;
        void* page = memory::allocate_heap_pages(Order{0});
        if (!page) return Errno::nomem;
        memset(page, 0, kPageSize);
        TRY(map_xen(va, direct_map_paddr(page), kPageSize, pte::kData));
    }
    return {};
}

void setup_cpu() {
    WRITE_SYSREG(sctlr_el2, READ_SYSREG(sctlr_el2) | kSctlrWxn);
    u64 counters = READ_SYSREG(mdcr_el2) & 31;   // HPMN stays: all of them are EL1's to find none of
    WRITE_SYSREG(mdcr_el2, counters | kTrapDebug | kTrapOsDebug | kTrapDebugRom | kTrapPmu | kTrapPmcr);
    WRITE_SYSREG(cnthctl_el2, kCounterFree);
    WRITE_SYSREG(cntvoff_el2, 0);
    WRITE_SYSREG(cnthp_ctl_el2, 0);
    WRITE_SYSREG(cntv_ctl_el0, 0);
    WRITE_SYSREG(cntp_ctl_el0, 0);
    WRITE_SYSREG(vpidr_el2, READ_SYSREG(midr_el1));
    WRITE_SYSREG(vttbr_el2, 0);
    WRITE_SYSREG(vtcr_el2, p2m::vtcr());
    clear_extensions();
    isb();
    asm volatile("tlbi alle2; tlbi alle1; dsb nsh; isb" ::: "memory");
    asm volatile("msr daifclr, #4" ::: "memory");   // SErrors
}

}  // namespace xen::arch
