// SPDX-License-Identifier: MIT
// Leaf: the system registers of a GICv3's CPU interface and virtual interface (ARM IHI 0069 chapter 12), by number: not every
// assembler knows their names.
#pragma once

#include <asm/sysreg.hpp>

namespace xen::arch {

#define GIC_READ(fn, name) \
    inline u64 fn() { return READ_SYSREG(name); }
#define GIC_WRITE(fn, name) \
    inline void fn(u64 v) { WRITE_SYSREG(name, v); }

GIC_READ(icc_iar1, s3_0_c12_c12_0)
GIC_WRITE(write_icc_eoir1, s3_0_c12_c12_1)
GIC_WRITE(write_icc_dir, s3_0_c12_c11_1)
GIC_WRITE(write_icc_sgi1r, s3_0_c12_c11_5)
GIC_WRITE(write_icc_pmr, s3_0_c4_c6_0)
GIC_WRITE(write_icc_bpr1, s3_0_c12_c12_3)
GIC_WRITE(write_icc_ctlr, s3_0_c12_c12_4)
GIC_WRITE(write_icc_igrpen1, s3_0_c12_c12_7)
GIC_READ(icc_sre_el2, s3_4_c12_c9_5)
GIC_WRITE(write_icc_sre_el2, s3_4_c12_c9_5)
GIC_WRITE(write_icc_sre_el1, s3_0_c12_c12_5)
GIC_READ(ich_hcr, s3_4_c12_c11_0)
GIC_WRITE(write_ich_hcr, s3_4_c12_c11_0)
GIC_READ(ich_vtr, s3_4_c12_c11_1)
GIC_READ(ich_misr, s3_4_c12_c11_2)
GIC_READ(ich_elrsr, s3_4_c12_c11_5)
GIC_READ(ich_vmcr, s3_4_c12_c11_7)
GIC_WRITE(write_ich_vmcr, s3_4_c12_c11_7)

#define GIC_EACH(X, crm) X(0, crm) X(1, crm) X(2, crm) X(3, crm) X(4, crm) X(5, crm) X(6, crm) X(7, crm)
#define GIC_LR_READ(op, crm) \
    case op + (crm - 12) * 8: return READ_SYSREG(s3_4_c12_c##crm##_##op);
#define GIC_LR_WRITE(op, crm) \
    case op + (crm - 12) * 8: WRITE_SYSREG(s3_4_c12_c##crm##_##op, v); break;

inline u64 ich_lr(unsigned n) {
    switch (n) {
        GIC_EACH(GIC_LR_READ, 12)
        GIC_EACH(GIC_LR_READ, 13)
    }
    return 0;
}
inline void write_ich_lr(unsigned n, u64 v) {
    switch (n) {
        GIC_EACH(GIC_LR_WRITE, 12)
        GIC_EACH(GIC_LR_WRITE, 13)
    }
}

// Active priorities: group 0 in ICH_AP0R<n>, group 1 in ICH_AP1R<n>.
inline u64 ich_apr(unsigned group, unsigned n) {
    switch (group * 4 + n) {
    case 0: return READ_SYSREG(s3_4_c12_c8_0);
    case 1: return READ_SYSREG(s3_4_c12_c8_1);
    case 2: return READ_SYSREG(s3_4_c12_c8_2);
    case 3: return READ_SYSREG(s3_4_c12_c8_3);
    case 4: return READ_SYSREG(s3_4_c12_c9_0);
    case 5: return READ_SYSREG(s3_4_c12_c9_1);
    case 6: return READ_SYSREG(s3_4_c12_c9_2);
    case 7: return READ_SYSREG(s3_4_c12_c9_3);
    }
    return 0;
}
inline void write_ich_apr(unsigned group, unsigned n, u64 v) {
    switch (group * 4 + n) {
    case 0: WRITE_SYSREG(s3_4_c12_c8_0, v); break;
    case 1: WRITE_SYSREG(s3_4_c12_c8_1, v); break;
    case 2: WRITE_SYSREG(s3_4_c12_c8_2, v); break;
    case 3: WRITE_SYSREG(s3_4_c12_c8_3, v); break;
    case 4: WRITE_SYSREG(s3_4_c12_c9_0, v); break;
    case 5: WRITE_SYSREG(s3_4_c12_c9_1, v); break;
    case 6: WRITE_SYSREG(s3_4_c12_c9_2, v); break;
    case 7: WRITE_SYSREG(s3_4_c12_c9_3, v); break;
    }
}

#undef GIC_READ
#undef GIC_WRITE
#undef GIC_EACH
#undef GIC_LR_READ
#undef GIC_LR_WRITE

// Stores before an SGI is sent are seen by the CPU that takes it (IHI 0069 12.1.10).
inline void before_sgi() { asm volatile("dsb ishst" ::: "memory"); }

}  // namespace xen::arch
