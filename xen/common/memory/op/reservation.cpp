// SPDX-License-Identifier: MIT
// increase_reservation, decrease_reservation, populate_physmap. They return how many extents were done; what stops
// them early (a wrong frame, no memory, no right) shows in that number only, as the ABI has it.
#include <xen/guest_frames.hpp>
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

Status describe(Job& job, const Reservation& r) {
    if (u32 most = largest_order(current_domain()); r.extent_order > most)
        return refuse(Errno::perm, "extent_order is %u, at most %u", r.extent_order, most);
    job.order = r.extent_order;
    job.request.order = Order{static_cast<u8>(r.extent_order)};
    u8 bits = address_bits_of(r.mem_flags);
    if (bits) {
        if (bits <= kPageShift) return refuse(Errno::inval, "mem_flags %#x: no page has %u address bits", r.mem_flags, bits);
        job.request.address_bits = bits;
    }
    u32 node = (r.mem_flags >> 8) & 0xff;
    job.request.node = static_cast<u8>(node - 1);  // 0 means any
    job.request.exact_node = r.mem_flags & XENMEMF_exact_node_request;
    return {};
}

// Where an operation ends early, its line is written, and the number of extents that are done is its result. Only here
// does the note of refusal.hpp begin: each way here writes its reason anew.
[[gnu::cold]] s64 stopped(u64 op, const Job& job, u64 done, Errno why) {
    bool other = job.domain && job.domain.get() != &current_domain();
    refusal::concerns(other ? job.domain->id : DomId{DOMID_INVALID});
    report(op, why);
    return static_cast<s64>(done);
}

// The ABI answers `start` (nothing more was done) where the argument cannot be read, the caller may not, or names
// nobody.
Maybe<s64> prepare(u64 op, Job& job, Arg arg, u64 start, Reservation& r) {
    auto asked = arg.copy_in<Reservation>();
    if (!asked) return stopped(op, job, start, refuse(asked.error(), "the argument cannot be read"));
    r = asked.value();
    if (r.nr_extents > (~u64{0} >> kProgressShift))
        return stopped(op, job, start, refuse(Errno::inval, "nr_extents is %#lx", r.nr_extents));
    if (start >= r.nr_extents) return static_cast<s64>(start);
    if (Status s = describe(job, r); !s) return stopped(op, job, start, s.error());
    auto d = domain::find_or_self(DomId{r.domid});
    if (!d) return stopped(op, job, start, refuse(d.error(), "domid is %u: there is no such domain", r.domid));
    job.domain = std::move(d).take();
    if (Status s = security::may(security::Op::memory_adjust, *job.domain); !s) return stopped(op, job, start, s.error());
    job.list = guest_inout(r.extent_start);
    job.extents = r.nr_extents;
    return nothing;
}

// Runs step(i) from `start` until it fails, with its reason noted, or time is up.
template <class Step>
Result<s64> run(u64 op, const Job& job, u64 start, Step step) {
    for (u64 i = start; i < job.extents; ++i) {
        if (i != start && hypercall::preempt_due()) return progress(op, i);
        if (!step(i)) return stopped(op, job, i, refusal::noted());
    }
    return static_cast<s64>(job.extents);
}

// Reasons why extent `i` ends it; false. The first one names the shortfall.
[[gnu::cold]] bool no_memory(const Job& job, u64 i, Errno e) {
    const Domain& d = *job.domain;
    (void)refuse(e, "extent %lu of %lu: %lu pages wanted, %lu free on the host, it has %lu and may have %lu", i, job.extents,
                 u64{1} << job.order, free_pages(), d.tot_pages, d.max_pages);
    return false;
}

[[gnu::cold]] bool no_list(const Job& job, u64 i) {
    (void)refuse(Errno::fault, "extent_start: number %lu of %lu cannot be read or written", i, job.extents);
    return false;
}

[[gnu::cold]] bool no_frame(const Job& job, u64 i, u64 frame, Errno e) {
    (void)refuse(e, "extent %lu of %lu: frame %#lx is not its own, or in use", i, job.extents, frame);
    return false;
}

[[gnu::always_inline]] inline bool put(const Job& job, u64 i, const PageInfo& page) {
    return job.list.copy_out(static_cast<xen_pfn_t>(page.mfn().raw()), i).ok() || no_list(job, i);
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
    if (auto early = prepare(XENMEM_increase_reservation, job, arg, start, r)) return *early;
    return run(XENMEM_increase_reservation, job, start, [&](u64 i) {
        auto page = allocate_domain_pages(*job.domain, job.request);
        if (!page) return no_memory(job, i, page.error());
        return GuestFrames::kTranslated || job.list.is_null() || put(job, i, page.value());
    });
}

Result<s64> populate_physmap(Arg arg, u64 start) {
    Job job;
    Reservation r;
    if (auto early = prepare(XENMEM_populate_physmap, job, arg, start, r)) return *early;
    if (r.mem_flags & XENMEMF_populate_on_demand) {
        Errno why = refuse(Errno::inval, "mem_flags %#x: there is no populate-on-demand", r.mem_flags);
        return stopped(XENMEM_populate_physmap, job, start, why);
    }
    return run(XENMEM_populate_physmap, job, start, [&](u64 i) {
        auto gfn = job.list.copy_in(i);
        if (!gfn) return no_list(job, i);
        if constexpr (GuestFrames::kTranslated) {
            Status s = arch::populate(*job.domain, job.request, Gfn{gfn.value()});
            return s.ok() || no_memory(job, i, s.error());
        }
        auto page = allocate_domain_pages(*job.domain, job.request);
        if (!page) return no_memory(job, i, page.error());
        arch::note_page(*job.domain, page.value().mfn(), gfn.value(), job.order);
        return put(job, i, page.value());
    });
}

Result<s64> decrease_reservation(Arg arg, u64 start) {
    Job job;
    Reservation r;
    if (auto early = prepare(XENMEM_decrease_reservation, job, arg, start, r)) return *early;
    return run(XENMEM_decrease_reservation, job, start, [&](u64 i) {
        auto first = job.list.copy_in(i);
        if (!first) return no_list(job, i);
        for (u64 n = 0; n < u64{1} << job.order; ++n)
            if (Status s = arch::remove_page(*job.domain, Gfn{first.value() + n}); !s)
                return no_frame(job, i, first.value() + n, s.error());
        return true;
    });
}

}  // namespace xen::memory
