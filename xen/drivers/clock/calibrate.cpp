// SPDX-License-Identifier: MIT
#include "drivers/clock/calibrate.hpp"

#include "lib/mul_div.hpp"

namespace xen::clock {
namespace {

constexpr s64 kSmallError = 2000;               // ns
constexpr s64 kStopped = 500'000'000;           // the machine stood still, or the reference wrapped unseen
constexpr u64 kLongestBase = 1000;              // seconds: a drifting frequency is followed
constexpr u64 kPartsOfLimit = 2000;             // 0.05 %

}  // namespace

u64 frequency(u64 ticks, u64 ref_ticks, u64 ref_hz) {
    if (!ref_ticks) return 0;
    return mul_div(ticks, ref_hz, ref_ticks);
}

s64 to_ns(u64 ref_ticks, u64 ref_hz) { return static_cast<s64>(mul_div(ref_ticks, 1000000000, ref_hz)); }

void Refiner::start(u64 ref_hz, u32 ref_mask, Reading r) {
    hz_ = ref_hz;
    mask_ = ref_mask;
    restart(r);
}

void Refiner::restart(Reading r) {
    first_ = last_ = r;
    elapsed_ = 0;
}

u64 Refiner::khz_after(Reading r, u64 now_khz, s64 ahead) {
    elapsed_ += (r.reference - last_.reference) & mask_;
    last_ = r;
    error_ = first_.system + to_ns(elapsed_, hz_) - r.system;
    if (error_ > kStopped || error_ < -kStopped) {
        restart(r);
        return 0;
    }
    u64 khz = (frequency(r.counter - first_.counter, elapsed_, hz_) + 500) / 1000;
    if (!khz) return 0;
    // A clock that is behind must take each tick for longer: a lower frequency.
    s64 change = static_cast<s64>(khz) * error_ / ahead;   // error_ is below kStopped
    s64 limit = static_cast<s64>(khz / kPartsOfLimit);
    if (change > limit) change = limit;
    if (change < -limit) change = -limit;
    u64 wanted = khz - static_cast<u64>(change);
    if (elapsed_ > kLongestBase * hz_) {
        Reading base = r;
        base.system += error_;     // what is left to mend stays known
        restart(base);
    }
    bool small = error_ < kSmallError && error_ > -kSmallError;
    return (small && khz == now_khz) || wanted == now_khz ? 0 : wanted;
}

}  // namespace xen::clock
