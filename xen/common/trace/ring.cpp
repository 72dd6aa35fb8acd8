// SPDX-License-Identifier: MIT
#include "common/trace/ring.hpp"

#include <utility>

namespace xen::trace {
namespace {

constexpr u32 kCycleFlag = 1u << 31;
constexpr unsigned kLostWords = 4;      // how many, of which vCPU, the first one's time
constexpr u32 kLostBytes = 4 + 8 + 4 * kLostWords;

}  // namespace

Ring::Ring(Array<char*> pages)
    : pages_{std::move(pages)}, size_{static_cast<u32>(pages_.size() * kPageSize - sizeof(t_buf))} {
    head().cons = head().prod = 0;
}

Maybe<u32> Ring::used() const {
    u32 cons = __atomic_load_n(&head().cons, __ATOMIC_ACQUIRE);
    if (cons >= 2 * size_ || cons % 4) return nothing;
    u32 n = prod_ >= cons ? prod_ - cons : prod_ + 2 * size_ - cons;
    if (n > size_) return nothing;
    return n;
}

void Ring::word(u32 v) {
    u32 offset = static_cast<u32>(sizeof(t_buf)) + at();
    __atomic_store_n(reinterpret_cast<u32*>(pages_[offset >> kPageShift] + (offset & (kPageSize - 1))), v, __ATOMIC_RELAXED);
    prod_ += 4;
    if (prod_ == 2 * size_) prod_ = 0;
}

void Ring::write(const Record& r) {
    word(r.event | r.count << TRACE_EXTRA_SHIFT | (r.cycles ? kCycleFlag : 0));
    if (r.cycles) {
        word(static_cast<u32>(*r.cycles));
        word(static_cast<u32>(*r.cycles >> 32));
    }
    for (unsigned i = 0; i < r.count; ++i) word(r.words ? r.words[i] : 0);
}

// The rest before the end becomes a record of its own when the next one does not fit there.
void Ring::make_fit(u32 bytes) {
    u32 rest = to_wrap();
    if (bytes <= rest) return;
    u32 words = rest / 4 - 1;
    Record filler{TRC_TRACE_WRAP_BUFFER};
    if (words > TRACE_EXTRA_MAX) {
        filler.cycles = 0;
        words -= 2;
    }
    filler.count = words;
    write(filler);
}

void Ring::write_lost(u32 vcpu, u64 now) {
    const u32 words[kLostWords] = {lost_, vcpu, static_cast<u32>(first_lost_), static_cast<u32>(first_lost_ >> 32)};
    make_fit(kLostBytes);
    write({TRC_LOST_RECORDS, words, kLostWords, now});
    lost_ = 0;
}

// With wrap records, and with that of lost records if it is due.
u32 Ring::room_needed(u32 bytes) const {
    u32 rest = to_wrap(), total = 0;
    auto add = [&](u32 n) {
        if (n > rest) {
            total += rest;
            rest = size_;
        }
        total += n;
        rest -= n;
        if (rest == 0) rest = size_;
    };
    if (lost_) add(kLostBytes);
    add(bytes);
    return total;
}

Ring::Put Ring::put(const Record& r, u32 vcpu) {
    Maybe<u32> before = used();
    if (!before) return Put::broken;
    if (room_needed(r.bytes()) > size_ - *before) {
        if (lost_++ == 0) first_lost_ = r.cycles.value_or(0);
        return Put::lost;
    }
    u32 old = prod_;
    if (lost_) write_lost(vcpu, r.cycles.value_or(first_lost_));
    make_fit(r.bytes());
    write(r);
    __atomic_store_n(&head().prod, prod_, __ATOMIC_RELEASE);
    u32 written = prod_ >= old ? prod_ - old : prod_ + 2 * size_ - old;
    return *before < size_ / 2 && *before + written >= size_ / 2 ? Put::half_full : Put::written;
}

}  // namespace xen::trace
