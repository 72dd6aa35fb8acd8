// SPDX-License-Identifier: MIT
#include "common/trace/buffers.hpp"

#include <bit>

#include <xen/domain.hpp>
#include <xen/log.hpp>
#include <xen/memory.hpp>

#include "lib/string.hpp"

namespace xen::trace {
namespace {

constexpr u32 kMost16 = 0xffff;

std::atomic<CpuRing*> rings[kMaxCpus];
t_info* info;
u32 info_pages;
u32 ring_pages;

u32 cpu_count() {
    u32 n = 0;
    for (usize cpu : cpu_present) n = static_cast<u32>(cpu) + 1;
    return n;
}

// In words: where the list of the first CPU's frames is.
u32 first_list(u32 cpus) { return static_cast<u32>((sizeof(t_info) + cpus * sizeof(u16) + 3) / 4); }

// Offsets are 16 bits wide, positions in a ring 32.
u32 limit_pages(u32 pages, u32 cpus) {
    u32 most = (kMost16 - first_list(cpus)) / (cpus > 1 ? cpus - 1 : 1);
    if (most > kMost16) most = kMost16;
    if (pages <= most) return pages;
    log_warning("trace buffers: %u pages for each of %u CPUs are asked for, %u are possible", pages, cpus, most);
    return most;
}

Order info_order() { return Order{static_cast<u8>(std::bit_width(info_pages - 1))}; }

void release_pages(Array<char*>& pages) {
    for (char* p : pages)
        if (p) memory::free_heap_pages(p, Order{0});
}

Result<Array<char*>> take_pages(u32 n) {
    auto pages = TRY(Array<char*>::create(n));
    for (char*& p : pages) {
        p = static_cast<char*>(memory::allocate_heap_pages(Order{0}));
        if (!p) {
            release_pages(pages);
            return Errno::nomem;
        }
        memset(p, 0, kPageSize);
    }
    return pages;
}

u32* frame_list(u32 cpu) { return reinterpret_cast<u32*>(info) + info->mfn_offset[cpu]; }

Status make_ring(u32 cpu, u32 list_at) {
    Array<char*> pages = TRY(take_pages(ring_pages));
    info->mfn_offset[cpu] = static_cast<u16>(list_at);
    for (u32 i = 0; i < ring_pages; ++i) frame_list(cpu)[i] = static_cast<u32>(arch::direct_map_mfn(pages[i]).raw());
    auto box = Box<CpuRing>::make(std::move(pages));
    if (!box) {
        for (u32 i = 0; i < ring_pages; ++i) memory::free_heap_pages(arch::direct_map(Mfn{frame_list(cpu)[i]}), Order{0});
        return Errno::nomem;
    }
    rings[cpu].store(box.leak(), std::memory_order_release);
    return {};
}

Status make_rings(u32 cpus) {
    for (usize cpu : cpu_online)
        TRY(make_ring(static_cast<u32>(cpu), first_list(cpus) + static_cast<u32>(cpu) * ring_pages));
    return {};
}

void drop_all() {
    for (u32 cpu = 0; cpu < kMaxCpus; ++cpu) {
        CpuRing* r = rings[cpu].exchange(nullptr, std::memory_order_relaxed);
        if (!r) continue;
        for (u32 i = 0; i < ring_pages; ++i) memory::free_heap_pages(arch::direct_map(Mfn{frame_list(cpu)[i]}), Order{0});
        Box<CpuRing>::adopt(r).reset();
    }
    memory::free_heap_pages(info, info_order());
    info = nullptr;
    ring_pages = info_pages = 0;
}

void share_all() {
    char* base = reinterpret_cast<char*>(info);
    for (u32 i = 0; i < info_pages; ++i) memory::share_heap_page(base + i * kPageSize, *domain::dom_xen, false);
    for (usize cpu : cpu_online)
        for (u32 i = 0; i < ring_pages; ++i)
            memory::share_heap_page(arch::direct_map(Mfn{frame_list(static_cast<u32>(cpu))[i]}), *domain::dom_xen, true);
}

}  // namespace

CpuRing* ring_of(CpuId cpu) { return rings[cpu.raw()].load(std::memory_order_acquire); }
u32 pages_per_cpu() { return ring_pages; }
u32 info_bytes() { return info_pages << kPageShift; }

Maybe<Mfn> info_frame() {
    if (!info) return nothing;
    return arch::direct_map_mfn(info);
}

Status make_buffers(u32 pages) {
    if (info) return Errno::busy;
    if (pages == 0) return Errno::inval;
    u32 cpus = cpu_count();
    pages = limit_pages(pages, cpus);
    info_pages = static_cast<u32>(pages_for((first_list(cpus) + u64{cpus} * pages) * sizeof(u32)));
    info = static_cast<t_info*>(memory::allocate_heap_pages(info_order()));
    if (!info) return Errno::nomem;
    memset(info, 0, kPageSize << info_order().raw());
    info->tbuf_size = static_cast<u16>(pages);
    ring_pages = pages;
    if (Status s = make_rings(cpus); !s) {
        drop_all();
        return s;
    }
    share_all();
    log_info("trace buffers: %u pages for each of %zu CPUs", pages, cpu_online.count());
    return {};
}

}  // namespace xen::trace
