// SPDX-License-Identifier: MIT
// Memory comes, goes and is exchanged.
#include <xen/memory.hpp>

#include "guest_calls.hpp"
#include "world.hpp"

namespace xen::census {

Call World::reservation(Turn& t, u32 cmd, bool own) {
    auto* r = t.args.make<xen_memory_reservation>();
    u32 n = 1 + t.c.below(3);
    auto* list = t.args.make<xen_pfn_t>(n);
    for (u32 i = 0; i < n; ++i) list[i] = own ? page(t).raw() : t.c.below(64);
    r->extent_start.p = list;
    r->nr_extents = n;
    r->extent_order = t.c.one_in(6) ? t.c.below(4) : 0;
    r->mem_flags = t.c.one_in(8) ? t.c.of({20u, 22u, 11u, 64u}) : 0;
    r->domid = t.c.one_in(12) ? domain_id(t) : u16{DOMID_SELF};
    return {__HYPERVISOR_memory_op, {cmd, at(r)}};
}

Call World::increase(Turn& t) { return reservation(t, t.c.one_in(2) ? XENMEM_increase_reservation : XENMEM_populate_physmap, false); }
Call World::decrease(Turn& t) { return reservation(t, XENMEM_decrease_reservation, true); }

Call World::exchange(Turn& t) {
    auto* x = t.args.make<xen_memory_exchange>();
    u32 in_order = t.c.one_in(6) ? 1 : 0, out_order = t.c.one_in(4) ? 1 : 0;
    u32 in = 1 + t.c.below(4), out = in << in_order >> out_order;
    auto* give = t.args.make<xen_pfn_t>(in);
    auto* get = t.args.make<xen_pfn_t>(out + 1);
    for (u32 i = 0; i < in; ++i) give[i] = page(t).raw();
    for (u32 i = 0; i < out; ++i) get[i] = t.c.below(64);
    x->in = {{give}, in, in_order, 0, DOMID_SELF};
    x->out = {{get}, out, out_order, 0, DOMID_SELF};
    return {__HYPERVISOR_memory_op, {XENMEM_exchange, at(x)}};
}

}  // namespace xen::census
