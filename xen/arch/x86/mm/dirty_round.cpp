// SPDX-License-Identifier: MIT
// A round over a running domain: its L1 tables are looked through for D, then its pages for what needs no D; what the record has
// then is taken, and what processors keep of entries is flushed. In this order:
//  - who writes through a D that was cleared, without setting it again, writes a page that is being taken, before the flush;
//  - who writes through an entry that is gone: whoever took it away has marked the page afterwards. Either this round takes the
//    mark, and the write comes before the flush, or the next one does;
//  - whoever else writes a page marks it afterwards, or holds it as a writable page still in the next round.
// The caller reads pages after the flush, so that what is written before it is read.
#include <asm/mm.hpp>
#include <xen/guest_access.hpp>
#include <xen/hypercall.hpp>
#include <xen/tlb.hpp>

#include "arch/x86/mm/dirty_record.hpp"
#include "lib/string.hpp"

namespace xen::mm {

void LogDirty::mark(u64 pfn) {
    if (pfn < pages) __atomic_fetch_or(&bits[pfn / 64], u64{1} << (pfn % 64), __ATOMIC_RELEASE);
    else if (!(pfn >> 63)) __atomic_store_n(&beyond, true, __ATOMIC_RELEASE);   // no memory of the guest's, else
}

namespace log_dirty {
namespace {

using Step = LogDirty::Step;

constexpr unsigned kPiece = 64;   // entries, pages or words between two looks at the time

Status put_back(LogDirty& s) {
    while (s.at < s.filled) {
        for (unsigned n = 0; n < kPiece && s.at < s.filled; ++n, ++s.at)
            __atomic_fetch_or(&s.bits[s.at], s.taken[s.at], __ATOMIC_RELEASE);
        if (s.at < s.filled && hypercall::preempt_due()) return Errno::restart;
    }
    s.filled = 0;
    if (std::exchange(s.beyond_taken, false)) __atomic_store_n(&s.beyond, true, __ATOMIC_RELEASE);
    return {};
}

Status clear(LogDirty& s) {
    while (s.at < s.own.count()) {
        memset(s.own.page(static_cast<usize>(s.at++)), 0, kPageSize);
        if (hypercall::preempt_due()) return Errno::restart;
    }
    return {};
}

void to_first_page(Domain& d) {
    Guard g{d.page_lock};
    d.cursor = d.page_list;
}

// The next L1 table in use. The list's cursor stays at it, and moves on by itself should the page be freed.
PageRef next_table(Domain& d, bool& end) {
    Guard g{d.page_lock};
    for (unsigned n = 0; n < kPiece && d.cursor; ++n) {
        PageInfo& p = frame_table[d.cursor];
        if (p.page_type() == PageType::l1 && p.type_uses() && get_page(p, d)) return PageRef::adopt(p);
        d.cursor = p.next;
    }
    end = !d.cursor;
    return {};
}

void pass_by(Domain& d, const PageInfo& p) {
    Guard g{d.page_lock};
    if (frame_table + d.cursor == &p) d.cursor = p.next;
}

// Entries of user pages keep their D, which is the guest's.
void look_at_entry(LogDirty& s, Pte* slot, u32 owner) {
    Pte e = load_pte(slot);
    if (!e.present() || e.mfn() >= max_frame || page_of(e.mfn()).owner_index != owner) return;
    u64 pfn = get_m2p(e.mfn());
    if (e.writable() && pfn < s.pages && s.own[pfn] != 0xff) ++s.own[pfn];
    if (!e.has(Pte::kDirty)) return;
    s.mark(pfn);
    if (s.clean && e.has(Pte::kGuestKernel)) __atomic_fetch_and(&slot->raw, ~Pte::kDirty, __ATOMIC_SEQ_CST);
}

// Tables that have stopped half-way have no more than their first entries in use.
unsigned live_entries(const PageInfo& p) {
    u64 word = p.type.load(std::memory_order_acquire);
    if (word >> PageInfo::kTypeShift != static_cast<u64>(PageType::l1) || !(word & PageInfo::kTypeCountMask)) return 0;
    return word & PageInfo::kValidated ? arch::kEntries : p.table.done;
}

Status look_at_table(Domain& d, LogDirty& s, PageInfo& p) {
    u32 frame = static_cast<u32>(p.mfn().raw());
    if (std::exchange(s.table, frame) != frame) s.entry = 0;
    {
        Guard g{d.arch.tables_lock};
        unsigned end = live_entries(p);
        MappedPage<Pte> table{p.mfn()};
        while (s.entry < end) {
            look_at_entry(s, &table[s.entry], p.owner_index);
            if (++s.entry % kPiece == 0 && s.entry < end && hypercall::preempt_due()) return Errno::restart;
        }
    }
    s.table = 0;
    pass_by(d, p);
    return {};
}

Status look_at_tables(Domain& d, LogDirty& s) {
    for (bool end = false;;) {
        PageRef table = next_table(d, end);
        if (table) TRY(look_at_table(d, s, *table));
        if (end) return {};
        if (hypercall::preempt_due()) return Errno::restart;
    }
}

// Tables and descriptor pages change all the time. Of other pages, who else may write them?
void look_at_page(LogDirty& s, const PageInfo& p) {
    u64 word = p.type.load(std::memory_order_acquire);
    u64 uses = word & PageInfo::kTypeCountMask;
    if (!uses) return;
    u64 pfn = get_m2p(p.mfn());
    u64 own = pfn < s.pages ? s.own[pfn] : 0;
    PageType type = static_cast<PageType>(word >> PageInfo::kTypeShift);
    if (uses > own || (type != PageType::writable && type != PageType::none)) s.mark(pfn);
}

Status look_at_pages(Domain& d, LogDirty& s) {
    for (;;) {
        {
            Guard g{d.page_lock};
            for (unsigned n = 0; n < kPiece && d.cursor; ++n) {
                const PageInfo& p = frame_table[d.cursor];
                look_at_page(s, p);
                d.cursor = p.next;
            }
            if (!d.cursor) return {};
        }
        if (hypercall::preempt_due()) return Errno::restart;
    }
}

// The bits of a word that the caller has room for: whole bytes.
u64 wanted(const LogDirty& s, u64 word) {
    u64 bits = (s.asked + 7) / 8 * 8, first = word * 64;
    if (bits >= first + 64) return ~u64{0};
    return bits > first ? (u64{1} << (bits - first)) - 1 : 0;
}

void take_word(LogDirty& s, u64 word) {
    u64 seen = __atomic_load_n(&s.bits[word], __ATOMIC_ACQUIRE), mask = wanted(s, word);
    if (s.clean && (seen & mask)) seen = __atomic_fetch_and(&s.bits[word], ~mask, __ATOMIC_ACQ_REL);
    s.dirty += static_cast<u64>(__builtin_popcountll(seen));
    s.taken[word] = seen & mask;
}

Status take(LogDirty& s) {
    for (u64 end = s.words(); s.at < end;) {
        for (unsigned n = 0; n < kPiece && s.at < end; ++n) take_word(s, s.at++);
        if (s.clean) s.filled = s.at;
        if (s.at < end && hypercall::preempt_due()) return Errno::restart;
    }
    if (s.asked > s.pages) {
        s.beyond_taken = __atomic_load_n(&s.beyond, __ATOMIC_ACQUIRE);
        if (s.clean) s.beyond_taken = __atomic_exchange_n(&s.beyond, false, __ATOMIC_ACQ_REL);
    }
    return {};
}

// Up to kPiece words from s.at, none of which lie on different pages of the record; how many.
u64 give_some(LogDirty& s) {
    u64 n = s.asked_words() - s.at < kPiece ? s.asked_words() - s.at : kPiece;
    u64 past[kPiece];
    const u64* from = past;
    if (s.at < s.words()) {
        n = s.words() - s.at < n ? s.words() - s.at : n;
        u64 room = PagedArray<u64>::kPer - s.at % PagedArray<u64>::kPer;
        n = room < n ? room : n;
        from = &s.taken[s.at];
    } else {
        memset(past, s.beyond_taken ? 0xff : 0, sizeof(past));
    }
    u64 end = (s.asked + 7) / 8, bytes = (s.at + n) * 8 < end ? n * 8 : end - s.at * 8;
    return guest::copy_out(s.to + s.at * 8, from, static_cast<usize>(bytes)).ok() ? n : 0;
}

// A step that is over; the next one starts.
void finish(Domain& d, LogDirty& s, const CpuMask& cpus) {
    switch (s.step) {
    case Step::put_back:
        s.go(Step::clear);
        break;
    case Step::clear:
        to_first_page(d);
        s.go(Step::tables);
        break;
    case Step::tables:
        to_first_page(d);
        s.go(Step::pages);
        break;
    case Step::pages: s.go(Step::take); break;
    default:
        if (s.clean) tlb::flush_mask(cpus);
        s.go(Step::give);
        break;
    }
}

Status do_step(Domain& d, LogDirty& s) {
    switch (s.step) {
    case Step::put_back: return put_back(s);
    case Step::clear: return clear(s);
    case Step::tables: return look_at_tables(d, s);
    case Step::pages: return look_at_pages(d, s);
    default: return take(s);
    }
}

}  // namespace

Status gather(Domain& d, LogDirty& s, const CpuMask& cpus) {
    while (s.step != Step::give) {
        TRY(do_step(d, s));
        if (s.failed) return Errno::fault;   // what could not be given is back
        finish(d, s, cpus);
    }
    return {};
}

Status give(LogDirty& s) {
    while (s.to && s.at < s.asked_words()) {
        u64 n = give_some(s);
        if (!n) {
            s.failed = true;
            s.go(Step::put_back);
            TRY(put_back(s));
            return Errno::fault;
        }
        s.at += n;
        if (s.at < s.asked_words() && hypercall::preempt_due()) return Errno::restart;
    }
    s.filled = 0;
    s.beyond_taken = false;
    return {};
}

}  // namespace log_dirty
}  // namespace xen::mm
