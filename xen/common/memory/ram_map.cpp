// SPDX-License-Identifier: MIT
// The RAM of the boot memory map, and device frames that guests may only read.
#include <xen/boot_info.hpp>
#include <xen/memory.hpp>
#include <xen/rangeset.hpp>

namespace xen::memory {
namespace {

struct Range {
    Mfn start, end;
};
Range ram[BootInfo::kMaxRanges];
usize ram_count;
RangeSet read_only;
MemoryRange whole[BootInfo::kMaxRanges];
usize whole_count;

}  // namespace

void init(const BootInfo& boot) {
    ram_count = 0;
    whole_count = boot.memory_count;
    for (usize i = 0; i < whole_count; ++i) whole[i] = boot.memory[i];
    for (usize i = 0; i < boot.memory_count; ++i) {
        const MemoryRange& r = boot.memory[i];
        Range frames{frame_of(r.start + (kPageSize - 1)), frame_of(r.end())};
        if (r.type == MemoryType::ram && frames.start < frames.end) ram[ram_count++] = frames;
    }
}

bool is_ram(Mfn f) {
    for (usize i = 0; i < ram_count; ++i)
        if (f >= ram[i].start && f < ram[i].end) return true;
    return false;
}

bool is_ram(Mfn first, u64 pages) {
    while (pages) {
        Mfn f = first;
        for (usize i = 0; i < ram_count; ++i)
            if (f >= ram[i].start && f < ram[i].end) {
                u64 here = ram[i].end - f;
                if (here >= pages) return true;
                f += here;
                pages -= here;
            }
        if (f == first) return false;
        first = f;
    }
    return true;
}

std::span<const MemoryRange> machine_map() { return {whole, whole_count}; }

u64 total_pages() {
    u64 n = 0;
    for (usize i = 0; i < ram_count; ++i) n += ram[i].end - ram[i].start;
    return n;
}

void protect_io(Mfn first, u64 frames) { (void)read_only.add(first.raw(), first.raw() + frames - 1).ok(); }
bool io_read_only(Mfn f) { return !read_only.empty() && read_only.contains(f.raw()); }

}  // namespace xen::memory
