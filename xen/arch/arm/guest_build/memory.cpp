// SPDX-License-Identifier: MIT
#include "arch/arm/guest_build/memory.hpp"

#include <asm/cache.hpp>
#include <asm/p2m.hpp>
#include <public/arch-arm.h>
#include <xen/log.hpp>
#include <xen/memory.hpp>

#include <bit>

#include "common/memory/op/op.hpp"
#include "lib/string.hpp"

namespace xen::guest_build {
namespace {

using device_tree::Range;
using partition::Description;
using partition::SharedMemory;

constexpr u64 kBankBases[] = GUEST_RAM_BANK_BASES, kBankSizes[] = GUEST_RAM_BANK_SIZES;

// Takes guest addresses from the bottom of the first bank up, then of the next; or those that the machine has.
class Placing {
public:
    explicit Placing(Ranges& to) : to_{to} {}
    // As much of `bytes` as fits without a hole; nothing: there is no space left.
    Maybe<Range> take(u64 bytes) {
        for (; bank_ < GUEST_RAM_BANKS; ++bank_, used_ = 0) {
            u64 left = kBankSizes[bank_] - used_;
            if (!left) continue;
            Range r{kBankBases[bank_] + used_, bytes < left ? bytes : left};
            if (used_) to_[to_.size() - 1].bytes += r.bytes;
            else if (!to_.push(r)) return nothing;
            used_ += r.bytes;
            return r;
        }
        return nothing;
    }
    Maybe<Range> take_at(Range machine) { return to_.push(machine) ? Maybe<Range>{machine} : nothing; }

private:
    Ranges& to_;
    usize bank_ = 0;
    u64 used_ = 0;
};

// In pieces as large as there are.
Status populate(Domain& d, Gfn at, u64 pages) {
    unsigned most = memory::kMaxOrder;
    while (pages) {
        unsigned order = static_cast<unsigned>(std::bit_width(pages)) - 1, aligned = static_cast<unsigned>(std::countr_zero(at.raw()));
        if (aligned < order) order = aligned;
        if (most < order) order = most;
        Status s = arch::populate(d, {.order = Order{static_cast<u8>(order)}}, at);
        if (!s && (s.error() != Errno::nomem || !order)) return s;
        if (!s) {
            most = order - 1;
            continue;
        }
        at += u64{1} << order;
        pages -= u64{1} << order;
    }
    return {};
}

Status give_from_heap(Domain& d, u64 pages, Placing& placing, const char* name) {
    while (pages) {
        auto r = placing.take(pages << kPageShift);
        if (!r) return Errno::nospc;
        if (Status s = populate(d, frame_of(Gaddr{r->start}), r->bytes >> kPageShift); !s) {
            log_error("%s: out of memory: it has %lu of %lu MiB", name, d.tot_pages >> 8, d.max_pages >> 8);
            return s;
        }
        pages -= r->bytes >> kPageShift;
    }
    return {};
}

// The guest may look at it with its caches off.
void wipe(Mfn first, u64 pages) {
    for (u64 i = 0; i < pages; ++i) {
        MappedPage<u8> page{first + i};
        memset(page.get(), 0, kPageSize);
        arch::clean_invalidate_cache(page.get(), kPageSize);
    }
}

Status give_bank(Domain& d, Range bank, Placing& placing, bool direct) {
    Mfn first = frame_of(Paddr{bank.start});
    wipe(first, bank.bytes >> kPageShift);
    TRY(memory::adopt_pages(d, first, bank.bytes >> kPageShift));
    while (bank.bytes) {
        auto r = direct ? placing.take_at(bank) : placing.take(bank.bytes);
        if (!r) return Errno::nospc;
        TRY(p2m::map(d, frame_of(Gaddr{r->start}), first, r->bytes >> kPageShift, p2m::Type::ram));
        first += r->bytes >> kPageShift;
        bank.bytes -= r->bytes;
    }
    return {};
}

Status map_region(Domain& d, const SharedMemory& s) {
    Mfn first = frame_of(Paddr{*s.host});
    u64 pages = s.bytes >> kPageShift;
    Gfn at = frame_of(Gaddr{s.guest});
    Domain& owner = *page_of(first).owner();
    for (u64 i = 0; i < pages; ++i) arch::clean_invalidate_cache(MappedPage<u8>{first + i}.get(), kPageSize);
    if (&owner == &d) return p2m::map(d, at, first, pages, p2m::Type::ram);
    for (u64 i = 0; i < pages; ++i) TRY(arch::map_resource(d, at + i, first + i, owner));
    return {};
}

bool overlaps(const Domain& d, const SharedMemory& s) {
    for (u64 at = 0; at < s.bytes; at += kPageSize)
        if (p2m::lookup(d, frame_of(Gaddr{s.guest + at}))) return true;
    return false;
}

}  // namespace

Result<Ranges> give_memory(Domain& d, const Description& p, const char* name) {
    Ranges banks;
    Placing placing{banks};
    for (Range bank : p.static_memory)
        if (Status s = give_bank(d, bank, placing, p.direct_map); !s) {
            log_error("%s: %lu KiB at %#lx cannot be its memory: errno %u", name, bank.bytes >> 10, bank.start, static_cast<unsigned>(s.error()));
            return s.error();
        }
    if (p.static_memory.empty()) TRY(give_from_heap(d, p.pages, placing, name));
    return banks;
}

Status map_regions(Domain& d, const Description& p, Range grants, const char* name) {
    for (const SharedMemory& s : p.shared) {
        bool on_grants = s.guest < grants.start + grants.bytes && grants.start < s.guest + s.bytes;
        if (on_grants || overlaps(d, s)) {
            log_error("%s: shared memory at %#lx: its %s is there", name, s.guest, on_grants ? "grant table" : "own memory");
            return Errno::inval;
        }
        if (Status done = map_region(d, s); !done) {
            log_error("%s: shared memory cannot be mapped at %#lx: errno %u", name, s.guest, static_cast<unsigned>(done.error()));
            return done;
        }
    }
    return {};
}

Ranges spaces_of(const Description& p, const Ranges& memory, Range grants) {
    Occupied occupied;
    for (const Range& r : memory) (void)occupied.push(r);
    for (const SharedMemory& s : p.shared) (void)occupied.push({s.guest, s.bytes});
    (void)occupied.push(grants);
    if (p.direct_map) return machine_space(memory::machine_map(), occupied);
    Range banks[GUEST_RAM_BANKS];
    for (usize i = 0; i < GUEST_RAM_BANKS; ++i) {
        u64 end = kBankBases[i] + kBankSizes[i];
        if (u64 limit = u64{1} << p2m::ipa_bits(); end > limit) end = limit;
        banks[i] = {kBankBases[i], end > kBankBases[i] ? end - kBankBases[i] : 0};
    }
    return free_space(banks, occupied);
}

}  // namespace xen::guest_build
