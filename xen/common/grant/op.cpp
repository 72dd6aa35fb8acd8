// SPDX-License-Identifier: MIT
// The hypercall: an array of operations of one kind. It yields between elements; the next call then starts at the
// first one that is not done. Only cache_flush can yield inside an element: its position is in cmd's upper bits.
#include <xen/hypercall.hpp>

#include "common/grant/table.hpp"

namespace xen::grant {

namespace {

constexpr u32 kPositionShift = 12;
constexpr u32 kCmdMask = (1 << kPositionShift) - 1;

template <class Op>
Result<s64> run(u32 cmd, GuestInOut<void> uop, u32 count, Result<u32> (*operation)(GuestInOut<Op>, u32)) {
    if (!arch::guest_range_ok(uop.raw(), u64{count} * sizeof(Op))) return Errno::fault;
    u32 done = TRY(operation(uop.as<Op>(), count));
    if (done == count) return s64{0};
    return hypercall::continue_with(cmd, uop.raw() + done * sizeof(Op), count - done);
}

template <class Op>
[[gnu::always_inline]] inline Result<s64> run_array(u32 cmd, GuestInOut<void> uop, u32 count,
                                                    Result<u32> (*operation)(GuestArray<Op>, u32)) {
    GuestArray<Op> ops = TRY(GuestArray<Op>::at(uop.raw(), count));
    u32 done = TRY(operation(ops, count));
    if (done == count) [[likely]] return s64{0};
    return hypercall::continue_with(cmd, ops.from(done).raw(), count - done);
}

Result<s64> run_cache_flush(u32 cmd, GuestInOut<void> uop, u32 count) {
    using Op = gnttab_cache_flush;
    if (!arch::guest_range_ok(uop.raw(), u64{count} * sizeof(Op))) return Errno::fault;
    u32 position = cmd & ~kCmdMask;
    u32 done = TRY(cache_flush(uop.as<Op>(), count, position));
    if (done == count) return s64{0};
    u32 next = (cmd & kCmdMask) | (position & ~kCmdMask);
    return hypercall::continue_with(next, uop.raw() + done * sizeof(Op), count - done);
}

Result<s64> zero(const Status& done) {
    if (!done) return done.error();
    return s64{0};
}

}  // namespace

Result<s64> grant_table_op(u32 cmd, GuestInOut<void> uop, u32 count) {
    if (static_cast<s32>(count) < 0) return Errno::inval;
    u32 operation = cmd & kCmdMask;
    if (operation != GNTTABOP_cache_flush && operation != cmd) return Errno::inval;
    switch (operation) {
    case GNTTABOP_map_grant_ref: return run_array(cmd, uop, count, map_grant_refs);
    case GNTTABOP_unmap_grant_ref: return run_array(cmd, uop, count, unmap_grant_refs);
    case GNTTABOP_unmap_and_replace: return run_array(cmd, uop, count, unmap_and_replace);
    case GNTTABOP_transfer: return run(cmd, uop, count, transfer);
    case GNTTABOP_copy: return run_array(cmd, uop, count, copy);
    case GNTTABOP_swap_grant_ref: return run(cmd, uop, count, swap_grant_refs);
    case GNTTABOP_cache_flush: return run_cache_flush(cmd, uop, count);
    case GNTTABOP_setup_table:
        if (count != 1) return Errno::inval;
        return zero(setup_table(uop.as<gnttab_setup_table>()));
    case GNTTABOP_query_size:
        if (count != 1) return Errno::inval;
        return zero(query_size(uop.as<gnttab_query_size>()));
    case GNTTABOP_get_status_frames:
        if (count != 1) return Errno::inval;
        return zero(get_status_frames(uop.as<gnttab_get_status_frames>()));
    case GNTTABOP_set_version: return zero(set_version(uop.as<gnttab_set_version>()));
    case GNTTABOP_get_version: return zero(get_version(uop.as<gnttab_get_version>()));
    default: return Errno::nosys;   // ABI: dump_table too, the debug key does it
    }
}

}  // namespace xen::grant
