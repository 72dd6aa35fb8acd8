// SPDX-License-Identifier: MIT
// The hypervisor's page tables. The first ones come from the image, until the direct map reaches free memory.
#include <asm/cpu.hpp>
#include <asm/mapping.hpp>
#include <asm/pagemap.hpp>
#include <asm/sysreg.hpp>
#include <xen/assert.hpp>
#include <xen/compiler.hpp>
#include <xen/memory.hpp>

#include "arch/arm/boot/boot.hpp"
#include "lib/string.hpp"

namespace xen::boot {
namespace {

using namespace arch;

constexpr u64 kLarge = u64{1} << 21;
constexpr unsigned kPool = 40;
constexpr u64 kSctlrWxn = u64{1} << 19;

alignas(kPageSize) char pool[kPool][kPageSize];
unsigned pool_used = 0;
Paddr reached{};            // free memory below this is in the direct map

XEN_INIT Maybe<Paddr> pool_table() {
    if (pool_used == kPool) panic("no room for the first page tables");
    return image_physical(pool[pool_used++]);
}
XEN_INIT Maybe<Paddr> early_table() { return free_memory.take(kPageSize, kPageSize, reached); }

XEN_INIT Paddr take(u64 bytes, u64 align) {
    auto p = free_memory.take(bytes, align, Paddr{~u64{0}});
    if (!p) panic("not enough memory for the hypervisor's tables");
    return *p;
}

XEN_INIT void map(u64 va, Paddr pa, u64 bytes, u64 flags) {
    if (!map_xen(va, pa, bytes, flags)) panic("no memory for page tables");
}

XEN_INIT void map_section(const char* start, const char* end, u64 flags) {
    map(reinterpret_cast<u64>(start), image_physical(start), static_cast<u64>(end - start), flags);
}

XEN_INIT void load_root() {
    dsb_ishst();
    WRITE_SYSREG(ttbr0_el2, image_physical(xen_root).raw());
    isb();
    asm volatile("tlbi alle2; dsb nsh; isb" ::: "memory");
    WRITE_SYSREG(sctlr_el2, READ_SYSREG(sctlr_el2) | kSctlrWxn);
    isb();
}

// Whole pages of RAM.
struct Piece {
    u64 start, end;
};
XEN_INIT Piece pages_of(const MemoryRange& r) {
    return {(r.start.raw() + kPageSize - 1) & kPageMask, r.end().raw() & kPageMask};
}

XEN_INIT void map_ram(const MemoryRange& r) {
    Piece p = pages_of(r);
    if (p.start < p.end) map(kDirectMap + p.start, Paddr{p.start}, p.end - p.start, pte::kData);
}

XEN_INIT const MemoryRange* largest_ram() {
    const MemoryRange* best = nullptr;
    for (usize i = 0; i < info.memory_count; ++i)
        if (info.memory[i].type == MemoryType::ram && (!best || info.memory[i].bytes > best->bytes)) best = &info.memory[i];
    if (!best) panic("no memory in the device tree");
    return best;
}

XEN_INIT Mfn end_of_ram() {
    Mfn end{0};
    for (usize i = 0; i < info.memory_count; ++i)
        if (info.memory[i].type == MemoryType::ram && frame_of(info.memory[i].end()) > end) end = frame_of(info.memory[i].end());
    return end;
}

XEN_INIT bool any_memory_between(u64 first_frame, u64 end_frame) {
    for (usize i = 0; i < info.memory_count; ++i) {
        const MemoryRange& r = info.memory[i];
        if (r.type == MemoryType::ram && frame_of(r.start).raw() < end_frame && frame_of(r.end() + (kPageSize - 1)).raw() > first_frame)
            return true;
    }
    return false;
}

// Where there is no memory at all, every page of the frame table is one page of zeros, read-only: reading about such a frame
// is harmless.
XEN_INIT void map_hole(u64 at) {
    alignas(kPageSize) static constinit const char zeros[kPageSize]{};
    for (u64 p = 0; p < kLarge; p += kPageSize) map(at + p, image_physical(zeros), kPageSize, pte::kReadOnly);
}

XEN_INIT void build_frame_table(Mfn end) {
    constexpr u64 kFrames = kLarge / sizeof(PageInfo);
    for (u64 first = 0; first < end.raw(); first += kFrames) {
        u64 at = kFrameTable + first * sizeof(PageInfo);
        if (!any_memory_between(first, first + kFrames)) {
            map_hole(at);
            continue;
        }
        map(at, take(kLarge, kLarge), kLarge, pte::kData);
        memset(reinterpret_cast<void*>(at), 0, kLarge);
    }
}

}  // namespace

XEN_INIT void build_first_tables(Paddr image) {
    set_image_physical(image);
    set_table_source(pool_table);
    map_section(text_start, text_end, pte::kCode);
    map_section(init_text_start, init_text_end, pte::kCode);
    map_section(rodata_start, rodata_end, pte::kReadOnly);
    map_section(ro_after_init_start, ro_after_init_end, pte::kData);
    map_section(data_start, data_end, pte::kData);
    map_section(init_bss_start, init_bss_end, pte::kData);
    map(image.raw(), image, kPageSize, pte::kCode);   // where other CPUs switch their MMU on
    load_root();
}

XEN_INIT void map_memory() {
    const MemoryRange* first = largest_ram();
    map_ram(*first);
    reached = Paddr{pages_of(*first).end};
    set_table_source(early_table);
    for (usize i = 0; i < info.memory_count; ++i)
        if (info.memory[i].type == MemoryType::ram && &info.memory[i] != first) map_ram(info.memory[i]);
    max_frame = end_of_ram();
    frame_table = reinterpret_cast<PageInfo*>(kFrameTable);
    build_frame_table(max_frame);
}

XEN_INIT void release_free_memory() {
    set_table_source(nullptr);
    for (auto& r : free_memory)
        if (Mfn start = frame_of(r.start), end = frame_of(r.end); start < max_frame)
            memory::add_free_range(start, end - start);
    free_memory.clear();
}

// Not itself boot code, which it takes away.
void release_init_memory() {
    struct { const char *start, *end; } pieces[] = {{init_text_start, init_text_end}, {init_bss_start, init_bss_end}};
    for (auto [start, end] : pieces) {
        u64 bytes = static_cast<u64>(end - start);
        unmap_xen(reinterpret_cast<u64>(start), bytes);
        memory::add_free_range(frame_of(image_physical(start)), bytes >> kPageShift);
    }
    u64 bytes = static_cast<u64>(ro_after_init_end - ro_after_init_start);
    if (bytes) (void)map_xen(reinterpret_cast<u64>(ro_after_init_start), image_physical(ro_after_init_start), bytes, pte::kReadOnly).ok();
}

}  // namespace xen::boot
