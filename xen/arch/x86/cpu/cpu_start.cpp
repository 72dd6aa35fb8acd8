// SPDX-License-Identifier: MIT
// A processor before its first instruction of ours, and after its last.
#include <atomic>

#include <asm/cpu.hpp>
#include <asm/context.hpp>
#include <asm/cpu_area.hpp>
#include <asm/entry.hpp>
#include <asm/features.hpp>
#include <asm/mapping.hpp>
#include <asm/pagemap.hpp>
#include <asm/smp.hpp>
#include <xen/log.hpp>
#include <xen/memory.hpp>
#include <xen/sched.hpp>
#include <xen/softirq.hpp>
#include <xen/time.hpp>
#include <xen/tlb.hpp>

#include "arch/x86/microcode/microcode.hpp"
#include "common/smp/smp.hpp"
#include "lib/string.hpp"

extern "C" {
extern char trampoline_start[], trampoline_end[], trampoline_cr3[], trampoline_stack[], trampoline_gdt_base[],
    trampoline_far[], percpu_start[], percpu_end[];
[[noreturn]] void start_ap();
}

namespace xen {
namespace arch {

constinit sptr percpu_offsets[kMaxCpus]{};

namespace {

Paddr trampoline_page;
u64* trampoline_root;
constinit std::atomic<bool> dead[kMaxCpus]{};   // halted in play_dead()
constexpr u64 kPlain = pte::kPresent | pte::kWrite | pte::kAccessed | pte::kDirty;

template <class T>
T& in_trampoline(const char* symbol) {
    return *reinterpret_cast<T*>(static_cast<char*>(direct_map(trampoline_page)) + (symbol - trampoline_start));
}

// The hypervisor's slots do not change after boot, but their number of CPUs may: copied anew at each start.
void refresh_root() { memcpy(trampoline_root + 256, idle_pg_table + 256, 256 * sizeof(u64)); }

void fill_block(CpuId cpu) {
    CpuBlock& b = block_of(cpu);
    b.current = &sched::idle_vcpu(cpu);
    b.percpu_offset = percpu_offsets[cpu.raw()];
    b.cpu = cpu.raw();
    b.softirqs = &softirq::pending_mask.remote(cpu);
    b.regs_end = reinterpret_cast<u64>(&b.current->arch.regs + 1);
}

}  // namespace

void init_trampoline(Paddr page) {
    trampoline_page = page;
    memcpy(direct_map(page), trampoline_start, static_cast<usize>(trampoline_end - trampoline_start));
    u32 base = static_cast<u32>(page.raw());
    in_trampoline<u32>(trampoline_gdt_base) += base;
    in_trampoline<u32>(trampoline_far) += base;
    u64* tables[4];
    for (auto& t : tables) {
        auto p = memory::allocate_frames({.order = Order{0}, .address_bits = 32, .no_scrub = true});
        if (!p) return log_error("no memory below 4 GiB to start other CPUs with");
        t = static_cast<u64*>(direct_map(p.value().mfn()));
        memset(t, 0, kPageSize);
    }
    auto point = [](u64* at, u64* table) { *at = direct_map_paddr(table).raw() | kPlain; };
    trampoline_root = tables[0];
    point(&tables[0][0], tables[1]);
    point(&tables[1][0], tables[2]);
    point(&tables[2][0], tables[3]);
    tables[3][base >> kPageShift] = base | kPlain;
    in_trampoline<u64>(trampoline_cr3) = direct_map_paddr(trampoline_root).raw();
}

Status make_cpu(CpuId cpu) {
    if (!trampoline_root) return Errno::io;
    TRY(create_area(cpu));
    return smp::create_percpu(cpu);
}

void prepare_entry(CpuId cpu) {
    fill_block(cpu);
    dead[cpu.raw()].store(false, std::memory_order_relaxed);
    in_trampoline<u64>(trampoline_stack) = reinterpret_cast<u64>(&block_of(cpu));
    refresh_root();
}

u8 entry_page() { return static_cast<u8>(trampoline_page.raw() >> kPageShift); }
bool is_dead(CpuId cpu) { return dead[cpu.raw()].load(std::memory_order_acquire); }

void play_dead() {
    unload_idle_state();
    smp::leave_calls();
    irq_enable();   // what was on its way to this CPU
    time::busy_wait(millis(1));
    irq_disable();
    wbinvd();
    dead[cpu_id().raw()].store(true, std::memory_order_release);
    for (;;) asm volatile("cli; hlt" ::: "memory");
}

}  // namespace arch
}  // namespace xen

// Each further CPU, on its own stack, interrupts off.
void start_ap() {
    using namespace xen;
    CpuId cpu = arch::cpu_id();
    arch::write_cr3(arch::idle_table_address().raw());
    arch::setup_cpu();
    tlb::load_root(arch::idle_table_address().raw(), tlb::Space::own);
    arch::load_tables(cpu);
    microcode::apply_here();
    smp::arrive();
    enter_current();
}
