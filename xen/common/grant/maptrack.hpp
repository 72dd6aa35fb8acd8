// SPDX-License-Identifier: MIT
// What a domain has mapped of others: one record for each handle. Records come in pages on demand, up to the
// domain's limit, and stay until the domain dies, so that a handle is looked up without a lock. A record's owner
// is whoever holds its busy mark: the map that fills it, or the unmap that ends it.
#pragma once

#include <bit>

#include <xen/lock.hpp>

#include <public/grant_table.h>

#include "lib/index.hpp"
#include "lib/maybe.hpp"

namespace xen::grant {

struct Mapping {
    // Beside GNTMAP_*: an unmap is at work on it. In the bits that only map requests use.
    static constexpr u32 kBusy = u32{1} << 31;
    static constexpr u32 kMapped = GNTMAP_host_map | GNTMAP_device_map;

    std::atomic<u32> flags{0};   // GNTMAP_*; none of kMapped: free
    u32 ref = 0;                 // the grant; free: the next free handle
    u32 frame = 0;
    u16 domid = 0;               // who granted: the domain of that id
    u16 serial = 0;              // whose grant table has this number (Table::serial)
};
static_assert(sizeof(Mapping) == 16);

class MapTrack {
public:
    static constexpr u32 kPerPage = kPageSize / sizeof(Mapping);

    explicit MapTrack(u32 max_pages) : max_pages_{max_pages} {}
    ~MapTrack();
    MapTrack(const MapTrack&) = delete;
    MapTrack& operator=(const MapTrack&) = delete;

    Maybe<u32> take();                  // a handle; nothing at the limit or when memory is short
    void give(u32 handle);
    u32 limit() const { return limit_.load(std::memory_order_acquire); }   // handles below have records
    Mapping& at(u32 handle) const;
    // The record of a live mapping, marked busy; nullptr for a bad handle and when another unmap was first.
    Mapping* claim(u32 handle, u32& flags);
    u32 pages() const { return limit() / kPerPage; }
    u32 max_pages() const { return max_pages_; }
    void shrink(u32 limit);             // a dying domain's records from there on are done with; page by page

private:
    static constexpr u32 kBuckets = 20; // bucket b has 2^b pages
    static constexpr u32 kEnd = ~u32{0};
    static u32 bucket_of(u32 page) { return static_cast<u32>(std::bit_width(page + 1)) - 1; }
    static u32 slot_of(u32 page, u32 bucket) { return page + 1 - (u32{1} << bucket); }
    bool add_page() REQUIRES(lock_);

    Spinlock<LockRank::maptrack> lock_;
    u32 free_ GUARDED_BY(lock_) = kEnd;
    u32 max_pages_;
    std::atomic<u32> limit_{0};
    std::atomic<Mapping**> buckets_[kBuckets]{};
};

inline Mapping& MapTrack::at(u32 handle) const {
    u32 page = handle / kPerPage, bucket = bucket_of(page);
    return buckets_[bucket].load(std::memory_order_acquire)[slot_of(page, bucket)][handle % kPerPage];
}

}  // namespace xen::grant
