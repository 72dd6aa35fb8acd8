// SPDX-License-Identifier: MIT
// What log_dirty.cpp and dirty_round.cpp share: one domain's record of changed pages, and how far a round over it has come.
// `bits` and `beyond` are marked by any CPU without a lock, for as long as the record is published in ArchDomain::log_dirty
// and one RCU grace period longer; all else belongs to whoever holds the domctl lock.
#pragma once

#include <public/domctl.h>
#include <xen/domain.hpp>
#include <xen/heap.hpp>
#include <xen/rcu.hpp>

namespace xen::mm {

// Zeroed pages, one by one: no large block is needed, and making, clearing and freeing them can stop anywhere.
class Pages {
public:
    Pages() = default;
    Pages(const Pages&) = delete;
    Pages& operator=(const Pages&) = delete;
    ~Pages() {
        while (drop()) {
        }
    }
    Status reserve(u64 bytes) {
        list_ = TRY(Array<void*>::create(static_cast<usize>(pages_for(bytes))));
        return {};
    }
    bool complete() const { return made_ == list_.size(); }
    Status add() {
        list_[made_] = heap::allocate(kPageSize);
        if (!list_[made_]) return Errno::nomem;
        ++made_;
        return {};
    }
    bool drop() {   // the last page; false when none is left
        if (made_) heap::release(list_[--made_]);
        return made_ != 0;
    }
    usize count() const { return made_; }
    void* page(usize i) { return list_[i]; }

private:
    Array<void*> list_;
    usize made_ = 0;
};

// An array in such pages.
template <class T>
class PagedArray : public Pages {
public:
    static constexpr u64 kPer = kPageSize / sizeof(T);
    T& operator[](u64 i) { return static_cast<T*>(page(static_cast<usize>(i / kPer)))[i % kPer]; }
};

struct LogDirty {
    // A round's steps, in their order. Whoever is given a round that another has left starts it with `put_back`.
    enum class Step : u8 { idle, allocate, put_back, clear, tables, pages, take, give };

    rcu::Head head;                    // its end
    u64 pages = 0;                     // that there are bits for: a multiple of 64
    PagedArray<u64> bits;              // changed, and not taken yet
    bool beyond = false;               // a page without a bit has changed
    PagedArray<u64> taken;             // what the caller is given
    bool beyond_taken = false;
    PagedArray<u8> own;                // by page: writable entries of the domain's own tables, as far as they can be counted

    Step step = Step::idle;
    u64 at = 0;                        // in the step: a word of the record, or a page of `own`
    u64 filled = 0;                    // words of `taken` whose pages nobody was told of yet
    u32 table = 0, entry = 0;          // in Step::tables: the L1 table that is half done, and where
    bool clean = false;                // what is taken leaves the record
    bool failed = false;               // the caller could not be given it
    u64 dirty = 0;                     // pages that the record named
    // Whose round it is.
    DomId caller{0};
    xen_domctl_shadow_op what{};
    Nanos seen{0};                     // when it went on last
    u64 asked = 0, to = 0;             // pages, and where they are given; 0: nowhere

    u64 words() const { return pages / 64; }
    u64 asked_words() const { return (asked + 63) / 64; }
    void go(Step s) {
        step = s;
        at = 0;
    }
    void mark(u64 pfn);
};

namespace log_dirty {

// Until `taken` is what the caller asked for, and nobody can write any more what it does not name; then until it has been
// given. Errno::restart: to be called again. Errno::fault: it could not be given, and is in the record as before.
Status gather(Domain& d, LogDirty& s, const CpuMask& cpus);
Status give(LogDirty& s);

}  // namespace log_dirty
}  // namespace xen::mm
