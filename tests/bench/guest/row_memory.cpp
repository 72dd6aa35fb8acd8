// SPDX-License-Identifier: MIT
// Pages given back and taken again.
#include "measure.hpp"
#include "page.hpp"
#include "rows.hpp"
#include "test.hpp"
#include <public/memory.h>

namespace {

constexpr unsigned kMany = 256;
u64 frames[kMany];

xen_memory_reservation request(u64 count) {
    auto r = zeroed<xen_memory_reservation>();
    set_handle(r.extent_start, frames);
    r.nr_extents = count;
    r.domid = DOMID_SELF;
    return r;
}

long there_and_back(xen_memory_reservation& r) {
    const long gone = hypercall(__HYPERVISOR_memory_op, XENMEM_decrease_reservation, address(&r));
    const long back = hypercall(__HYPERVISOR_memory_op, XENMEM_increase_reservation, address(&r));
    return gone == back ? back : -1;
}

void many(const char* name, u64 count) {
    // Pages that the initial mapping leaves out: nobody maps them.
    for (u64 i = 0; i < count; ++i) frames[i] = mfn_of_pfn(spare_pfn(i));
    xen_memory_reservation r = request(count);
    const long rc = there_and_back(r);
    if (rc != static_cast<long>(count)) return no_row(name, rc);
    row(name, lowest([&] { there_and_back(r); }), count);
    for (u64 i = 0; i < count; ++i) set_mfn(spare_pfn(i), frames[i]);
}

} // namespace

void memory() {
    many("memory_down_up", 1);
    many("memory_down_up_of_256", kMany);
}
