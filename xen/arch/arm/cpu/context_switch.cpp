// SPDX-License-Identifier: MIT
// From one vCPU to another. General registers are in the vCPUs already; here it is what lives in the processor. While the idle
// vCPU runs, the one before it stays loaded, but for its timer and its interrupts.
#include <asm/cpu.hpp>
#include <asm/errata.hpp>
#include <asm/p2m.hpp>
#include <asm/sysreg.hpp>
#include <asm/vgic.hpp>
#include <asm/vtimer.hpp>
#include <xen/arch_vcpu.hpp>
#include <xen/domain.hpp>
#include <xen/smp.hpp>

extern "C" {
void save_fp(xen::arch::FpState* to);
void load_fp(const xen::arch::FpState* from);
}

namespace xen::arch {
namespace {

// Whose state the processor holds.
XEN_PERCPU constinit PerCpu<Vcpu*> loaded{};

#define EL1_REGISTERS(X)                                                                                                     \
    X(sctlr, sctlr_el1) X(cpacr, cpacr_el1) X(ttbr0, ttbr0_el1) X(ttbr1, ttbr1_el1) X(tcr, tcr_el1) X(mair, mair_el1)        \
    X(amair, amair_el1) X(contextidr, contextidr_el1) X(vbar, vbar_el1) X(esr, esr_el1) X(far, far_el1) X(afsr0, afsr0_el1)   \
    X(afsr1, afsr1_el1) X(par, par_el1) X(sp, sp_el1) X(elr, elr_el1) X(spsr, spsr_el1) X(tpidr_el0, tpidr_el0)               \
    X(tpidrro_el0, tpidrro_el0) X(tpidr_el1, tpidr_el1) X(csselr, csselr_el1) X(mdscr, mdscr_el1) X(cntkctl, cntkctl_el1)     \
    X(actlr, actlr_el1)

void save_el1(El1State& s) {
#define SAVE(member, name) s.member = READ_SYSREG(name);
    EL1_REGISTERS(SAVE)
#undef SAVE
}

void load_el1(const El1State& s) {
#define LOAD(member, name) WRITE_SYSREG(name, s.member);
    EL1_REGISTERS(LOAD)
#undef LOAD
    WRITE_SYSREG(vmpidr_el2, s.vmpidr);
}

// An expired timer of a vCPU that is not there would keep its line up.
void take_off(Vcpu& v) {
    v.arch.timer.virtual_control = static_cast<u32>(READ_SYSREG(cntv_ctl_el0));
    v.arch.timer.virtual_compare = READ_SYSREG(cntv_cval_el0);
    WRITE_SYSREG(cntv_ctl_el0, 0);
    isb();
    vtimer::switched_out(v);
    vgic::switch_out(v);
}

void put_on(Vcpu& v) {
    vgic::switch_in(v);
    vtimer::switching_in(v);
    WRITE_SYSREG(cntvoff_el2, v.domain->arch.counter_offset);
    WRITE_SYSREG(cntv_cval_el0, v.arch.timer.virtual_compare);
    WRITE_SYSREG(cntv_ctl_el0, v.arch.timer.virtual_control);
}

void store_state(Vcpu& v) {
    save_el1(v.arch.el1);
    save_fp(&v.arch.fp);
}

void load_tables(const Vcpu& v) {
    WRITE_SYSREG(hcr_el2, v.arch.hcr);
    WRITE_SYSREG(vttbr_el2, p2m::vttbr(*v.domain));
    isb();
}

// Meanwhile stage 1 is on and walks nothing (TCR_EL1.EPD0, EPD1, SCTLR_EL1.M, ARM D19.2.137, D19.2.118): no address of one guest is
// translated by the tables of another, not even for a guess.
void load_without_walks(const Vcpu& v) {
    constexpr u64 kNoWalks = u64{1} << 7 | u64{1} << 23, kMmuOn = 1;
    WRITE_SYSREG(tcr_el1, READ_SYSREG(tcr_el1) | kNoWalks);
    isb();
    WRITE_SYSREG(sctlr_el1, READ_SYSREG(sctlr_el1) | kMmuOn);
    isb();
    El1State closed = v.arch.el1;
    closed.tcr |= kNoWalks;
    closed.sctlr |= kMmuOn;
    load_el1(closed);
    load_tables(v);
    WRITE_SYSREG(sctlr_el1, v.arch.el1.sctlr);
    isb();
    WRITE_SYSREG(tcr_el1, v.arch.el1.tcr);
    isb();
}

void load_state(Vcpu& v) {
    load_fp(&v.arch.fp);
    if (errata::active<errata::Workaround::switch_without_walks>()) return load_without_walks(v);
    load_el1(v.arch.el1);
    load_tables(v);
}

void leave(Vcpu& v, const Vcpu* next, CpuId cpu) {
    v.dirty_cpus.atomic_clear(cpu.raw());
    if (!next || next->domain != v.domain) v.domain->dirty_cpus.atomic_clear(cpu.raw());
}

void arrive(Vcpu& v, CpuId cpu) {
    v.dirty_cpus.atomic_set(cpu.raw());
    if (!v.domain->dirty_cpus.atomic_test(cpu.raw())) v.domain->dirty_cpus.atomic_set(cpu.raw());
}

// Interrupts off. A vCPU that runs keeps its state; it is the caller's matter that the one it wants does not.
void unload_idle_state() {
    Vcpu* old = loaded.local();
    if (!old || old == current_vcpu()) return;
    store_state(*old);
    loaded.local() = nullptr;
    WRITE_SYSREG(vttbr_el2, 0);
    isb();
    leave(*old, nullptr, cpu_id());
}

}  // namespace

void context_switch(Vcpu& prev, Vcpu& next) {
    if (!prev.is_idle()) take_off(prev);
    cpu_block().current = &next;
    if (next.is_idle()) return;
    CpuId cpu = cpu_id();
    if (Vcpu* old = loaded.local(); old != &next) {
        if (old) store_state(*old);
        sync_vcpu(next);
        arrive(next, cpu);
        if (old) leave(*old, &next, cpu);
        loaded.local() = &next;
        load_state(next);
    }
    put_on(next);
}

void sync_vcpu(Vcpu& v) {
    CpuMask where = v.dirty_cpus;
    if (!where.empty()) smp::call_on(where, [](void*) { unload_idle_state(); }, nullptr);
}

// Before a CPU goes off.
void unload_state() { unload_idle_state(); }

}  // namespace xen::arch
