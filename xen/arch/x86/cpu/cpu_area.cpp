// SPDX-License-Identifier: MIT
#include <asm/cpu_area.hpp>

#include <asm/cpu.hpp>
#include <asm/desc.hpp>
#include <asm/features.hpp>
#include <asm/layout.hpp>
#include <asm/pagemap.hpp>
#include <xen/compiler.hpp>
#include <xen/cpumask.hpp>
#include <xen/domain.hpp>
#include <xen/memory.hpp>
#include <xen/tlb.hpp>

#include "lib/string.hpp"

extern "C" {
extern const xen::u64 gdt_template[12];
extern char entry_stubs[], stub_page[], stub_syscall[], stub_syscall32[], entry_sysenter[], image_start[];
}

namespace xen::arch {
namespace {

struct Gate {
    u64 low, high;
};
struct [[gnu::packed]] Pointer {
    u16 limit;
    u64 base;
};

constexpr unsigned kGuardPage = 4, kStackPages = 8;
enum : unsigned { kNoIst, kIstDoubleFault, kIstNmi, kIstMachineCheck, kIstDebug };

alignas(kPageSize) XEN_RO_AFTER_INIT constinit Gate idt[256]{};
CpuMask areas;

u64 image_physical(const void* p) { return static_cast<u64>(static_cast<const char*>(p) - image_start) + 0x200000; }

unsigned ist_of(unsigned vector) {
    switch (vector) {
    case 1: return kIstDebug;
    case 2: return kIstNmi;
    case 8: return kIstDoubleFault;
    case 18: return kIstMachineCheck;
    default: return kNoIst;
    }
}

// Which vectors guest code may name in INT n: breakpoint, overflow and the two kernel gates.
unsigned dpl_of(unsigned vector) { return vector == 3 || vector == 4 || vector == 0x80 || vector == 0x82 ? 3 : 0; }

// Interrupt gates (SDM volume 3, 6.14.1); 16 bytes of stub for each vector.
void fill_idt(bool with_ist) {
    for (unsigned v = 0; v < 256; ++v) {
        u64 at = reinterpret_cast<u64>(entry_stubs) + v * 16;
        u64 access = 0x8e00 | dpl_of(v) << 13 | (with_ist ? ist_of(v) : 0);
        idt[v].low = (at & 0xffff) | u64{kXenCs} << 16 | access << 32 | (at >> 16 & 0xffff) << 48;
        idt[v].high = at >> 32;
    }
}

// The table seems to begin 0xe000 bytes before the hypervisor's page of it.
void set_gdtr(u64 page) {
    Pointer p{kGdtLimit, page - 0xe000};
    asm volatile("lgdt %0" ::"m"(p));
}

void load_idt() {
    Pointer p{sizeof(idt) - 1, reinterpret_cast<u64>(idt)};
    asm volatile("lidt %0" ::"m"(p));
}

// A 16-byte system descriptor: 0x89 available TSS, 0x82 LDT.
void set_system_descriptor(u64* gdt_page, u16 selector, u64 base, u32 limit, u64 type) {
    unsigned i = (selector - 0xe000) / 8;
    gdt_page[i + 1] = base >> 32;
    gdt_page[i] = (limit & 0xffff) | (base & 0xffffff) << 16 | type << 40 | u64{limit >> 16 & 0xf} << 48 | (base >> 24 & 0xff) << 56;
}

Status map_fresh_page(u64 va) {
    void* page = memory::allocate_heap_pages(Order{0});
    if (!page) return Errno::nomem;
    memset(page, 0, kPageSize);
    return map_xen(va, direct_map_paddr(page), kPageSize, pte::kData);
}

void fill_tables(CpuId cpu) {
    u64 area = area_of(cpu);
    auto* gdt = reinterpret_cast<u64*>(gdt_page_of(cpu));
    for (unsigned i = 0; i < 12; ++i) gdt[i] = gdt_template[i];
    Tss& tss = tss_of(cpu);
    tss.io_map = sizeof(Tss);
    tss.ist[kIstDoubleFault - 1] = area + 1 * kPageSize;
    tss.ist[kIstNmi - 1] = area + 2 * kPageSize;
    tss.ist[kIstMachineCheck - 1] = area + 3 * kPageSize;
    tss.ist[kIstDebug - 1] = area + 4 * kPageSize;
    set_system_descriptor(gdt, kTssSelector, reinterpret_cast<u64>(&tss), sizeof(Tss) - 1, 0x89);
}

// STAR, LSTAR, CSTAR, SFMASK and the SYSENTER registers (SDM volume 3, 5.8.7 and 5.8.8). Cleared at entry: AC, VM, RF,
// NT, IOPL, DF, IF, TF.
void set_syscall_registers(CpuId cpu) {
    u64 stub = area_of(cpu) + kStubOffset;
    wrmsr(0xc0000081, u64{kGuestCs32} << 48 | u64{kXenCs} << 32);
    wrmsr(0xc0000082, stub + static_cast<u64>(stub_syscall - stub_page));
    wrmsr(0xc0000083, stub + static_cast<u64>(stub_syscall32 - stub_page));
    wrmsr(0xc0000084, 0x77700);
    if (!features.sysenter || features.vendor == Vendor::amd) return;
    wrmsr(0x174, kXenCs);
    wrmsr(0x175, reinterpret_cast<u64>(&block_of(cpu).regs_end));
    wrmsr(0x176, reinterpret_cast<u64>(entry_sysenter));
}

}  // namespace

bool area_exists(CpuId cpu) { return areas.test(cpu.raw()); }

Status create_area(CpuId cpu) {
    if (area_exists(cpu)) return {};
    u64 area = area_of(cpu);
    for (unsigned i = 0; i < kStackPages; ++i)
        if (i != kGuardPage) TRY(map_fresh_page(area + i * kPageSize));
    TRY(map_xen(area + kStubOffset, Paddr{image_physical(stub_page)}, kPageSize, pte::kCode));
    TRY(map_fresh_page(area + kTablesOffset));
    fill_tables(cpu);
    areas.atomic_set(cpu.raw());
    return {};
}

void load_boot_idt() {
    fill_idt(false);
    load_idt();
}

void load_own_gdt(CpuId cpu) { set_gdtr(gdt_page_of(cpu)); }

void load_gdt(Vcpu& v) { set_gdtr(gdt_address(v.id.raw()) + kGuestGdtPages * kPageSize); }

void load_ldt(u64 address, u32 entries) {
    u16 selector = 0;
    if (entries) {
        auto* gdt = reinterpret_cast<u64*>(gdt_page_of(cpu_id()));
        set_system_descriptor(gdt, kLdtSelector, address, entries * 8 - 1, 0x82);
        selector = kLdtSelector;
    }
    asm volatile("lldt %0" ::"r"(selector) : "memory");
}

void flush_own_slots() { tlb::flush_local(); }

void load_tables(CpuId cpu) {
    if (cpu.raw() == 0) fill_idt(true);
    // A CPU that comes back finds its TSS marked busy.
    auto* gdt = reinterpret_cast<u64*>(gdt_page_of(cpu));
    set_system_descriptor(gdt, kTssSelector, reinterpret_cast<u64>(&tss_of(cpu)), sizeof(Tss) - 1, 0x89);
    load_own_gdt(cpu);
    cpu_block().gdt_frame = translate_xen(gdt_page_of(cpu))->address.raw();
    load_idt();
    asm volatile("ltr %0" ::"r"(kTssSelector) : "memory");
    load_ldt(0, 0);
    set_syscall_registers(cpu);
}

}  // namespace xen::arch
