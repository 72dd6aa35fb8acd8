// SPDX-License-Identifier: MIT
// HYPERVISOR_memory_op (public/memory.h), one handler a sub-operation. The command carries progress above its low
// six bits: handlers of counted lists get it as `start` and yield with progress().
#pragma once

#include <public/memory.h>
#include <xen/domain.hpp>
#include <xen/guest_access.hpp>
#include <xen/hypercall.hpp>
#include <xen/memory.hpp>
#include <xen/refusal.hpp>

namespace xen::memory {

using Arg = GuestInOut<void>;
inline constexpr unsigned kProgressShift = 6;  // MEMOP_EXTENT_SHIFT

inline Errno progress(u64 op, u64 done) { return hypercall::continue_with(op | done << kProgressShift); }

// The domain that an operation names: the log's line will name it, too.
inline Result<DomainRef> target(domid_t id) {
    if (id != DOMID_SELF) refusal::concerns(DomId{id});
    return domain::find_or_self(DomId{id});
}

const char* op_name(u64 number);    // as in public/memory.h; null where there is no such number
[[gnu::cold]] void report(u64 op, Errno e);       // that it failed (refusal.hpp), where its result does not say so

// Largest extent that a domain may ask for, by what it is.
unsigned largest_order(const Domain& d);

Result<s64> increase_reservation(Arg arg, u64 start);
Result<s64> decrease_reservation(Arg arg, u64 start);
Result<s64> populate_physmap(Arg arg, u64 start);
Result<s64> exchange(Arg arg);
Result<s64> claim_pages(Arg arg);
Result<s64> query_domain(u64 op, Arg arg);
Result<s64> add_to_physmap(Arg arg);
Result<s64> add_to_physmap_batch(Arg arg, u64 start);
Result<s64> remove_from_physmap(Arg arg);
Result<s64> acquire_resource(Arg arg, u64 start);
Result<s64> pod_target(Arg arg);
Result<s64> get_vnumainfo(Arg arg);
Result<s64> access_op(Arg arg);

}  // namespace xen::memory

namespace xen::arch {

// Sub-operations that belong to the architecture; Errno::nosys for what it does not know.
Result<s64> memory_op(u64 op, GuestInOut<void> arg);
// The guest gives one of its frames up; Errno::inval when it is none of its own.
Status remove_page(Domain& d, Gfn gfn);
// New memory for a guest that names its frames itself: what stands at `gfn` from now on.
void note_page(Domain& d, Mfn f, u64 gfn, unsigned order);

// Of translated domains (xen/guest_frames.hpp). New memory at a frame and those behind it.
Status populate(Domain& d, memory::Request r, Gfn at);
// XENMAPSPACE_*; `index` is one of that space's, of `foreign` in gmfn_foreign. What stood at `at` is gone.
Status add_to_physmap(Domain& d, u32 space, u64 index, Gfn at, Domain* foreign);
Status remove_from_physmap(Domain& d, Gfn at);
// A page that `owner` shares or owns appears in `d`, which holds a reference to it.
Status map_resource(Domain& d, Gfn at, Mfn page, Domain& owner);

}  // namespace xen::arch
