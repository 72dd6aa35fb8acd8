// SPDX-License-Identifier: MIT
// What a domain has mapped of others: one record for each handle. Records come in pages on demand, up to the
// domain's limit, and stay until the domain dies, so that a handle is looked up without a lock. A record's owner
// is whoever holds its busy mark: the map that fills it, or the unmap that ends it.
#pragma once

#include <bit>

#include <xen/lock.hpp>

#include <public/grant_table.h>

#include "lib/index.hpp"

namespace xen::grant {

struct Mapping {
    // Beside GNTMAP_*: an unmap is at work on it. In the bits that only map requests use.
    static constexpr u32 kBusy = u32{1} << 31;
    static constexpr u32 kMapped = GNTMAP_host_map | GNTMAP_device_map;

    std::atomic<u32> flags{0};   // GNTMAP_*; none of kMapped: free
    u32 ref = 0;                 // the grant; free: this record's own handle
    union {
        Mapping* next_free = nullptr;
        struct {
            u32 frame;
            u16 domid;           // who granted: the domain of that id
            u16 serial;          // whose grant table has this number (Table::serial)
        };
    };
};
static_assert(sizeof(Mapping) == 16);

class MapTrack {
public:
    static constexpr u32 kPerPage = kPageSize / sizeof(Mapping);

    explicit MapTrack(u32 max_pages) : max_pages_{max_pages} {}
    ~MapTrack();
    MapTrack(const MapTrack&) = delete;
    MapTrack& operator=(const MapTrack&) = delete;

    struct Handle {
        Mapping* record;
        u32 number;
    };
    Handle take();                      // without a record at the limit or when memory is short
    void give(Mapping& m, u32 handle);
    u32 limit() const { return limit_.load(std::memory_order_acquire); }   // handles below have records
    Mapping& at(u32 handle) const;
    // The record of a live mapping, marked busy; nullptr for a bad handle and when another unmap was first.
    Mapping* claim(u32 handle, u32& flags);
    u32 pages() const { return limit() / kPerPage; }
    u32 max_pages() const { return max_pages_; }
    void shrink(u32 limit);             // a dying domain's records from there on are done with; page by page

private:
    static constexpr u32 kBuckets = 20; // bucket b has 2^b pages
    // One instruction each: BSR and BTR.
    static u32 bucket_of(u32 page) { return static_cast<u32>(__builtin_clz(page + 1)) ^ 31; }
    static u32 slot_of(u32 page, u32 bucket) { return (page + 1) & ~(u32{1} << bucket); }
    bool add_page() REQUIRES(lock_);

    Spinlock<LockRank::maptrack> lock_;
    Mapping* free_ GUARDED_BY(lock_) = nullptr;
    u32 max_pages_;
    std::atomic<u32> limit_{0};
    std::atomic<Mapping**> buckets_[kBuckets]{};
};

inline Mapping& MapTrack::at(u32 handle) const {
    u32 page = handle / kPerPage, bucket = bucket_of(page);
    return buckets_[bucket].load(std::memory_order_acquire)[slot_of(page, bucket)][handle % kPerPage];
}

// Free records know their handles: no table is looked into.
inline MapTrack::Handle MapTrack::take() {
    Guard g{lock_};
    if (!free_ && !add_page()) [[unlikely]] return {nullptr, 0};
    Mapping& m = *free_;
    free_ = m.next_free;
    return {&m, m.ref};
}

inline void MapTrack::give(Mapping& m, u32 handle) {
    m.ref = handle;
    Guard g{lock_};
    m.next_free = free_;
    free_ = &m;
}

[[gnu::always_inline]] inline Mapping* MapTrack::claim(u32 handle, u32& flags) {
    if (handle >= limit()) return nullptr;
    Mapping& m = at(handle);
    flags = m.flags.load(std::memory_order_acquire);
    if (!(flags & Mapping::kMapped) || (flags & Mapping::kBusy)) return nullptr;
    if (!m.flags.compare_exchange_strong(flags, flags | Mapping::kBusy, std::memory_order_acq_rel)) return nullptr;
    return &m;
}

}  // namespace xen::grant
