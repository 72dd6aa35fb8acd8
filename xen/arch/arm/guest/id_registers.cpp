// SPDX-License-Identifier: MIT
#include "arch/arm/guest/id_registers.hpp"

namespace xen::guest {
namespace {

constexpr u64 kAll = ~u64{0};

// Fields are four bits, named by their lowest.
constexpr u64 field(unsigned low) { return u64{0xf} << low; }
template <class... Low>
constexpr u64 all_but(Low... low) { return kAll & ~(field(low) | ...); }
template <class... Low>
constexpr u64 only(Low... low) { return (field(low) | ...); }

// What stays of the machine's value, and what is put in the place of the rest.
struct Rule {
    u8 crm, op2;
    u64 keep;
    u64 set = 0;
};

// Registers without a rule (names behind them: ARM D19.2) read as zero, as unallocated ones do.
constexpr Rule kRules[] = {
    // AArch32, for user mode: no security extensions, no virtualization, no RAS, AMU, performance monitors or debug of it.
    {1, 0, all_but(20, 28)},                  // ID_PFR0: AMU, RAS
    {1, 1, all_but(4, 12, 20, 24, 28)},       // ID_PFR1: Security, Virtualization, Sec_frac, Virt_frac, GIC
    {1, 2, only(4)},                          // ID_DFR0: none, bar CopSDbg, which is a must
    {1, 3, 0},                                // ID_AFR0
    {1, 4, kAll}, {1, 5, kAll}, {1, 6, kAll}, {1, 7, kAll},   // ID_MMFR0 to 3
    {2, 0, kAll}, {2, 1, kAll}, {2, 2, kAll}, {2, 3, kAll}, {2, 4, kAll}, {2, 5, kAll},   // ID_ISAR0 to 5
    {2, 6, kAll},                             // ID_MMFR4
    {2, 7, kAll},                             // ID_ISAR6
    {3, 0, kAll}, {3, 1, kAll}, {3, 2, kAll},                 // MVFR0 to 2
    {3, 4, only(4)},                          // ID_PFR2: SSBS
    {3, 6, kAll},                             // ID_MMFR5
    // ID_AA64PFR0: EL0, FP, AdvSIMD, DIT, CSV2, CSV3 as they are; EL1 is AArch64 only, no EL2, no EL3; GIC follows.
    {4, 0, only(0, 16, 20, 48, 56, 60), 1 << 4},
    {4, 1, only(0, 4)},                       // ID_AA64PFR1: BT, SSBS; neither MTE nor SME
    // ID_AA64DFR0: the architecture of debug; two breakpoints and watchpoints, the fewest there are, and no double lock.
    {5, 0, only(0), u64{1} << 12 | u64{1} << 20 | u64{0xf} << 36},
    {6, 0, all_but(24)},                      // ID_AA64ISAR0: no TME
    {6, 1, all_but(4, 8, 24, 28, 60)},        // ID_AA64ISAR1: no APA, API, GPA, GPI, LS64
    {6, 2, only(4, 20, 28, 48, 52)},          // ID_AA64ISAR2: RPRES, BC, CLRBHB, RPRFM, CSSC; no APA3, GPA3, MOPS, WFxT
    {7, 0, all_but(56, 60)},                  // ID_AA64MMFR0: no FGT, ECV
    {7, 1, all_but(4, 8, 16, 32, 40, 52, 56)},    // ID_AA64MMFR1: no VMIDBits, VH, LO, TWED, HCX, TIDCP1, CMOW
    {7, 2, all_but(24, 40, 56)},              // ID_AA64MMFR2: no NV, FWB, EVT
};

constexpr u64 csv2_without_scxtnum(u64 pfr0) {
    u64 v = pfr0 >> 56 & 0xf;
    return (pfr0 & ~field(56)) | (v > 1 ? 1 : v) << 56;   // 2 would say that SCXTNUM_ELx are there
}

}  // namespace

u64 visible_id_register(unsigned crm, unsigned op2, u64 machine, bool gic_v3) {
    for (const Rule& rule : kRules) {
        if (rule.crm != crm || rule.op2 != op2) continue;
        u64 v = (machine & rule.keep) | rule.set;
        if (crm != 4 || op2 != 0) return v;
        return csv2_without_scxtnum(v) | (gic_v3 ? u64{1} << 24 : 0);
    }
    return 0;
}

}  // namespace xen::guest
