// SPDX-License-Identifier: MIT
// The state behind asm/p2m.hpp.
#pragma once

#include <asm/p2m.hpp>
#include <xen/domain.hpp>

#include "lib/pagetable/arm_stage2.hpp"
#include "lib/pagetable/page_table.hpp"

namespace xen::p2m {

// Tables in heap pages, counted against the domain's limit.
class Tables {
public:
    explicit Tables(u16 vmid) : vmid_{vmid} {}
    u64* table(Paddr p) const { return MappedPage<u64>{frame_of(p)}.get(); }
    Maybe<Paddr> allocate();
    void release(Paddr p);
    u64 load(const u64* slot) const { return __atomic_load_n(slot, __ATOMIC_RELAXED); }
    void store(u64* slot, u64 e) { __atomic_store_n(slot, e, __ATOMIC_RELEASE); }
    void flush(u64 in, u64 bytes);

    u64 pages = 0, limit = ~u64{0};

private:
    u16 vmid_;
};

class Map {
public:
    using Table = pt::PageTable<pt::Stage2, Tables>;

    Map(u16 id, Mfn first_table, pt::Stage2 format);
    Map(const Map&) = delete;
    Map& operator=(const Map&) = delete;

    const u16 vmid;
    const Mfn root;
    mutable RwLock<LockRank::p2m> lock;
    Tables tables;            // all three: under the lock
    Table table;
    Gfn highest{0};
    bool drained = true;      // there is nothing in it
};

}  // namespace xen::p2m
