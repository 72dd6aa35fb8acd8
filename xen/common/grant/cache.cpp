// SPDX-License-Identifier: MIT
// GNTTABOP_cache_flush: cache maintenance on a frame of the caller's own or one granted to it, for devices that do
// not snoop. Finding the grant means searching the owner's table, in bounded steps.
#include <xen/hypercall.hpp>

#include "common/grant/table.hpp"

namespace xen::grant {

namespace {

constexpr u32 kStep = 1 << 12;   // entries searched between two looks at the clock
constexpr u32 kOps = GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_INVAL;

enum class Search : u8 { found, more };

// Has the owner granted the frame to `by`, and is that in use? Errno::inval at the table's end.
Result<Search> search(Domain& owner, DomId by, Mfn frame, u32& position) {
    Table& t = *owner.grants;
    ReadGuard g{t.lock};
    u32 end = position + kStep < t.entries() ? position + kStep : t.entries();
    for (; position < end; ++position) {
        ActiveEntry* a = t.active_if_any(position);
        if (!a) {
            position |= ActiveChunk::kEntries - 1;
            continue;
        }
        Guard ag{a->lock};
        if (a->pins && a->domid == by && Mfn{a->frame} == frame) return Search::found;
    }
    if (position < t.entries()) return Search::more;
    return Errno::inval;
}

Result<Search> flush_one(const gnttab_cache_flush& op, u32& position) {
    if (op.offset >= kPageSize || op.length > kPageSize || u32{op.offset} + op.length > kPageSize || (op.op & ~kOps))
        return Errno::inval;
    if (!op.length || !op.op) {
        if (position) return Errno::ilseq;
        return Search::found;
    }
    Mfn frame = frame_of(Paddr{op.a.dev_bus_addr});
    if (!mfn_valid(frame)) return Errno::inval;
    Domain* owner = page_of(frame).owner();
    if (!owner || !owner->grants) return Errno::perm;
    auto page = PageRef::get(frame, *owner);
    if (!page) return Errno::perm;
    Domain& d = current_domain();
    if (owner != &d) {
        Search s = TRY(search(*owner, d.id, frame, position));
        if (s == Search::more) return s;
    }
    MappedPage<char> bytes{frame};
    TRY(arch::maintain_cache(bytes.get() + op.offset, op.length, op.op & GNTTAB_CACHE_CLEAN, op.op & GNTTAB_CACHE_INVAL));
    return Search::found;
}

}  // namespace

Result<u32> cache_flush(GuestInOut<gnttab_cache_flush> uop, u32 count, u32& position) {
    for (u32 i = 0; i < count; ++i) {
        if (i && hypercall::preempt_due()) return i;
        gnttab_cache_flush op = TRY(uop.copy_in(i));
        for (;;) {
            Search s = TRY(flush_one(op, position));
            if (s == Search::found) break;
            if (hypercall::preempt_due()) return i;
        }
        position = 0;
    }
    return count;
}

}  // namespace xen::grant
