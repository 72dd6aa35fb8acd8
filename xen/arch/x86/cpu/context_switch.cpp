// SPDX-License-Identifier: MIT
// From one vCPU to another. Guest registers are in the vCPUs already; here it is what lives in the processor.
#include <asm/context.hpp>

#include <asm/cpu.hpp>
#include <asm/cpu_area.hpp>
#include <asm/desc.hpp>
#include <asm/entry.hpp>
#include <asm/features.hpp>
#include <asm/fixup.hpp>
#include <asm/fpu.hpp>
#include <asm/layout.hpp>
#include <asm/pagemap.hpp>
#include <asm/segments.hpp>
#include <xen/arch_vcpu.hpp>
#include <xen/domain.hpp>
#include <xen/smp.hpp>
#include <xen/tlb.hpp>

namespace xen::arch {
namespace {

constexpr u64 kDr7Active = 0xff;

#define DEFINE_SELECTOR(seg)                                                                      \
    u16 read_##seg() {                                                                            \
        u32 v;                                                                                    \
        asm volatile("mov %%" #seg ", %0" : "=r"(v));                                             \
        return static_cast<u16>(v);                                                               \
    }                                                                                             \
    bool load_##seg(u16 v) {                                                                      \
        asm volatile goto("1: mov %0, %%" #seg "\n\t" FIXUP("1b", "%l[fault]") ::"r"(u32{v}) : "memory" : fault); \
        return true;                                                                              \
    fault:                                                                                        \
        asm volatile("mov %0, %%" #seg ::"r"(0) : "memory");                                      \
        return false;                                                                             \
    }
DEFINE_SELECTOR(ds)
DEFINE_SELECTOR(es)
DEFINE_SELECTOR(fs)
DEFINE_SELECTOR(gs)
#undef DEFINE_SELECTOR

void save_debug(ArchVcpu& a) {
    if (!(a.dr[7] & kDr7Active)) return;
    write_dr(7, 0);
}

void load_debug(const ArchVcpu& a) {
    if (!(a.dr[7] & kDr7Active)) return;
    for (unsigned i = 0; i < 4; ++i) write_dr(i, a.dr[i]);
    write_dr(6, a.dr[6]);
    write_dr(7, a.dr[7]);
}

// The entry of the per-domain slot that maps an address; the tables for a vCPU's GDT exist from its first context on.
u64& perdomain_entry(const Domain& d, u64 va) {
    auto below = [](u64 e) { return static_cast<u64*>(direct_map(Paddr{e & pte::kAddress})); };
    u64* l2 = below(d.arch.perdomain_l3[va >> 30 & 511]);
    u64* l1 = below(l2[va >> 21 & 511]);
    return l1[va >> 12 & 511];
}

// The hypervisor's page of the GDT, behind the guest's fourteen, is this CPU's own.
void map_gdt_page(const Vcpu& v) {
    u64& entry = perdomain_entry(*v.domain, gdt_address(v.id.raw()) + kGuestGdtPages * kPageSize);
    entry = cpu_block().gdt_frame | pte::kPresent | pte::kAccessed | pte::kDirty | pte::kWrite | pte::kNoExecute;
}

void leave_address_space(Vcpu& prev, const Vcpu& next, CpuId cpu) {
    prev.dirty_cpus.atomic_clear(cpu.raw());
    if (prev.domain != next.domain) prev.domain->dirty_cpus.atomic_clear(cpu.raw());
}

void load_address_space(Vcpu& next, CpuId cpu) {
    next.dirty_cpus.atomic_set(cpu.raw());
    if (!next.domain->dirty_cpus.atomic_test(cpu.raw())) next.domain->dirty_cpus.atomic_set(cpu.raw());
    map_gdt_page(next);
    tlb::load_root(next.arch.cr3, next.arch.in_kernel ? tlb::Space::kernel : tlb::Space::user);
    load_gdt(next);
}

// Whose state the processor holds: stays when the idle vCPU follows, so that coming back costs nothing.
XEN_PERCPU constinit PerCpu<Vcpu*> loaded{};

void store_state(Vcpu& v, CpuId cpu) {
    save_segments(v);
    save_fpu(v);
    save_debug(v.arch);
    load_own_gdt(cpu);
    if (v.arch.ldt_entries) load_ldt(0, 0);
}

void load_state(Vcpu& v, CpuId cpu) {
    CpuBlock& block = cpu_block();
    v.arch.stack_top = reinterpret_cast<u64>(&block);
    block.regs_end = reinterpret_cast<u64>(&v.arch.regs + 1);
    tss_of(cpu).rsp[0] = block.regs_end;
    if (v.arch.ldt_entries) load_ldt(ldt_address(v.id.raw()), v.arch.ldt_entries);
    if (!load_segments(v)) pv_segment_fault(v);
    load_debug(v.arch);
    pv_load_registers(v);
    load_fpu(v);
}

}  // namespace

void save_segments(Vcpu& v) {
    ArchVcpu& a = v.arch;
    a.ds = read_ds();
    a.es = read_es();
    a.fs = read_fs();
    a.gs = read_gs();
    a.fs_base = read_fs_base();
    u64 active = read_gs_base();
    (a.in_kernel ? a.gs_base_kernel : a.gs_base_user) = active;
}

bool load_segments(Vcpu& v) {
    ArchVcpu& a = v.arch;
    bool ok = load_ds(a.ds);
    ok = load_es(a.es) && ok;
    ok = load_fs(a.fs) && ok;
    ok = load_gs(a.gs) && ok;
    // Base 0 with a selector: a new context, whose base is the descriptor's.
    if (a.fs_base || a.fs <= 3) write_fs_base(a.fs_base);
    if (u64 active = a.in_kernel ? a.gs_base_kernel : a.gs_base_user; active || a.gs <= 3) write_gs_base(active);
    wrmsr(kMsrShadowGsBase, a.in_kernel ? a.gs_base_user : a.gs_base_kernel);
    return ok;
}

void context_switch(Vcpu&, Vcpu& next) {
    CpuId cpu = cpu_id();
    Vcpu* old = loaded.local();
    if (next.is_idle() || old == &next) {
        cpu_block().current = &next;
        return;
    }
    if (old) store_state(*old, cpu);
    sync_vcpu(next);
    cpu_block().current = &next;
    load_address_space(next, cpu);
    if (old) leave_address_space(*old, next, cpu);
    loaded.local() = &next;
    load_state(next, cpu);
}

// Interrupts off. A vCPU that runs keeps its state; it is the caller's matter that the one it wants does not.
void unload_idle_state() {
    Vcpu* old = loaded.local();
    if (!old || old == current_vcpu()) return;
    CpuId cpu = cpu_id();
    store_state(*old, cpu);
    loaded.local() = nullptr;
    tlb::load_root(idle_table_address().raw(), tlb::Space::own);
    leave_address_space(*old, *current_vcpu(), cpu);
}

void sync_vcpu(Vcpu& v) {
    CpuMask where = v.dirty_cpus;
    if (!where.empty()) smp::call_on(where, [](void*) { unload_idle_state(); }, nullptr);
}
}  // namespace xen::arch
