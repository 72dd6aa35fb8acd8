// SPDX-License-Identifier: MIT
// XENMEM_exchange: a guest gives frames and gets as many others of another extent size or address width. Works in
// chunks of the larger extent; a chunk is exchanged whole or not at all.
#include <xen/guest_frames.hpp>
#include <xen/memory.hpp>
#include <xen/security.hpp>

#include "common/memory/op/op.hpp"

namespace xen::memory {
namespace {

constexpr unsigned kLargestChunk = 12;

struct Exchange {
    xen_memory_exchange x;
    Domain* domain = nullptr;
    unsigned in_per_chunk = 0, out_per_chunk = 0;  // as orders
    Request request{};
};

Status check(const xen_memory_exchange& x) {
    if (x.nr_exchanged > x.in.nr_extents || x.in.domid != x.out.domid)
        return refuse(Errno::inval, "nr_exchanged is %lu of %lu, domid %u and %u", x.nr_exchanged, x.in.nr_extents, x.in.domid, x.out.domid);
    unsigned larger = x.in.extent_order > x.out.extent_order ? x.in.extent_order : x.out.extent_order;
    if (larger > largest_order(current_domain()) || larger > kLargestChunk)
        return refuse(Errno::perm, "extent_order is %u, at most %u", larger, largest_order(current_domain()));
    if (x.in.nr_extents > (~u64{0} >> x.in.extent_order) || x.out.nr_extents > (~u64{0} >> x.out.extent_order) ||
        x.in.nr_extents << x.in.extent_order != x.out.nr_extents << x.out.extent_order)
        return refuse(Errno::inval, "%lu extents of order %u for %lu of order %u", x.in.nr_extents, x.in.extent_order, x.out.nr_extents,
                      x.out.extent_order);
    constexpr u64 kMostExtents = ~u64{0} / sizeof(xen_pfn_t);
    if (x.in.nr_extents > kMostExtents || x.out.nr_extents > kMostExtents) return Errno::fault;
    u64 in = reinterpret_cast<u64>(x.in.extent_start.p);
    u64 out = reinterpret_cast<u64>(x.out.extent_start.p);
    if (!arch::guest_range_ok(in, x.in.nr_extents * 8) || !arch::guest_range_ok(out, x.out.nr_extents * 8))
        return Errno::fault;
    return {};
}

// Frames that changed hands, linked through PageInfo::next.
struct Chain {
    u32 head = 0;
    void push(PageInfo& p) {
        p.next = head;
        head = static_cast<u32>(p.mfn().raw());
    }
    PageInfo* pop() {
        if (!head) return nullptr;
        PageInfo& p = frame_table[head];
        head = std::exchange(p.next, 0);
        return &p;
    }
};

void give_back(Exchange& e, Chain& stolen) {
    while (PageInfo* p = stolen.pop())
        if (!assign_pages(*e.domain, *p, Order{0})) free_frames(*p, Order{0}, true);
}

Status steal(Exchange& e, u64 chunk, Chain& stolen) {
    GuestIn<xen_pfn_t> list{reinterpret_cast<u64>(e.x.in.extent_start.p)};
    for (u64 j = 0; j < u64{1} << e.in_per_chunk; ++j) {
        u64 first = TRY(list.copy_in((chunk << e.in_per_chunk) + j));
        for (u64 k = 0; k < u64{1} << e.x.in.extent_order; ++k) {
            Mfn f{first + k};
            if (!mfn_valid(f) || !steal_page(*e.domain, page_of(f)))
                return refuse(Errno::inval, "frame %#lx is not its own, or in use", f.raw());
            stolen.push(page_of(f));
        }
    }
    return {};
}

Status allocate(Exchange& e, Chain& fresh) {
    for (u64 j = 0; j < u64{1} << e.out_per_chunk; ++j) {
        auto p = allocate_frames(e.request);
        if (!p)
            return refuse(p.error(), "no extent of order %u within %u address bits, %lu pages free on the host", e.request.order.raw(),
                          e.request.address_bits, free_pages());
        fresh.push(p.value());
    }
    return {};
}

void drop(Chain& fresh, Order order) {
    while (PageInfo* p = fresh.pop()) free_frames(*p, order, false);
}

Status hand_out(Exchange& e, u64 chunk, Chain& fresh) {
    GuestInOut<xen_pfn_t> list{reinterpret_cast<u64>(e.x.out.extent_start.p)};
    Status result;
    for (u64 j = 0; PageInfo* p = fresh.pop(); ++j) {
        Mfn f = p->mfn();
        if (Status s = assign_pages(*e.domain, *p, e.request.order); !s) {
            free_frames(*p, e.request.order, false);
            result = s;
            continue;
        }
        u64 at = (chunk << e.out_per_chunk) + j;
        auto gfn = list.copy_in(at);
        if (!gfn) {
            result = gfn.error();
            continue;
        }
        arch::note_page(*e.domain, f, gfn.value(), e.x.out.extent_order);
        if (Status s = list.copy_out(static_cast<xen_pfn_t>(f.raw()), at); !s) result = s;
    }
    return result;
}

Status exchange_chunk(Exchange& e, u64 chunk) {
    Chain stolen;
    Chain fresh;
    Status s = steal(e, chunk, stolen);
    if (s) s = allocate(e, fresh);
    if (!s) {
        drop(fresh, e.request.order);
        give_back(e, stolen);
        return s;
    }
    while (PageInfo* p = stolen.pop()) {
        arch::note_page(*e.domain, p->mfn(), ~u64{0}, 0);
        free_frames(*p, Order{0}, false);
    }
    return hand_out(e, chunk, fresh);
}

Status finish(Arg arg, const Exchange& e, u64 exchanged, Status s) {
    xen_memory_exchange x = e.x;
    x.nr_exchanged = exchanged;
    if (!arg.copy_field_out(x, &xen_memory_exchange::nr_exchanged)) return Errno::fault;
    return s;
}

}  // namespace

Result<s64> exchange(Arg arg) {
    Exchange e{};
    e.x = TRY(arg.copy_in<xen_memory_exchange>());
    TRY(check(e.x));
    if (GuestFrames::kTranslated) return refuse(Errno::opnotsupp, "a translated domain names no machine frames");
    DomainRef d = TRY(target(e.x.in.domid));
    TRY(security::may(security::Op::memory_exchange, *d));
    e.domain = d.get();
    if (e.x.in.extent_order <= e.x.out.extent_order) e.in_per_chunk = e.x.out.extent_order - e.x.in.extent_order;
    else e.out_per_chunk = e.x.in.extent_order - e.x.out.extent_order;
    e.request.order = Order{static_cast<u8>(e.x.out.extent_order)};
    if (u8 bits = static_cast<u8>(e.x.out.mem_flags & 0xff)) e.request.address_bits = bits;

    u64 chunks = e.x.in.nr_extents >> e.in_per_chunk;
    u64 first = e.x.nr_exchanged >> e.in_per_chunk;
    for (u64 i = first; i < chunks; ++i) {
        if (i != first && hypercall::preempt_due()) {
            TRY(finish(arg, e, i << e.in_per_chunk, Status{}));
            return hypercall::continue_with(u64{XENMEM_exchange});
        }
        if (Status s = exchange_chunk(e, i); !s) {
            TRY(finish(arg, e, i << e.in_per_chunk, s));
            return s.error();
        }
    }
    TRY(finish(arg, e, e.x.in.nr_extents, Status{}));
    return 0;
}

}  // namespace xen::memory
