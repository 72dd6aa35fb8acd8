// SPDX-License-Identifier: MIT
// The grant table of a domain: the pages it shares with us, and for each entry in use an active entry that
// remembers what was granted when the use began (the guest may scribble on the shared one).
//
// Locking: readers of the table use entries, each under the active entry's lock; growing, changing the version and
// swapping entries write. Neither lock is held while page tables are changed or guest memory is copied. Pages are
// never taken away while the domain lives, except status pages by a change to version 1.
// Memory comes on demand: the first shared page with the first need, active entries in chunks with their first use.
#pragma once

#include <xen/domain.hpp>
#include <xen/grant.hpp>
#include <xen/guest_array.hpp>
#include <xen/heap.hpp>
#include <xen/lock.hpp>

#include "common/grant/maptrack.hpp"
#include "common/grant/status.hpp"

#define REQUIRES_SHARED(...) XEN_TSA(requires_shared_capability(__VA_ARGS__))

namespace xen::grant {

struct ActiveEntry {
    Spinlock<LockRank::grant_entry> lock;
    u32 frame = 0;
    Pins pins{};
    u32 via_ref = 0;          // the grant behind a transitive one; else this one
    DomId domid{};            // who uses it
    DomId via_domid{};        // whose frame it is
    u16 start = 0, length = 0;
    bool sub_page = false;    // not to be mapped
};
static_assert(sizeof(ActiveEntry) == 32);

struct ActiveChunk {
    static constexpr u32 kEntries = 32;
    ActiveEntry entries[kEntries];
};

struct Entry {
    SharedEntry shared{};
    ActiveEntry* active = nullptr;
};

class Table {
public:
    static constexpr u32 kV1PerPage = kPageSize / sizeof(grant_entry_v1);
    static constexpr u32 kV2PerPage = kPageSize / sizeof(grant_entry_v2);
    static constexpr u32 kStatusPerPage = kPageSize / sizeof(grant_status_t);

    Table(u32 max_pages, u32 max_maptrack, u32 highest_version);

    RwLock<LockRank::grant_table> lock;
    const u32 max_frames, max_version;
    const u16 serial;         // tells it from that of an earlier domain with the same id
    MapTrack maptrack;        // what this domain has mapped of others

    // For those who only tell it, without the lock.
    u32 version() const { return __atomic_load_n(&version_, __ATOMIC_RELAXED); }
    u32 frames() const {                                      // ABI: there is always a first one
        u32 n = __atomic_load_n(&made_, __ATOMIC_RELAXED);
        return n ? n : 1;
    }
    bool is_v2() const REQUIRES_SHARED(lock) { return version_ == 2; }
    u32 status_frames() const REQUIRES_SHARED(lock) { return status_count_; }
    u32 entries() const REQUIRES_SHARED(lock) { return (made_ ? made_ : 1) << page_shift(); }

    // The entry of a ref below entries(); empty while its page was never needed.
    SharedEntry shared(u32 ref) const REQUIRES_SHARED(lock);
    Entry entry(u32 ref) REQUIRES_SHARED(lock);               // active made when missing; null when memory is short
    Entry in_use(u32 ref) const REQUIRES_SHARED(lock);        // of a ref that is known to be in use; in line
    Entry find_in_use(u32 ref) const REQUIRES_SHARED(lock);   // the same where it is rare
    ActiveEntry* active_if_any(u32 ref) const REQUIRES_SHARED(lock);
    bool any_in_use_from(u32 ref) const REQUIRES_SHARED(lock);

    Status grow(Domain& d, u32 to_frames) REQUIRES(lock);     // Errno::nomem, inval
    Result<Mfn> frame_at(Domain& d, u64 index, bool status) REQUIRES(lock);
    Mfn shared_mfn(u32 index) const REQUIRES_SHARED(lock) { return arch::direct_map_mfn(pages_[index].shared); }
    Mfn status_mfn(u32 index) const REQUIRES_SHARED(lock) { return arch::direct_map_mfn(status_[index]); }

    Status add_status_pages(Domain& d) REQUIRES(lock);        // for all frames; version 2
    Status drop_status_pages(Domain& d) REQUIRES(lock);       // Errno::busy while somebody maps one
    void clear_shared() REQUIRES(lock);
    void set_version(u32 v) REQUIRES(lock) { __atomic_store_n(&version_, v, __ATOMIC_RELAXED); }

    void unshare() REQUIRES(lock);                   // dying: the guest's hold on our pages ends
    void free_pages() REQUIRES(lock);

private:
    struct Page {
        void* shared = nullptr;
        std::atomic<ActiveChunk*> active[kV1PerPage / ActiveChunk::kEntries]{};
    };
    struct Spot {
        Page* page;           // nullptr while it was never needed
        u32 place;
    };
    template <u32 version>
    Spot spot_of(u32 ref) const REQUIRES_SHARED(lock);
    template <u32 version>
    SharedEntry shared_at(Spot s, u32 ref) const REQUIRES_SHARED(lock);
    ActiveEntry* active_at(Spot s) const REQUIRES_SHARED(lock);
    template <u32 version>
    Entry in_use_as(u32 ref) const REQUIRES_SHARED(lock);
    template <u32 version>
    Entry entry_as(u32 ref) REQUIRES_SHARED(lock);
    Entry in_use_v2(u32 ref) const REQUIRES_SHARED(lock);
    Entry entry_v2(u32 ref) REQUIRES_SHARED(lock);
    ActiveEntry* make_active(Spot s) REQUIRES_SHARED(lock);
    Status reserve(u32 frames) REQUIRES(lock);

