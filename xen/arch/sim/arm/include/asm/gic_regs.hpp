// SPDX-License-Identifier: MIT
// Simulated leaf: the system registers of a GICv3 are the test's controller's, which knows the CPU by arch::cpu_id().
#pragma once

#include <asm/sysreg.hpp>

namespace xen::sim {

enum class GicRegister : u8 {
    iar1, eoir1, dir, sgi1r, pmr, bpr1, ctlr, igrpen1, sre_el2, sre_el1, hcr, vtr, misr, elrsr, vmcr, lr, ap0r, ap1r
};

class GicRegisters {
public:
    virtual ~GicRegisters() = default;
    virtual u64 read(GicRegister r, unsigned n) = 0;
    virtual void write(GicRegister r, unsigned n, u64 v) = 0;
    virtual void publish() = 0;              // stores are seen by everybody from here on
};
extern GicRegisters* gic_registers;          // there is one where a test drives a controller

}  // namespace xen::sim

namespace xen::arch {

#define GIC_READ(fn, name) \
    inline u64 fn() { return sim::gic_registers->read(sim::GicRegister::name, 0); }
#define GIC_WRITE(fn, name) \
    inline void fn(u64 v) { sim::gic_registers->write(sim::GicRegister::name, 0, v); }

GIC_READ(icc_iar1, iar1)
GIC_WRITE(write_icc_eoir1, eoir1)
GIC_WRITE(write_icc_dir, dir)
GIC_WRITE(write_icc_sgi1r, sgi1r)
GIC_WRITE(write_icc_pmr, pmr)
GIC_WRITE(write_icc_bpr1, bpr1)
GIC_WRITE(write_icc_ctlr, ctlr)
GIC_WRITE(write_icc_igrpen1, igrpen1)
GIC_READ(icc_sre_el2, sre_el2)
GIC_WRITE(write_icc_sre_el2, sre_el2)
GIC_WRITE(write_icc_sre_el1, sre_el1)
GIC_READ(ich_hcr, hcr)
GIC_WRITE(write_ich_hcr, hcr)
GIC_READ(ich_vtr, vtr)
GIC_READ(ich_misr, misr)
GIC_READ(ich_elrsr, elrsr)
GIC_READ(ich_vmcr, vmcr)
GIC_WRITE(write_ich_vmcr, vmcr)

#undef GIC_READ
#undef GIC_WRITE

inline u64 ich_lr(unsigned n) { return sim::gic_registers->read(sim::GicRegister::lr, n); }
inline void write_ich_lr(unsigned n, u64 v) { sim::gic_registers->write(sim::GicRegister::lr, n, v); }
inline u64 ich_apr(unsigned group, unsigned n) {
    return sim::gic_registers->read(group ? sim::GicRegister::ap1r : sim::GicRegister::ap0r, n);
}
inline void write_ich_apr(unsigned group, unsigned n, u64 v) {
    sim::gic_registers->write(group ? sim::GicRegister::ap1r : sim::GicRegister::ap0r, n, v);
}
inline void before_sgi() { sim::gic_registers->publish(); }

}  // namespace xen::arch
