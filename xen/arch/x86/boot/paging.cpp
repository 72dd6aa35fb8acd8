// SPDX-License-Identifier: MIT
// The hypervisor's page tables. All tables come from below 4 GiB, where the boot tables' direct map reaches them.
#include <asm/cpu.hpp>
#include <asm/layout.hpp>
#include <asm/mapping.hpp>
#include <asm/pagemap.hpp>
#include <xen/assert.hpp>
#include <xen/compiler.hpp>
#include <xen/memory.hpp>

#include "arch/x86/boot/boot.hpp"
#include "lib/string.hpp"

namespace xen::boot {
namespace {

using namespace arch;

constexpr u64 kLarge = u64{1} << 21;
constexpr Paddr kBelow4G{u64{1} << 32};
constexpr Paddr kAnywhere{~u64{0}};
constexpr u32 kMsrPat = 0x277;
constexpr u64 kCr4Pge = 1 << 7;

XEN_INIT Maybe<Paddr> early_table() { return free_memory.take(kPageSize, kPageSize, kBelow4G); }

XEN_INIT Paddr take(u64 bytes, u64 align, Paddr limit) {
    auto p = free_memory.take(bytes, align, limit);
    if (!p) panic("not enough memory for the hypervisor's tables");
    return *p;
}

XEN_INIT void map(u64 va, Paddr pa, u64 bytes, u64 flags) {
    if (!map_xen(va, pa, bytes, flags)) panic("no memory for page tables");
}

XEN_INIT void map_section(const char* start, const char* end, u64 flags) {
    map(reinterpret_cast<u64>(start), info.image_start + static_cast<u64>(start - image_start),
        static_cast<u64>(end - start), flags);
}

XEN_INIT void map_image() {
    map_section(text_start, text_end, pte::kCode);
    map_section(init_text_start, init_text_end, pte::kCode);
    map_section(rodata_start, rodata_end, pte::kReadOnly);
    map_section(ro_after_init_start, ro_after_init_end, pte::kData);
    map_section(data_start, data_end, pte::kData);
    map_section(init_bss_start, init_bss_end, pte::kData);
}

bool in_direct_map(MemoryType t) { return t == MemoryType::ram || t == MemoryType::acpi || t == MemoryType::nvs; }

XEN_INIT void map_all_memory() {
    for (usize i = 0; i < info.memory_count; ++i) {
        const MemoryRange& r = info.memory[i];
        if (!in_direct_map(r.type)) continue;
        bool ram = r.type == MemoryType::ram;   // its partial pages are nobody's
        u64 start = (r.start.raw() + (ram ? kPageSize - 1 : 0)) & kPageMask;
        u64 end = (r.end().raw() + (ram ? 0 : kPageSize - 1)) & kPageMask;
        if (end > kDirectMapEnd - kDirectMap) end = kDirectMapEnd - kDirectMap;
        if (start < end) map(kDirectMap + start, Paddr{start}, end - start, pte::kData);
    }
}

XEN_INIT Mfn end_of_ram() {
    Mfn end{0};
    for (usize i = 0; i < info.memory_count; ++i)
        if (info.memory[i].type == MemoryType::ram && frame_of(info.memory[i].end()) > end)
            end = frame_of(info.memory[i].end());
    return end;
}

XEN_INIT bool any_memory_between(u64 first_frame, u64 end_frame) {
    for (usize i = 0; i < info.memory_count; ++i) {
        const MemoryRange& r = info.memory[i];
        if (in_direct_map(r.type) && frame_of(r.start).raw() < end_frame &&
            frame_of(r.end() + (kPageSize - 1)).raw() > first_frame)
            return true;
    }
    return false;
}

// One 2 MiB piece of a table indexed by frame; `per_piece` frames are described by it. Where there is no memory
// at all, every page of the piece is one shared page, read-only: reading about such a frame is harmless.
struct FrameTable {
    u64 va, alias_va;        // alias 0: none
    u64 alias_flags;
    u64 entry_bytes;
    int fill;
    Maybe<Paddr> hole{};
};

XEN_INIT void map_hole(FrameTable& t, u64 offset) {
    if (!t.hole) {
        t.hole = take(kPageSize, kPageSize, kBelow4G);
        memset(direct_map(*t.hole), t.fill, kPageSize);
    }
    for (u64 p = 0; p < kLarge; p += kPageSize) {
        map(t.va + offset + p, *t.hole, kPageSize, pte::kReadOnly);
        if (t.alias_va) map(t.alias_va + offset + p, *t.hole, kPageSize, t.alias_flags);
    }
}

XEN_INIT void build_frame_table(FrameTable& t, Mfn end) {
    u64 per_piece = kLarge / t.entry_bytes;
    for (u64 first = 0; first < end.raw(); first += per_piece) {
        u64 offset = first * t.entry_bytes;
        if (!any_memory_between(first, first + per_piece)) {
            map_hole(t, offset);
            continue;
        }
        Paddr piece = take(kLarge, kLarge, kAnywhere);
        map(t.va + offset, piece, kLarge, pte::kData);
        if (t.alias_va) map(t.alias_va + offset, piece, kLarge, t.alias_flags);
        memset(reinterpret_cast<void*>(t.va + offset), t.fill, kLarge);
    }
}

XEN_INIT void load_tables() {
    if (cpuid(1).d & (1 << 16)) wrmsr(kMsrPat, kPatValue);
    write_cr3(idle_table_address().raw());
    write_cr4(read_cr4() | kCr4Pge);
}

}  // namespace

XEN_INIT void build_page_tables() {
    set_table_source(early_table);
    map_image();
    map_all_memory();
    load_tables();
    max_frame = end_of_ram();
    frame_table = reinterpret_cast<PageInfo*>(kFrameTable);
    FrameTable pages{.va = kFrameTable, .alias_va = 0, .alias_flags = 0, .entry_bytes = sizeof(PageInfo), .fill = 0};
    build_frame_table(pages, max_frame);
    // Guests read the machine-to-phys table, at its place in the ABI, with their own rights.
    FrameTable m2p{.va = kRwM2p, .alias_va = kRoM2p, .alias_flags = pte::kReadOnly | pte::kUser, .entry_bytes = sizeof(u64),
                   .fill = 0xff};
    build_frame_table(m2p, max_frame);
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
        memory::add_free_range(frame_of(info.image_start + static_cast<u64>(start - image_start)), bytes >> kPageShift);
    }
    const char* ro = ro_after_init_start;
    for (; ro < ro_after_init_end; ro += kPageSize)
        (void)map_xen(reinterpret_cast<u64>(ro), info.image_start + static_cast<u64>(ro - image_start), kPageSize,
                      pte::kReadOnly).ok();
    write_cr4(read_cr4() & ~kCr4Pge);
    write_cr4(read_cr4() | kCr4Pge);
}

}  // namespace xen::boot
