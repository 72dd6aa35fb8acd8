// SPDX-License-Identifier: MIT
#include <asm/mapping.hpp>

#include <asm/cpu.hpp>
#include <asm/idle_table.hpp>
#include <asm/layout.hpp>
#include <asm/pagemap.hpp>
#include <xen/lock.hpp>
#include <xen/memory.hpp>

#include "lib/string.hpp"

namespace xen::arch {

extern "C" {
alignas(kPageSize) u64 idle_pg_table[512];
extern char image_start[];
}

namespace {

constexpr unsigned kTop = 39;   // an L4 entry covers 2^39 bytes
constexpr u64 kTable = pte::kPresent | pte::kWrite | pte::kUser | pte::kAccessed | pte::kDirty;

Maybe<Paddr> table_from_heap() {
    void* p = memory::allocate_heap_pages(Order{0});
    if (!p) return nothing;
    return direct_map_paddr(p);
}

TableSource table_source = table_from_heap;
Spinlock<LockRank::hotplug> lock;
u64 next_device GUARDED_BY(lock) = kFixmap;

u64* entries(u64 entry) { return static_cast<u64*>(direct_map(Paddr{entry & pte::kAddress})); }
unsigned slot_of(u64 va, unsigned shift) { return (va >> shift) & 511; }

// The table below an entry, made when there is none; a large page is split into one.
Result<u64*> table_below(u64& entry, unsigned shift) {
    if ((entry & pte::kPresent) && !(entry & pte::kLarge)) return entries(entry);
    Maybe<Paddr> page = table_source();
    if (!page) return Errno::nomem;
    u64* table = static_cast<u64*>(direct_map(*page));
    if (entry & pte::kLarge) {
        u64 keep = shift - 9 == kPageShift ? entry & ~pte::kLarge : entry;
        for (u64 i = 0; i < 512; ++i) table[i] = keep + (i << (shift - 9));
    } else {
        memset(table, 0, kPageSize);
    }
    entry = page->raw() | kTable;
    return table;
}

bool has_1g_pages() {
    static const bool yes = cpuid(0x80000001).d & (1 << 26);
    return yes;
}

// The largest page that this piece allows.
unsigned best_shift(u64 va, u64 pa, u64 bytes) {
    for (unsigned shift : {30u, 21u}) {
        u64 size = u64{1} << shift;
        if (shift == 30 && !has_1g_pages()) continue;
        if (((va | pa) & (size - 1)) == 0 && bytes >= size) return shift;
    }
    return kPageShift;
}

Status set_entry(u64 va, unsigned at_shift, u64 value) {
    u64* table = idle_pg_table;
    for (unsigned shift = kTop; shift > at_shift; shift -= 9) table = TRY(table_below(table[slot_of(va, shift)], shift));
    table[slot_of(va, at_shift)] = value;
    return {};
}

}  // namespace

void set_table_source(TableSource source) { table_source = source ? source : table_from_heap; }

Pte* idle_root() { return reinterpret_cast<Pte*>(idle_pg_table); }

Paddr idle_table_address() { return Paddr{reinterpret_cast<u64>(idle_pg_table) - reinterpret_cast<u64>(image_start) + 0x200000}; }

Status map_xen(u64 va, Paddr at, u64 bytes, u64 flags) {
    for (u64 pa = at.raw(); bytes;) {
        unsigned shift = best_shift(va, pa, bytes);
        TRY(set_entry(va, shift, pa | flags | (shift > kPageShift ? pte::kLarge : 0)));
        u64 size = u64{1} << shift;
        va += size, pa += size, bytes -= size;
    }
    return {};
}

void unmap_xen(u64 va, u64 bytes) {
    for (u64 end = va + bytes; va < end; va += kPageSize) {
        (void)set_entry(va, kPageShift, 0).ok();
        invlpg(va);
    }
}

Maybe<Translation> translate_xen(u64 va) {
    u64* table = idle_pg_table;
    for (unsigned shift = kTop;; shift -= 9) {
        u64 e = table[slot_of(va, shift)];
        if (!(e & pte::kPresent)) return nothing;
        if (shift == kPageShift || (e & pte::kLarge)) {
            u64 offset = va & ((u64{1} << shift) - 1);
            return Translation{Paddr{(e & pte::kAddress & ~((u64{1} << shift) - 1)) + offset}, e & ~pte::kAddress, shift};
        }
        table = entries(e);
    }
}

namespace {

void* map_new(Paddr at, usize bytes, u64 flags) {
    u64 offset = page_offset(at.raw());
    u64 size = (offset + bytes + kPageSize - 1) & kPageMask;
    Guard g{lock};
    constexpr u64 kBig = u64{1} << 21;
    u64 va = next_device;
    if (size >= kBig) va = ((va + kBig - 1) & ~(kBig - 1)) + (at.raw() & (kBig - 1) & kPageMask);
    if (va + size > kCpuAreas) return nullptr;
    if (!map_xen(va, at - offset, size, flags)) return nullptr;
    next_device = va + size;
    return reinterpret_cast<void*>(va + offset);
}

bool in_direct_map(Paddr at, usize bytes) {
    for (u64 p = at.raw() & kPageMask; p < at.raw() + bytes; p += kPageSize)
        if (!translate_xen(kDirectMap + p)) return false;
    return true;
}

}  // namespace

void* map_device(Paddr at, usize bytes) { return map_new(at, bytes, pte::kDevice); }

void* map_firmware(Paddr at, usize bytes) {
    if (in_direct_map(at, bytes)) return direct_map(at);
    return map_new(at, bytes, pte::kReadOnly);
}

void unmap(void* p, usize bytes) {
    u64 va = reinterpret_cast<u64>(p);
    if (va < kFixmap || va >= kCpuAreas) return;
    u64 first = va & kPageMask, size = (va - first + bytes + kPageSize - 1) & kPageMask;
    Guard g{lock};
    unmap_xen(first, size);
    if (first + size == next_device) next_device = first;
}

}  // namespace xen::arch