    // Entries of a page, as a power of two.
    u32 page_shift() const REQUIRES_SHARED(lock) {
        return version_ == 1 ? std::countr_zero(kV1PerPage) : std::countr_zero(kV2PerPage);
    }
    void set_made(u32 n) REQUIRES(lock) { __atomic_store_n(&made_, n, __ATOMIC_RELAXED); }

    u32 version_ = 1;         // both: written with the lock held
    u32 made_ = 0;            // shared pages
    u32 status_count_ GUARDED_BY(lock) = 0;
    mutable Array<Page> pages_ GUARDED_BY(lock);   // entries are changed by readers of the table too
    Array<u16*> status_ GUARDED_BY(lock);
};

template <u32 version>
[[gnu::always_inline]] inline Table::Spot Table::spot_of(u32 ref) const {
    constexpr u32 kPerPage = version == 1 ? kV1PerPage : kV2PerPage;
    u32 page = ref / kPerPage;
    return {page < made_ ? &pages_[page] : nullptr, ref % kPerPage};
}

template <u32 version>
[[gnu::always_inline]] inline SharedEntry Table::shared_at(Spot s, u32 ref) const {
    auto* base = static_cast<char*>(s.page->shared);
    if constexpr (version == 1) {
        auto* entry = base + s.place * sizeof(grant_entry_v1);
        return {reinterpret_cast<u32*>(entry), reinterpret_cast<u16*>(entry), false};
    }
    return {reinterpret_cast<u32*>(base + s.place * sizeof(grant_entry_v2)),
            &status_[ref / kStatusPerPage][ref % kStatusPerPage], true};
}

[[gnu::always_inline]] inline ActiveEntry* Table::active_at(Spot s) const {
    ActiveChunk* chunk = s.page->active[s.place / ActiveChunk::kEntries].load(std::memory_order_acquire);
    return chunk ? &chunk->entries[s.place % ActiveChunk::kEntries] : nullptr;
}

inline SharedEntry Table::shared(u32 ref) const {
    Spot s = version_ == 1 ? spot_of<1>(ref) : spot_of<2>(ref);
    if (!s.page) return {};
    return version_ == 1 ? shared_at<1>(s, ref) : shared_at<2>(s, ref);
}

inline ActiveEntry* Table::active_if_any(u32 ref) const {
    Spot s = version_ == 1 ? spot_of<1>(ref) : spot_of<2>(ref);
    return s.page ? active_at(s) : nullptr;
}

template <u32 version>
[[gnu::always_inline]] inline Entry Table::in_use_as(u32 ref) const {
    Spot s = spot_of<version>(ref);
    return {shared_at<version>(s, ref), active_at(s)};
}

template <u32 version>
[[gnu::always_inline]] inline Entry Table::entry_as(u32 ref) {
    Spot s = spot_of<version>(ref);
    if (!s.page) [[unlikely]] return {};
    ActiveEntry* active = active_at(s);
    if (!active) [[unlikely]] active = make_active(s);
    return {shared_at<version>(s, ref), active};
}

// The version is looked at once; what follows is compiled for each, in line for the first.
[[gnu::always_inline]] inline Entry Table::in_use(u32 ref) const { return version_ == 1 ? in_use_as<1>(ref) : in_use_v2(ref); }
[[gnu::always_inline]] inline Entry Table::entry(u32 ref) { return version_ == 1 ? entry_as<1>(ref) : entry_v2(ref); }

constexpr u32 status_frames_for(u32 frames) {
    return (frames * Table::kV2PerPage + Table::kStatusPerPage - 1) / Table::kStatusPerPage;
}
constexpr u32 frames_for_status(u32 status_frames) { return status_frames * (Table::kStatusPerPage / Table::kV2PerPage); }

// A domain with a grant table by its id, never DOMID_SELF; good until the hypercall's end (RCU). Or nullptr.
inline Domain* find_granter(DomId id) {
    Domain* d = domain::peek(id);
    return d && d->grants ? d : nullptr;
}
// The same of a mapping. A guest that undoes a mapping behind our back keeps its handle, but not the granter: the id
// may be another domain's by now, whose grants have nothing to do with it.
inline Domain* find_granter(const Mapping& m) {
    Domain* d = find_granter(DomId{m.domid});
    return d && d->grants->serial == m.serial ? d : nullptr;
}

// The operations: how many of `count` were done, fewer when one should yield. Errno::fault for guest memory.
Result<u32> map_grant_refs(GuestArray<gnttab_map_grant_ref> ops, u32 count);
Result<u32> unmap_grant_refs(GuestArray<gnttab_unmap_grant_ref> ops, u32 count);
Result<u32> unmap_and_replace(GuestArray<gnttab_unmap_and_replace> ops, u32 count);
Result<u32> transfer(GuestInOut<gnttab_transfer> uop, u32 count);
Result<u32> copy(GuestArray<gnttab_copy> ops, u32 count);
Result<u32> swap_grant_refs(GuestInOut<gnttab_swap_grant_ref> uop, u32 count);
// `position` is where in the granter's table the search of a single element goes on.
Result<u32> cache_flush(GuestInOut<gnttab_cache_flush> uop, u32 count, u32& position);
void init_limits();   // those of the host may be changed through hypfs
Status setup_table(GuestInOut<gnttab_setup_table> uop);
Status query_size(GuestInOut<gnttab_query_size> uop);
Status set_version(GuestInOut<gnttab_set_version> uop);
Status get_status_frames(GuestInOut<gnttab_get_status_frames> uop);
Status get_version(GuestInOut<gnttab_get_version> uop);

}  // namespace xen::grant
