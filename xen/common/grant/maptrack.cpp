// SPDX-License-Identifier: MIT
#include <xen/heap.hpp>

#include "common/grant/maptrack.hpp"

namespace xen::grant {

MapTrack::~MapTrack() {
    shrink(0);
    for (auto& bucket : buckets_) heap::release(bucket.load(std::memory_order_relaxed));
}

bool MapTrack::add_page() {
    u32 first = limit_.load(std::memory_order_relaxed), page = first / kPerPage;
    u32 bucket = bucket_of(page);
    if (page >= max_pages_ || bucket >= kBuckets) return false;
    if (!buckets_[bucket].load(std::memory_order_relaxed)) {
        void* pointers = heap::allocate(sizeof(Mapping*) << bucket);
        if (!pointers) return false;
        buckets_[bucket].store(static_cast<Mapping**>(pointers), std::memory_order_release);
    }
    auto* records = static_cast<Mapping*>(heap::allocate(kPageSize));
    if (!records) return false;
    for (u32 i = 0; i < kPerPage; ++i) {
        records[i].ref = first + i;
        records[i].next_free = i + 1 < kPerPage ? &records[i + 1] : nullptr;
    }
    buckets_[bucket].load(std::memory_order_relaxed)[slot_of(page, bucket)] = records;
    free_ = records;
    limit_.store(first + kPerPage, std::memory_order_release);
    return true;
}

void MapTrack::shrink(u32 limit) {
    u32 now = limit_.load(std::memory_order_relaxed);
    for (; now > limit && now >= kPerPage; now -= kPerPage) {
        u32 page = now / kPerPage - 1, bucket = bucket_of(page);
        heap::release(std::exchange(buckets_[bucket].load(std::memory_order_relaxed)[slot_of(page, bucket)], nullptr));
    }
    limit_.store(now, std::memory_order_release);
}

}  // namespace xen::grant
