// SPDX-License-Identifier: MIT
// The firmware's memory map made clean: sorted, without overlaps, as few ranges as possible.
#include <xen/multiboot.hpp>

namespace xen::boot {
namespace {

// Which type wins where two ranges overlap.
unsigned weight(MemoryType t) {
    switch (t) {
    case MemoryType::ram: return 0;
    case MemoryType::reserved: return 1;
    case MemoryType::acpi: return 2;
    case MemoryType::nvs: return 3;
    case MemoryType::unusable: return 4;
    }
    return 1;
}

void sort(MemoryRange* r, usize n) {
    for (usize i = 1; i < n; ++i) {
        MemoryRange v = r[i];
        usize at = i;
        for (; at > 0 && r[at - 1].start > v.start; --at) r[at] = r[at - 1];
        r[at] = v;
    }
}

// The next address above `from` where some range begins or ends.
Maybe<Paddr> next_edge(const MemoryRange* r, usize n, Paddr from) {
    Maybe<Paddr> best;
    auto consider = [&](Paddr p) {
        if (p > from && (!best || p < *best)) best = p;
    };
    for (usize i = 0; i < n; ++i) {
        consider(r[i].start);
        consider(r[i].end());
    }
    return best;
}

const MemoryRange* heaviest_at(const MemoryRange* r, usize n, Paddr at) {
    const MemoryRange* best = nullptr;
    for (usize i = 0; i < n; ++i)
        if (r[i].start <= at && at < r[i].end() && (!best || weight(r[i].type) > weight(best->type))) best = &r[i];
    return best;
}

void append(std::array<MemoryRange, BootInfo::kMaxRanges>& out, usize& count, MemoryRange r) {
    if (count && out[count - 1].type == r.type && out[count - 1].end() == r.start) out[count - 1].bytes += r.bytes;
    else if (count < out.size()) out[count++] = r;
}

}  // namespace

bool add_range(BootInfo& boot, Paddr start, u64 bytes, MemoryType type) {
    if (bytes == 0) return true;
    if (start.raw() + bytes < start.raw()) bytes = ~u64{0} - start.raw();
    if (boot.memory_count == BootInfo::kMaxRanges) return false;
    boot.memory[boot.memory_count++] = {start, bytes, type};
    return true;
}

bool limit_ram(BootInfo& boot, Paddr limit) {
    usize n = boot.memory_count;
    bool any = false;
    for (usize i = 0; i < n; ++i) {
        MemoryRange& r = boot.memory[i];
        if (r.type != MemoryType::ram || r.end() <= limit) continue;
        any = true;
        if (r.start >= limit) {
            r.type = MemoryType::unusable;
            continue;
        }
        Paddr end = r.end();
        r.bytes = limit - r.start;
        (void)add_range(boot, limit, end - limit, MemoryType::unusable);   // a full table: left out
    }
    if (any) normalise(boot);
    return any;
}

void normalise(BootInfo& boot) {
    static std::array<MemoryRange, BootInfo::kMaxRanges> clean;  // too large for the stack
    const MemoryRange* raw = boot.memory.data();
    usize n = boot.memory_count, count = 0;
    sort(boot.memory.data(), n);
    if (n == 0) return;
    for (Maybe<Paddr> from = raw[0].start; from;) {
        Maybe<Paddr> to = next_edge(raw, n, *from);
        if (!to) break;
        if (const MemoryRange* r = heaviest_at(raw, n, *from)) append(clean, count, {*from, *to - *from, r->type});
        from = to;
    }
    boot.memory = clean;
    boot.memory_count = count;
}

}  // namespace xen::boot
