// SPDX-License-Identifier: MIT
// Leaf: what each CPU has at a fixed virtual place: its stacks, the page of entry code, and its GDT with the TSS.
//
//   pages 0-3  stacks of #DF, NMI, #MC, #DB        page 4  not mapped (guard)
//   pages 5-7  the stack, CpuBlock at its end       page 8  entry stub (the same frame for all)
//   page 9     GDT at 0, TSS at kTssOffset
//
// An area is made once for each CPU and stays when the CPU goes off.
#pragma once

#include <asm/mapping.hpp>
#include <asm/percpu.hpp>

#include "lib/result.hpp"

namespace xen::arch {

inline constexpr u64 kStubOffset = 8 * kPageSize, kTablesOffset = 9 * kPageSize, kTssOffset = 0x800;
inline constexpr u16 kGdtLimit = 0xe05f;    // selectors to 0xe05f: nothing behind is a descriptor

constexpr u64 area_of(CpuId cpu) { return kCpuAreas + u64{cpu.raw()} * kCpuAreaSize; }
inline u64 gdt_page_of(CpuId cpu) { return area_of(cpu) + kTablesOffset; }
inline CpuBlock& block_of(CpuId cpu) {
    return *reinterpret_cast<CpuBlock*>(area_of(cpu) + kStackSize - sizeof(CpuBlock));
}

// Memory and mappings of the area, the GDT's contents. Errno::nomem.
Status create_area(CpuId cpu);
bool area_exists(CpuId cpu);
// Each CPU, itself, on its own stack: GDT, IDT, TSS, entry points of system calls.
void load_tables(CpuId cpu);
// Boot CPU, before there is an area: exceptions are caught with the boot GDT and no other stacks.
void load_boot_idt();

// SDM volume 3, figure 8-11; the I/O map lies behind the limit: no port is free for guests.
struct [[gnu::packed]] Tss {
    u32 reserved0;
    u64 rsp[3];
    u64 reserved1;
    u64 ist[7];
    u64 reserved2;
    u16 reserved3, io_map;
};
static_assert(sizeof(Tss) == 104);
inline Tss& tss_of(CpuId cpu) { return *reinterpret_cast<Tss*>(area_of(cpu) + kTablesOffset + kTssOffset); }

// GDTR: this CPU's page alone, valid in every address space. With a guest's pages before it: asm/desc.hpp.
void load_own_gdt(CpuId cpu);

}  // namespace xen::arch
