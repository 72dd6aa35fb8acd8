// SPDX-License-Identifier: MIT
// increase_reservation, decrease_reservation, populate_physmap. They return how many extents were done; what stops
// them early (a wrong frame, no memory, no right) shows in that number only, as the ABI has it.
#include <xen/log.hpp>
#include <xen/memory.hpp>
#include <xen/security.hpp>

#include "common/memory/op/op.hpp"

namespace xen::memory {
namespace {

using Reservation = xen_memory_reservation;

// A list of extents on the way: what was asked, for whom, how far.
struct Job {
    DomainRef domain;
    GuestInOut<xen_pfn_t> list;
    u64 extents = 0;
    unsigned order = 0;
    Request request{};
};

u8 address_bits_of(u32 flags) { return static_cast<u8>(flags & 0xff); }

bool describe(Job& job, const Reservation& r) {
    if (r.extent_order > largest_order(current_domain())) return false;
    job.order = r.extent_order;
    job.request.order = Order{static_cast<u8>(r.extent_order)};
    u8 bits = address_bits_of(r.mem_flags);
    if (bits) {
        if (bits <= kPageShift) return false;
        job.request.address_bits = bits;
    }
    u32 node = (r.mem_flags >> 8) & 0xff;
    job.request.node = static_cast<u8>(node - 1);  // 0 means any
    job.request.exact_node = r.mem_flags & XENMEMF_exact_node_request;
    return true;
}

// The ABI answers `start` (nothing more was done) where the argument cannot be read, the caller may not, or names
// nobody.
Maybe<s64> prepare(Job& job, Arg arg, u64 start, Reservation& r) {
    Maybe<s64> nothing_done{static_cast<s64>(start)};
    auto asked = arg.copy_in<Reservation>();
    if (!asked) return nothing_done;
    r = asked.value();
    if (r.nr_extents > (~u64{0} >> kProgressShift) || start >= r.nr_extents) return nothing_done;
    if (!describe(job, r)) return nothing_done;
    auto d = domain::find_or_self(DomId{r.domid});
    if (!d) return nothing_done;
    job.domain = std::move(d).take();
    if (!security::may(security::Op::memory_adjust, *job.domain)) return nothing_done;
    job.list = guest_inout(r.extent_start);
    job.extents = r.nr_extents;
    return nothing;
}

// Runs step(i) from `start` until it fails or time is up.
template <class Step>
Result<s64> run(u64 op, const Job& job, u64 start, Step step) {
    for (u64 i = start; i < job.extents; ++i) {
        if (i != start && hypercall::preempt_due()) return progress(op, i);
        if (!step(i)) return static_cast<s64>(i);
    }
    return static_cast<s64>(job.extents);
}

void say_no_memory(const Job& job) {
    log_guest("d%u: no extent of order %u: %lu of %lu pages in use, %lu free on the host", job.domain->id.raw(), job.order,
              job.domain->tot_pages, job.domain->max_pages, free_pages());
}

}  // namespace

unsigned largest_order(const Domain& d) {
    if (d.is_hardware) return 12;    // CONFIG_HWDOM_MAX_ORDER of Xen
    if (d.is_privileged) return 18;  // CTLDOM
    return 9;                        // DOMU
}

Result<s64> increase_reservation(Arg arg, u64 start) {
    Job job;
    Reservation r;
    if (auto early = prepare(job, arg, start, r)) return *early;
    return run(XENMEM_increase_reservation, job, start, [&](u64 i) {
        auto page = allocate_domain_pages(*job.domain, job.request);
        if (!page) {
            say_no_memory(job);
            return false;
        }
        if (job.list.is_null()) return true;
        return job.list.copy_out(static_cast<xen_pfn_t>(page.value().mfn().raw()), i).ok();
    });
}

Result<s64> populate_physmap(Arg arg, u64 start) {
    Job job;
    Reservation r;
    if (auto early = prepare(job, arg, start, r)) return *early;
    if (r.mem_flags & XENMEMF_populate_on_demand) return static_cast<s64>(start);
    return run(XENMEM_populate_physmap, job, start, [&](u64 i) {
        auto gfn = job.list.copy_in(i);
        if (!gfn) return false;
        auto page = allocate_domain_pages(*job.domain, job.request);
        if (!page) {
            say_no_memory(job);
            return false;
        }
        arch::note_page(*job.domain, page.value().mfn(), gfn.value(), job.order);
        return job.list.copy_out(static_cast<xen_pfn_t>(page.value().mfn().raw()), i).ok();
    });
}

Result<s64> decrease_reservation(Arg arg, u64 start) {
    Job job;
    Reservation r;
    if (auto early = prepare(job, arg, start, r)) return *early;
    return run(XENMEM_decrease_reservation, job, start, [&](u64 i) {
        auto first = job.list.copy_in(i);
        if (!first) return false;
        for (u64 n = 0; n < u64{1} << job.order; ++n)
            if (!arch::remove_page(*job.domain, Gfn{first.value() + n})) return false;
        return true;
    });
}

}  // namespace xen::memory
