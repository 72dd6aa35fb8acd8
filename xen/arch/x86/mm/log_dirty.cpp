// SPDX-License-Identifier: MIT
#include "arch/x86/mm/log_dirty.hpp"

#include <asm/mm.hpp>
#include <xen/guest_access.hpp>
#include <xen/hypercall.hpp>
#include <xen/log_dirty.hpp>
#include <xen/tlb.hpp>

namespace xen::mm {

// What the domain keeps from its first record to its end: other CPUs mark without a lock.
struct LogDirty {
    static constexpr u64 kChunk = u64{1} << 18;   // pages whose uses are counted in one block

    u64 pages = 0;                     // that there are bits for
    Array<u64> bits;
    Array<Array<u32>> own;             // by page: the writable entries of the domain's own tables, in this round
    bool beyond = false;               // a page that there is no bit for was written
    bool over_tables = true;           // the round: first over the L1 tables, then over all pages
    bool clean = false;                // what the round is for
    bool enabling = false, reading = false;   // it has stopped half-way
    PageRef at;                        // where it has come to

    u32& own_uses(u64 pfn) { return own[pfn / kChunk][pfn % kChunk]; }
    void mark(u64 pfn) {
        if (pfn < pages) __atomic_fetch_or(&bits[pfn / 64], u64{1} << (pfn % 64), __ATOMIC_RELAXED);
        else if (!(pfn >> 63)) __atomic_store_n(&beyond, true, __ATOMIC_RELAXED);   // a frame that is no memory of the guest's
    }
};

namespace log_dirty {
namespace {

constexpr unsigned kLooked = 64;   // pages between two looks at the time
constexpr u64 kBatch = 64;         // words copied out at a time

Result<LogDirty*> create(const Domain& d) {
    auto s = TRY(Box<LogDirty>::create());
    s->pages = ((d.max_pages > d.tot_pages ? d.max_pages : d.tot_pages) + 63) & ~u64{63};
    s->bits = TRY(Array<u64>::create(static_cast<usize>(s->pages / 64)));
    u64 chunks = (s->pages + LogDirty::kChunk - 1) / LogDirty::kChunk;
    s->own = TRY(Array<Array<u32>>::create(static_cast<usize>(chunks)));
    for (Array<u32>& chunk : s->own) chunk = TRY(Array<u32>::create(LogDirty::kChunk));
    return s.leak();
}

// The page behind the one that the round has come to, which is held, so that it stays on the list.
PageRef next_page(Domain& d, const LogDirty& s) {
    Guard g{d.page_lock};
    for (u32 f = s.at ? s.at->next : d.page_list; f; f = frame_table[f].next)
        if (get_page(frame_table[f], d)) return PageRef::adopt(frame_table[f]);
    return {};
}

void look_at_entry(LogDirty& s, Pte* slot, u32 owner) {
    Pte e = load_pte(slot);
    if (!e.present() || e.mfn() >= max_frame || page_of(e.mfn()).owner_index != owner) return;
    u64 pfn = get_m2p(e.mfn());
    if (e.writable() && pfn < s.pages) ++s.own_uses(pfn);
    if (!e.has(Pte::kDirty)) return;
    s.mark(pfn);
    if (s.clean && e.has(Pte::kGuestKernel)) __atomic_fetch_and(&slot->raw, ~Pte::kDirty, __ATOMIC_SEQ_CST);
}

void look_at_table(Domain& d, LogDirty& s) {
    if (s.at->page_type() != PageType::l1) return;
    Guard g{d.arch.tables_lock};
    MappedPage<Pte> table{s.at.mfn()};
    for (unsigned i = 0; i < arch::kEntries && is_live_l1(*s.at, i); ++i) look_at_entry(s, &table[i], s.at->owner_index);
}

void look_at_page(LogDirty& s) {
    u64 pfn = get_m2p(s.at.mfn());
    u64 uses = s.at->type_uses();
    bool other = s.at->page_type() != PageType::writable && s.at->page_type() != PageType::none;
    u64 own = pfn < s.pages ? std::exchange(s.own_uses(pfn), 0) : 0;
    if (uses && (other || uses > own)) s.mark(pfn);
}

// One round over all pages; what a processor keeps of an entry without its D goes at the end and at each yield.
Status look(Domain& d, LogDirty& s) {
    for (unsigned n = 0;; ++n) {
        if (n % kLooked == kLooked - 1 && hypercall::preempt_due()) {
            if (s.clean) tlb::flush_mask(d.dirty_cpus);
            return Errno::restart;
        }
        s.at = next_page(d, s);
        if (s.at) s.over_tables ? look_at_table(d, s) : look_at_page(s);
        else if (!std::exchange(s.over_tables, !s.over_tables)) break;
    }
    if (s.clean) tlb::flush_mask(d.dirty_cpus);
    return {};
}

void start_round(LogDirty& s, bool clean) {
    s.at.reset();
    s.over_tables = true;
    s.clean = clean;
    for (Array<u32>& chunk : s.own)
        for (u32& count : chunk) count = 0;
}

// Words [first, first + n) of the record, which has none beyond its end.
void take_words(LogDirty& s, u64 first, u64 n, bool clean, u64* to) {
    for (u64 i = 0; i < n; ++i) {
        u64 word = first + i;
        if (word * 64 >= s.pages) to[i] = __atomic_load_n(&s.beyond, __ATOMIC_RELAXED) ? ~u64{0} : 0;
        else if (clean) to[i] = __atomic_exchange_n(&s.bits[word], 0, __ATOMIC_ACQ_REL);
        else to[i] = __atomic_load_n(&s.bits[word], __ATOMIC_ACQUIRE);
    }
}

Status give_out(LogDirty& s, xen_domctl_shadow_op& x, bool clean) {
    u64 to = reinterpret_cast<u64>(x.dirty_bitmap.p), words = (x.pages + 63) / 64, dirty = 0;
    for (u64 done = 0; done < words; done += kBatch) {
        u64 batch[kBatch], n = words - done < kBatch ? words - done : kBatch;
        take_words(s, done, n, clean, batch);
        for (u64 i = 0; i < n; ++i) dirty += static_cast<u64>(__builtin_popcountll(batch[i]));
        u64 bytes = done + n < words ? n * 8 : (x.pages + 7) / 8 - done * 8;
        if (to) TRY(guest::copy_out(to + done * 8, batch, static_cast<usize>(bytes)));
    }
    x.stats = {0, dirty < ~u32{0} ? static_cast<u32>(dirty) : ~u32{0}};
    if (clean) __atomic_store_n(&s.beyond, false, __ATOMIC_RELAXED);
    return {};
}

}  // namespace

// The first round cleans what was written before.
Status enable(Domain& d) {
    bool goes_on = d.arch.log_dirty_on && d.arch.log_dirty->enabling;
    if (d.arch.log_dirty_on && !goes_on) return Errno::inval;
    if (!d.arch.log_dirty) __atomic_store_n(&d.arch.log_dirty, TRY(create(d)), __ATOMIC_RELEASE);
    LogDirty& s = *d.arch.log_dirty;
    if (!goes_on) {
        start_round(s, true);
        s.enabling = true;
        s.reading = false;
        __atomic_fetch_add(&xen::log_dirty::domains, 1, __ATOMIC_SEQ_CST);
        Guard g{d.arch.tables_lock};   // who changes tables after this sees it
        __atomic_store_n(&d.arch.log_dirty_on, true, __ATOMIC_RELEASE);
    }
    TRY(look(d, s));
    s.enabling = false;
    for (u64& word : s.bits) __atomic_store_n(&word, 0, __ATOMIC_RELAXED);
    s.beyond = false;
    return {};
}

void disable(Domain& d) {
    if (!d.arch.log_dirty_on) return;
    d.arch.log_dirty->at.reset();
    __atomic_store_n(&d.arch.log_dirty_on, false, __ATOMIC_RELEASE);
    __atomic_fetch_sub(&xen::log_dirty::domains, 1, __ATOMIC_SEQ_CST);
}

Status read(Domain& d, xen_domctl_shadow_op& x, bool clean) {
    if (!d.arch.log_dirty_on) {   // ABI: what keeps no record has an empty one
        x.pages = 0;
        x.stats = {};
        return {};
    }
    LogDirty& s = *d.arch.log_dirty;
    if (!s.reading || s.clean != clean) start_round(s, clean);
    s.reading = true;
    TRY(look(d, s));
    s.reading = false;
    return give_out(s, x, clean);
}

void destroy(Domain& d) {
    disable(d);
    Box<LogDirty>::adopt(std::exchange(d.arch.log_dirty, nullptr)).reset();
}

}  // namespace log_dirty
}  // namespace xen::mm

namespace xen::log_dirty {

u32 domains;

void mark(PageInfo& p) {
    Domain* d = p.owner();
    if (!d || !__atomic_load_n(&d->arch.log_dirty_on, __ATOMIC_ACQUIRE)) return;
    d->arch.log_dirty->mark(mm::get_m2p(p.mfn()));
}

}  // namespace xen::log_dirty
