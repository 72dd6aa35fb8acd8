// SPDX-License-Identifier: MIT
#include "common/hypercall/multicall.hpp"

#include <xen/hypercall.hpp>

#include "common/hypercall/table.hpp"
#include "common/hypercall/trace.hpp"
#include "lib/string.hpp"

namespace xen::hypercall {
namespace {

constexpr unsigned kBatch = 16;
constexpr s64 kRestart = abi_error(Errno::restart);

void keep_progress(multicall_entry& e) {
    Frame& f = frame();
    for (unsigned i = 0; i < f.changed; ++i) e.args[i] = f.args[i];
    f.changed = 0;
}

s64 run(multicall_entry& e) {
    if (e.op >= kNumbers) return abi_error(Errno::nosys);
    if (trace::on(TRC_PV_HYPERCALL_SUBCALL)) [[unlikely]]
        trace_call(TRC_PV_HYPERCALL_SUBCALL, e.op, {e.args[0], e.args[1], e.args[2]});
    s64 r = table.entries[e.op].nested(e.args[0], e.args[1], e.args[2], e.args[3], e.args[4], e.args[5]);
    if (r == kRestart) [[unlikely]] keep_progress(e);
    return r;
}

struct Outcome {
    u32 done;
    Status status;   // restart: entry `done` goes on with its changed arguments
    bool left = false;   // it left the kernel, which is where the batch ends: nothing behind it is a kernel's call
};

// Entries [0, n) of a batch that lies at list[0], in the range that multicall() has looked at.
Outcome run_batch(GuestInOut<multicall_entry> list, multicall_entry* batch, unsigned n) {
    for (unsigned i = 0; i < n; ++i) {
        multicall_entry& e = batch[i];
        s64 r = run(e);
        u64 at = list.raw() + i * sizeof(e);
        if (r == kRestart) {
            if (e.op == __HYPERVISOR_iret) return {i, {}, true};
            if (!guest::copy_out(at, &e, sizeof(e))) return {i, Errno::fault};
            return {i, Errno::restart};
        }
        e.result = static_cast<u64>(r);
        if (!arch::store_guest(at + offsetof(multicall_entry, result), e.result)) return {i, Errno::fault};
        if (domain::crashed(current_domain())) return {n, {}};
        if (preempt_due() && i + 1 < n) return {i + 1, Errno::restart};
    }
    return {n, {}};
}

// Result: what the guest's rax becomes.
Result<s64> run_all(GuestInOut<multicall_entry> list, u32 count, u32& done) {
    while (done < count) {
        multicall_entry batch[kBatch];
        unsigned n = count - done < kBatch ? count - done : kBatch;
        GuestInOut<multicall_entry> at{list.raw() + u64{done} * sizeof(multicall_entry)};
        if (!at.in().copy_array_in(batch, 0, n)) {
            n = 1;  // up to the one that cannot be read
            TRY(at.in().copy_array_in(batch, 0, n));
        }
        Outcome o = run_batch(at, batch, n);
        done += o.done;
        if (!o.status) return o.status.error();
        if (o.left) return static_cast<s64>(batch[o.done].args[0]);
        if (done < count && preempt_due()) return Errno::restart;
    }
    return 0;
}

}  // namespace

Result<s64> multicall(GuestInOut<multicall_entry> list, u32 count) {
    Frame& f = frame();
    if (f.in_multicall) return Errno::inval;
    if (!arch::guest_range_ok(list.raw(), u64{count} * sizeof(multicall_entry))) return Errno::fault;
    f.in_multicall = true;
    u32 done = 0;
    auto r = run_all(list, count, done);
    f.in_multicall = false;
    if (!r && r.error() == Errno::restart)
        return continue_with(list.raw() + u64{done} * sizeof(multicall_entry), count - done);
    return r;
}

}  // namespace xen::hypercall
