// SPDX-License-Identifier: MIT
#include <asm/mapping.hpp>

#include <asm/cpu.hpp>
#include <asm/pagemap.hpp>
#include <xen/compiler.hpp>
#include <xen/lock.hpp>
#include <xen/memory.hpp>

#include "lib/string.hpp"

namespace xen::arch {

extern "C" {
alignas(kPageSize) u64 xen_root[512];
extern char image_start[], image_end[];
}

namespace {

constexpr unsigned kTop = 39;   // a level 0 descriptor covers 2^39 bytes
constexpr u64 kTableEntry = pte::kValid | pte::kTable;

Maybe<Paddr> table_from_heap() {
    void* p = memory::allocate_heap_pages(Order{0});
    if (!p) return nothing;
    return direct_map_paddr(p);
}

TableSource table_source = table_from_heap;
XEN_RO_AFTER_INIT constinit Paddr image_at{};
Spinlock<LockRank::hotplug> lock;
u64 next_device GUARDED_BY(lock) = kDevices;

// Tables are in the image or in the direct map.
u64* entries(u64 entry) {
    Paddr pa{entry & pte::kAddress};
    if (pa >= image_at && pa - image_at < static_cast<u64>(image_end - image_start))
        return reinterpret_cast<u64*>(image_start + (pa - image_at));
    return static_cast<u64*>(direct_map(pa));
}

unsigned slot_of(u64 va, unsigned shift) { return (va >> shift) & 511; }
bool is_table(u64 entry, unsigned shift) { return shift > kPageShift && (entry & kTableEntry) == kTableEntry; }

void store(u64& at, u64 value) {
    __atomic_store_n(&at, value, __ATOMIC_RELAXED);
    asm volatile("dsb ishst; isb" ::: "memory");
}

void flush_own_page(u64 va) {
    asm volatile("dsb ishst; tlbi vae2is, %0; dsb ish; isb" ::"r"(va >> kPageShift) : "memory");
}

// Nothing valid is replaced by anything else valid without an invalid one in between (ARM D8.14.1).
void replace(u64& at, u64 va, u64 value) {
    if (at & pte::kValid) {
        store(at, 0);
        flush_own_page(va);
    }
    if (value) store(at, value);
}

// The table below an entry, made when there is none; a block is split into one.
Result<u64*> table_below(u64& entry, u64 va, unsigned shift) {
    if (is_table(entry, shift)) return entries(entry);
    Maybe<Paddr> page = table_source();
    if (!page) return Errno::nomem;
    u64* table = entries(page->raw());
    if (entry & pte::kValid) {
        u64 leaf = shift - 9 == kPageShift ? entry | pte::kTable : entry;   // bit 1 of a page's descriptor is one
        for (u64 i = 0; i < 512; ++i) table[i] = leaf + (i << (shift - 9));
    } else {
        memset(table, 0, kPageSize);
    }
    replace(entry, va, page->raw() | kTableEntry);
    return table;
}

// The largest block that this piece allows.
unsigned best_shift(u64 va, u64 pa, u64 bytes) {
    for (unsigned shift : {30u, 21u})
        if (((va | pa) & ((u64{1} << shift) - 1)) == 0 && bytes >> shift) return shift;
    return kPageShift;
}

Status set_entry(u64 va, unsigned at_shift, u64 value) {
    u64* table = xen_root;
    for (unsigned shift = kTop; shift > at_shift; shift -= 9)
        table = TRY(table_below(table[slot_of(va, shift)], va, shift));
    replace(table[slot_of(va, at_shift)], va, value);
    return {};
}

void* map_new(Paddr at, usize bytes, u64 flags) {
    constexpr u64 kAddresses = pte::kAddress + kPageSize;
    if (at.raw() >= kAddresses || bytes > kCpuAreas - kDevices || at.raw() + bytes > kAddresses) return nullptr;
    u64 offset = page_offset(at.raw());
    u64 size = (offset + bytes + kPageSize - 1) & kPageMask;
    Guard g{lock};
    constexpr u64 kBig = u64{1} << 21;
    u64 va = next_device;
    if (size >= kBig) va = ((va + kBig - 1) & ~(kBig - 1)) + (at.raw() & (kBig - 1) & kPageMask);
    if (va + size > kCpuAreas || !map_xen(va, at - offset, size, flags)) return nullptr;
    next_device = va + size;
    return reinterpret_cast<void*>(va + offset);
}

}  // namespace

Paddr image_physical(const void* p) { return image_at + static_cast<u64>(static_cast<const char*>(p) - image_start); }
void set_image_physical(Paddr start) { image_at = start; }
void set_table_source(TableSource source) { table_source = source ? source : table_from_heap; }

Status map_xen(u64 va, Paddr at, u64 bytes, u64 flags) {
    for (u64 pa = at.raw(); bytes;) {
        unsigned shift = best_shift(va, pa, bytes);
        TRY(set_entry(va, shift, pa | flags | (shift == kPageShift ? pte::kTable : 0)));
        u64 size = u64{1} << shift;
        va += size, pa += size, bytes -= size;
    }
    return {};
}

void unmap_xen(u64 va, u64 bytes) {
    for (u64 end = va + bytes; va < end; va += kPageSize) (void)set_entry(va, kPageShift, 0).ok();
}

bool is_mapped(u64 va) {
    u64* table = xen_root;
    for (unsigned shift = kTop;; shift -= 9) {
        u64 e = table[slot_of(va, shift)];
        if (!(e & pte::kValid)) return false;
        if (!is_table(e, shift)) return true;
        table = entries(e);
    }
}

void* map_device(Paddr at, usize bytes) { return map_new(at, bytes, pte::kDevice); }

void* map_firmware(Paddr at, usize bytes) {
    for (u64 p = at.raw() & kPageMask; p < at.raw() + bytes; p += kPageSize)
        if (!is_mapped(kDirectMap + p)) return map_new(at, bytes, pte::kReadOnly);
    return direct_map(at);
}

}  // namespace xen::arch
