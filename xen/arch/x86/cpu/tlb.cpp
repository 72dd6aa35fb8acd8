// SPDX-License-Identifier: MIT
// The clock counts flushes that others may rely on. A CPU's own stamp is the clock as of its last complete flush: it
// owes nothing to a page that was unmapped before. Stamps compare by their distance, so the clock may wrap.
//
// With PCID (SDM volume 3, 4.10) a space's number tags its entries. A flush takes those of all numbers, a flush of one
// address those of both guest spaces: for that INVPCID is needed, and PCID is not used without it.
#include <array>
#include <atomic>

#include <asm/cpu.hpp>
#include <asm/features.hpp>
#include <asm/mapping.hpp>
#include <xen/percpu.hpp>
#include <xen/smp.hpp>
#include <xen/tlb.hpp>

namespace xen::tlb {
namespace {

constexpr u64 kCr4Pge = 1 << 7;

std::atomic<u32> now{1};
XEN_PERCPU constinit PerCpu<std::atomic<u32>> last_flush{};

constexpr u64 kKeepEntries = u64{1} << 63;   // of a value for CR3
constexpr u64 kInvpcidAddress = 0;
constexpr usize kSpaces = 3;

// The root whose entries a space's number may tag; 0: none.
XEN_PERCPU constinit PerCpu<std::array<u64, kSpaces>> held{};

constexpr u64 number_of(Space s) { return static_cast<u64>(s); }

void invpcid(u64 number, u64 address) {
    const struct {
        u64 number, address;
    } what{number, address};
    asm volatile("invpcid %0, %1" ::"m"(what), "r"(kInvpcidAddress) : "memory");
}

// Before the flush: what is unmapped later gets a later stamp and is not covered.
void begin_flush() {
    u32 stamp = now.fetch_add(1, std::memory_order_seq_cst) + 1;
    if (stamp == 0) stamp = now.fetch_add(1, std::memory_order_seq_cst) + 1;   // 0 means "never"
    last_flush.local().store(stamp, std::memory_order_seq_cst);
}

}  // namespace

u32 clock() { return now.load(std::memory_order_seq_cst); }

CpuMask needing_flush(const CpuMask& cpus, u32 stamp) {
    CpuMask due;
    // By words, most of which are empty: half of what an iterator over members takes.
#pragma GCC unroll 4
    for (usize w = 0; w < CpuMask::kWords; ++w) {
        u64 late = 0;
        for (u64 word = cpus.word(w); word; word &= word - 1) {
            usize i = w * 64 + static_cast<usize>(__builtin_ctzll(word));
            u32 last = last_flush.on(CpuId{static_cast<u32>(i)}).load(std::memory_order_seq_cst);
            if (last == 0 || static_cast<s32>(last - stamp) <= 0) late |= word & -word;
        }
        if (late) due.set_word(w, late);
    }
    return due;
}

void load_root(u64 cr3, Space space) {
    u64 cr4 = arch::read_cr4();
    begin_flush();
    arch::write_cr4(cr4 & ~kCr4Pge);
    if (arch::uses_pcid()) {
        held.local() = {};
        held.local()[number_of(space)] = cr3;
        arch::write_cr3(cr3 | number_of(space));
    } else {
        arch::write_cr3(cr3);
    }
    arch::write_cr4(cr4);
}

void switch_root(u64 cr3, Space space) {
    if (!arch::uses_pcid()) return arch::write_cr3(cr3);
    u64& was = held.local()[number_of(space)];
    u64 keep = was == cr3 ? kKeepEntries : 0;
    was = cr3;
    arch::write_cr3(cr3 | number_of(space) | keep);
}

void forget_user_space() { held.local()[number_of(Space::user)] = 0; }

void flush_local() { flush_local_all(); }

void flush_local_all() {
    u64 flags = arch::irq_save();
    begin_flush();
    u64 cr4 = arch::read_cr4();
    arch::write_cr4(cr4 & ~kCr4Pge);
    arch::write_cr4(cr4 | kCr4Pge);
    arch::irq_restore(flags);
}

// INVLPG takes global entries and those of the current number; the other guest space may map the address as well.
void flush_local_one(u64 address) {
    arch::invlpg(address);
    if (!arch::uses_pcid()) return;
    invpcid(number_of(Space::kernel), address);
    invpcid(number_of(Space::user), address);
}

void flush_mask(const CpuMask& cpus) {
    if (cpus.is_just(arch::cpu_id().raw())) return flush_local_all();
    smp::call_on(cpus, [](void*) { flush_local_all(); }, nullptr);
}

void flush_mask_all(const CpuMask& cpus) { flush_mask(cpus); }

void flush_mask_one(const CpuMask& cpus, u64 address) {
    if (cpus.is_just(arch::cpu_id().raw())) return flush_local_one(address);
    smp::call_on(cpus, [](void* p) { flush_local_one(*static_cast<u64*>(p)); }, &address);
}

void flush_cache(const CpuMask& cpus) {
    smp::call_on(cpus, [](void*) { arch::wbinvd(); }, nullptr);
}

}  // namespace xen::tlb
