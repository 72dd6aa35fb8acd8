// SPDX-License-Identifier: MIT
// The count of mmu_update and mmuext_op, and how both go on after a yield: its upper bit, MMU_UPDATE_PREEMPTED of
// public/xen.h, says that the guest's counter holds what was done before.
#pragma once

#include <xen/guest_access.hpp>
#include <xen/hypercall.hpp>

namespace xen::mm {

class Batch {
public:
    Batch(u32 count, GuestInOut<unsigned> counter) : count_{count & ~kPreempted}, counter_{counter} {
        if (!(count & kPreempted)) return;
        if (auto counted = counter.copy_in(); counted) before_ = counted.value();
    }
    u32 count() const { return count_; }
    // Tells the guest how many are done; after Errno::restart the call goes on behind them.
    template <class T>
    Result<s64> finish(GuestIn<T> list, u32 done, Status result) const {
        if (!counter_.is_null()) (void)counter_.copy_out(before_ + done).ok();   // ABI: the operations count, not this
        if (!result && result.error() == Errno::restart)
            return hypercall::continue_with(list.raw() + u64{done} * sizeof(T), (count_ - done) | kPreempted);
        if (!result) return result.error();
        return 0;
    }

private:
    static constexpr u32 kPreempted = u32{1} << 31;
    u32 count_;
    u32 before_ = 0;
    GuestInOut<unsigned> counter_;
};

}  // namespace xen::mm
