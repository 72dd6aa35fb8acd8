// SPDX-License-Identifier: MIT
// One CPU's ring: pages that begin with struct t_buf, words behind it. Positions run to twice the size of the data, so that
// full and empty differ. The reader moves `cons` and is not trusted; `prod` is kept here and only shown. Written by its own
// CPU, interrupts off. Records are whole: where one does not fit before the end, a wrap record fills the rest.
#pragma once

#include <public/trace.h>
#include <xen/heap.hpp>

#include "lib/bytes.hpp"
#include "lib/index.hpp"
#include "lib/maybe.hpp"

namespace xen::trace {

struct Record {
    u32 event;
    const u32* words = nullptr;
    unsigned count = 0;             // of words
    Maybe<u64> cycles{};
    u32 bytes() const { return 4 + (cycles ? 8 : 0) + 4 * count; }
};

class Ring {
public:
    enum class Put : u8 {
        written,
        half_full,   // written, and with it the ring became at least half full
        lost,        // no room: counted
        broken,      // the reader's position is none
    };
    // `pages`: addresses of the pages, in order; they outlive the ring.
    explicit Ring(Array<char*> pages);
    // `vcpu`: vCPU in the high and domain in the low half, for the record that tells of lost ones.
    Put put(const Record& r, u32 vcpu);
    void forget_lost() { lost_ = 0; }
    u32 bytes() const { return size_; }

private:
    t_buf& head() const { return *reinterpret_cast<t_buf*>(pages_[0]); }
    u32 at() const { return prod_ < size_ ? prod_ : prod_ - size_; }
    u32 to_wrap() const { return size_ - at(); }
    Maybe<u32> used() const;
    u32 room_needed(u32 bytes) const;
    void word(u32 v);
    void write(const Record& r);
    void make_fit(u32 bytes);
    void write_lost(u32 vcpu, u64 now);

    Array<char*> pages_;
    u32 size_;
    u32 prod_ = 0;
    u32 lost_ = 0;
    u64 first_lost_ = 0;
};

}  // namespace xen::trace
