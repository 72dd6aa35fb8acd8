// SPDX-License-Identifier: MIT
// Pages of grant tables: growth, lookup, birth and death.
#include "common/grant/table.hpp"

#include <xen/memory.hpp>
#include <xen/option.hpp>

#include "lib/format.hpp"
#include "lib/string.hpp"

namespace xen::grant {

namespace {

void* make_shared_page(Domain& d) {
    void* page = memory::allocate_heap_pages(Order{0});
    if (!page) return nullptr;
    memset(page, 0, kPageSize);
    memory::share_heap_page(page, d, true);
    return page;
}

// True when nobody but us holds the page any more.
bool end_sharing(void* page) {
    memory::unshare_heap_page(page);
    return page_of(page).references() == 0;
}

void free_page(void* page) {
    // Somebody else still maps it: it stays theirs to look at, and lost to us.
    if (page && end_sharing(page)) memory::free_heap_pages(page, Order{0});
}

std::atomic<u16> tables;   // made so far

}  // namespace

Table::Table(u32 max_pages, u32 max_maptrack, u32 highest_version)
    : max_frames{max_pages},
      max_version{highest_version},
      serial{tables.fetch_add(1, std::memory_order_relaxed)},
      maptrack{max_maptrack} {}

ActiveEntry* Table::make_active(Spot s) {
    auto fresh = Box<ActiveChunk>::make();
    if (!fresh) return nullptr;
    // Another reader may be faster.
    ActiveChunk* expected = nullptr;
    auto& slot = s.page->active[s.place / ActiveChunk::kEntries];
    if (slot.compare_exchange_strong(expected, fresh.get(), std::memory_order_acq_rel)) expected = fresh.leak();
    return &expected->entries[s.place % ActiveChunk::kEntries];
}

Entry Table::in_use_v2(u32 ref) const { return in_use_as<2>(ref); }
Entry Table::entry_v2(u32 ref) { return entry_as<2>(ref); }
Entry Table::find_in_use(u32 ref) const { return in_use(ref); }

bool Table::any_in_use_from(u32 ref) const {
    for (; ref < entries(); ++ref) {
        const ActiveEntry* a = active_if_any(ref);
        if (!a) ref |= ActiveChunk::kEntries - 1;
        else if (a->pins) return true;
    }
    return false;
}

Status Table::reserve(u32 frames) {
    if (frames <= pages_.size()) return {};
    u32 room = frames < 4 ? frames : frames * 2;
    if (room > max_frames) room = max_frames;
    Array<Page> more = TRY(Array<Page>::create(room));
    for (u32 i = 0; i < made_; ++i) {
        more[i].shared = pages_[i].shared;
        for (u32 c = 0; c < std::size(more[i].active); ++c)
            more[i].active[c].store(pages_[i].active[c].load(std::memory_order_relaxed), std::memory_order_relaxed);
    }
    pages_ = std::move(more);
    return {};
}

Status Table::add_status_pages(Domain& d) {
    u32 wanted = status_frames_for(frames());
    if (wanted <= status_count_) return {};
    if (wanted > status_.size()) {
        Array<u16*> more = TRY(Array<u16*>::create(static_cast<u32>(pages_.size()) > frames()
                                                          ? status_frames_for(static_cast<u32>(pages_.size()))
                                                          : wanted));
        for (u32 i = 0; i < status_count_; ++i) more[i] = status_[i];
        status_ = std::move(more);
    }
    for (; status_count_ < wanted; ++status_count_) {
        void* page = make_shared_page(d);
        if (!page) return Errno::nomem;
        status_[status_count_] = static_cast<u16*>(page);
    }
    return {};
}

// ABI: a PV guest that maps a status page cannot go back to version 1.
Status Table::drop_status_pages(Domain& d) {
    for (u32 i = 0; i < status_count_; ++i) {
        if (end_sharing(status_[i])) continue;
        PageInfo& busy = page_of(status_[i]);
        if (get_page(busy, d)) busy.count.fetch_or(PageInfo::kAllocated, std::memory_order_acq_rel);
        while (i--) memory::share_heap_page(status_[i], d, true);
        return Errno::busy;
    }
    while (status_count_) memory::free_heap_pages(status_[--status_count_], Order{0});
    return {};
}

Status Table::grow(Domain& d, u32 to_frames) {
    if (to_frames <= made_) return {};
    if (d.is_dying() || to_frames > max_frames) return Errno::inval;
    TRY(reserve(to_frames));
    while (made_ < to_frames) {
        void* page = make_shared_page(d);
        if (!page) return Errno::nomem;
        u32 place = made_;
        pages_[place].shared = page;
        set_made(place + 1);
        if (version_ == 1) continue;
        if (Status added = add_status_pages(d); !added) {
            set_made(place);
            pages_[place].shared = nullptr;
            free_page(page);
            return added;
        }
    }
    return {};
}

Result<Mfn> Table::frame_at(Domain& d, u64 index, bool status) {
    if (status && version_ != 2) return Errno::inval;
    u64 have = status ? status_count_ : made_;
    if (index >= have) {
        if (index >= max_frames || (status && index >= status_frames_for(max_frames))) return Errno::inval;
        u32 wanted = static_cast<u32>(index) + 1;
        if (status) wanted = frames_for_status(wanted);
        if (!grow(d, wanted < max_frames ? wanted : max_frames)) return Errno::inval;
        if (index >= (status ? status_count_ : made_)) return Errno::inval;
    }
    return status ? status_mfn(static_cast<u32>(index)) : shared_mfn(static_cast<u32>(index));
}

void Table::clear_shared() {
    for (u32 i = 0; i < made_; ++i) memset(pages_[i].shared, 0, kPageSize);
}

void Table::unshare() {
    for (u32 i = 0; i < made_; ++i) memory::unshare_heap_page(pages_[i].shared);
    for (u32 i = 0; i < status_count_; ++i) memory::unshare_heap_page(status_[i]);
}

void Table::free_pages() {
    for (u32 i = 0; i < made_; ++i) {
        free_page(pages_[i].shared);
        for (auto& chunk : pages_[i].active) Box<ActiveChunk>::adopt(chunk.load(std::memory_order_relaxed)).reset();
    }
    set_made(0);
    while (status_count_) free_page(status_[--status_count_]);
}

namespace {

constexpr u32 kLongestLimit = 127;   // ABI: as for the console's options

template <u32 option::Values::*limit>
option::Changeable changeable_limit(const char* name) {
    return {name, [](Str text) { return option::change_number(limit, text); },
            [](char* to, usize cap) { return format(to, cap, "%u", option::values().*limit); }, kLongestLimit};
}

}  // namespace

void init_limits() {
    option::make_changeable(changeable_limit<&option::Values::gnttab_max_frames>("gnttab_max_frames"));
    option::make_changeable(changeable_limit<&option::Values::gnttab_max_maptrack_frames>("gnttab_max_maptrack_frames"));
}

// ABI: limits above the host's (gnttab_max_frames, gnttab_max_maptrack_frames) and versions we do not have are refused.
Status init_domain(Domain& d, u32 max_frames, u32 max_maptrack, u32 max_version) {
    const auto& host = option::values();
    if (!max_frames) max_frames = host.gnttab_max_frames;
    if (!max_maptrack) max_maptrack = host.gnttab_max_maptrack_frames;
    if (max_version < 1 || max_version > 2) return Errno::inval;
    if (max_frames > host.gnttab_max_frames || max_maptrack > host.gnttab_max_maptrack_frames) return Errno::inval;
    Box<Table> t = TRY(Box<Table>::create(max_frames, max_maptrack, max_version));
    d.grants = t.leak();
    return {};
}

void destroy_domain(Domain& d) {
    Table* t = std::exchange(d.grants, nullptr);
    if (!t) return;
    {
        WriteGuard g{t->lock};
        t->free_pages();
    }
    Box<Table>::adopt(t).reset();
}

Result<Mfn> frame_of(Domain& d, u64 index, bool status) {
    if (!d.grants) return Errno::inval;
    WriteGuard g{d.grants->lock};
    return d.grants->frame_at(d, index, status);
}

u32 frame_count(const Domain& d) { return d.grants->frames(); }
u32 max_frame_count(const Domain& d) { return d.grants->max_frames; }
u32 max_status_frame_count(const Domain& d) {
    return d.grants->max_version < 2 ? 0 : status_frames_for(d.grants->max_frames);
}

}  // namespace xen::grant
