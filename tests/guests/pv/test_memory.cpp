// SPDX-License-Identifier: MIT
// memory_op: reservation changes, exchange, totals and claims.
#include "page.hpp"
#include "test.hpp"
#include <public/memory.h>

namespace {

// The command's upper bits carry the extent to start from, which is how a long call continues.
constexpr u64 kStartExtentShift = 6;

long memory(u64 command, void* argument) {
    return hypercall(__HYPERVISOR_memory_op, command, address(argument));
}

xen_memory_reservation reservation(u64* extents, u64 count, u32 order = 0) {
    auto r = zeroed<xen_memory_reservation>();
    set_handle(r.extent_start, extents);
    r.nr_extents = count;
    r.extent_order = order;
    r.domid = DOMID_SELF;
    return r;
}

// More pages than the domain may have, as far as this array reaches.
u64 many[4096];

long total(u64 command) {
    xen_memory_domain self = {DOMID_SELF};
    return memory(command, &self);
}

void totals() {
    check("maximum_ram_page", memory(XENMEM_maximum_ram_page, nullptr) > 0);
    check("current_reservation",
          total(XENMEM_current_reservation) >= static_cast<long>(total_pages()));
    check("maximum_reservation",
          total(XENMEM_maximum_reservation) >= total(XENMEM_current_reservation));
    result("maximum_gpfn.self", total(XENMEM_maximum_gpfn) >= 0);
    for (u64 command :
         {XENMEM_current_reservation, XENMEM_maximum_reservation, XENMEM_maximum_gpfn}) {
        xen_memory_domain other = {DOMID_IO};
        result(join("total.", command, ".domid_io"), memory(command, &other));
        other.domid = 1;
        result(join("total.", command, ".absent"), memory(command, &other));
        other.domid = 0;
        check(join("total.", command, ".by_number"), memory(command, &other) == total(command));
        for (const WildPointer& wild : wild_pointers)
            result(join("total.", command, join(".", wild.name)),
                   memory(command, at<void>(wild.where)));
    }
}

// A running guest's pages come back to it as it gave them up, and it may have begun with anything in them.
void wipe_spares() {
    for (u64 i = 0; i < 8; ++i) {
        window_map(0, mfn_of_pfn(spare_pfn(i)), kReadWrite);
        for (u64 n = 0; n < kPageSize; ++n) window(0)[n] = 0;
    }
    window_reset(0);
}

// Gives a spare page back and populates it again: counts and translations must follow.
void decrease_and_populate() {
    const u64 pfn = spare_pfn(0);
    u64 extent = mfn_of_pfn(pfn);
    const u64 old_mfn = extent;
    const long before = total(XENMEM_current_reservation);
    auto r = reservation(&extent, 1);
    result("decrease.one", memory(XENMEM_decrease_reservation, &r));
    check("decrease.count", total(XENMEM_current_reservation) == before - 1);
    result("decrease.twice", memory(XENMEM_decrease_reservation, &r));
    result("decrease.freed_is_not_mappable", window_map(0, old_mfn, kReadWrite));
    extent = pfn;
    result("populate.one", memory(XENMEM_populate_physmap, &r));
    check("populate.count", total(XENMEM_current_reservation) == before);
    check("populate.m2p", pfn_of_mfn(extent) == pfn);
    set_mfn(pfn, extent);
    result("populate.mappable", window_map(0, extent, kReadWrite));
    bool zero = true;
    for (u64 i = 0; i < kPageSize; ++i) zero = zero && window(0)[i] == 0;
    check("populate.zeroed", zero);
    window_reset(0);
    const long room = total(XENMEM_maximum_reservation) - before;
    if (room < 0 || room >= 4096) return check("populate.room", false);
    for (u64 i = 0; i < 4096; ++i) many[i] = total_pages() + i;
    r = reservation(many, static_cast<u64>(room) + 1);
    check("populate.above_maximum", memory(XENMEM_populate_physmap, &r) == room);
    r = reservation(many, static_cast<u64>(room));
    check("decrease.above_maximum", memory(XENMEM_decrease_reservation, &r) == room);
}

void several() {
    u64 extents[8];
    for (u64 i = 0; i < 8; ++i) extents[i] = mfn_of_pfn(spare_pfn(i));
    auto r = reservation(extents, 8);
    result("decrease.eight", memory(XENMEM_decrease_reservation, &r));
    for (u64 i = 0; i < 8; ++i) extents[i] = spare_pfn(i);
    result("populate.eight", memory(XENMEM_populate_physmap, &r));
    bool good = true;
    for (u64 i = 0; i < 8; ++i) {
        good = good && pfn_of_mfn(extents[i]) == spare_pfn(i);
        set_mfn(spare_pfn(i), extents[i]);
    }
    check("populate.eight.m2p", good);
    // The third extent is bad: two are done.
    u64 partial[4] = {extents[0], extents[1], ~u64{0}, extents[3]};
    r = reservation(partial, 4);
    result("decrease.partial", memory(XENMEM_decrease_reservation, &r));
    u64 back[2] = {spare_pfn(0), spare_pfn(1)};
    r = reservation(back, 2);
    result("populate.after_partial", memory(XENMEM_populate_physmap, &r));
    set_mfn(spare_pfn(0), back[0]);
    set_mfn(spare_pfn(1), back[1]);
}

void increase() {
    u64 extent = mfn_of_pfn(spare_pfn(0));
    auto r = reservation(&extent, 1);
    result("increase.make_room", memory(XENMEM_decrease_reservation, &r));
    extent = 0;
    result("increase.one", memory(XENMEM_increase_reservation, &r));
    check("increase.gives_mfn", extent != 0);
    const u64 mfn = extent;
    result("increase.mappable", window_map(0, mfn, kReadWrite));
    window_reset(0);
    result("increase.m2p", mmu_update_one(mfn << 12, spare_pfn(0), MMU_MACHPHYS_UPDATE));
    set_mfn(spare_pfn(0), mfn);
}

void reservation_errors() {
    struct Command {
        const char* name;
        u64 number;
    };
    for (const Command& c :
         {Command{"increase", XENMEM_increase_reservation},
          Command{"decrease", XENMEM_decrease_reservation},
          Command{"populate", XENMEM_populate_physmap}, Command{"claim", XENMEM_claim_pages}}) {
        u64 extent = ~u64{0};
        auto r = reservation(&extent, 1, 40);
        result(join(c.name, ".bad_order"), memory(c.number, &r));
        r = reservation(&extent, 1, 19);
        result(join(c.name, ".big_order"), memory(c.number, &r));
        r = reservation(&extent, 0);
        result(join(c.name, ".zero"), memory(c.number, &r));
        r = reservation(&extent, ~u64{0});
        result(join(c.name, ".huge_count"), memory(c.number, &r));
        r = reservation(&extent, u64{1} << 60);
        result(join(c.name, ".large_count"), memory(c.number, &r));
        r = reservation(&extent, 1);
        result(join(c.name, ".bad_extent"), memory(c.number, &r));
        r.domid = 1;
        result(join(c.name, ".absent_domain"), memory(c.number, &r));
        r.domid = DOMID_IO;
        result(join(c.name, ".domid_io"), memory(c.number, &r));
        r.domid = DOMID_XEN;
        result(join(c.name, ".domid_xen"), memory(c.number, &r));
        for (const WildPointer& wild : wild_pointers) {
            result(join(c.name, ".argument.", wild.name), memory(c.number, at<void>(wild.where)));
            r = reservation(at<u64>(wild.where), 1);
            result(join(c.name, ".extents.", wild.name), memory(c.number, &r));
        }
        r = reservation(&extent, 1);
        result(join(c.name, ".start_beyond"), memory(c.number | u64{5} << kStartExtentShift, &r));
    }
}

xen_memory_exchange exchange_of(u64* in, u64 in_count, u32 in_order, u64* out, u64 out_count,
                                u32 out_order) {
    auto x = zeroed<xen_memory_exchange>();
    x.in = reservation(in, in_count, in_order);
    x.out = reservation(out, out_count, out_order);
    return x;
}

void exchange() {
    u64 in = mfn_of_pfn(spare_pfn(0));
    u64 out = spare_pfn(0);
    auto x = exchange_of(&in, 1, 0, &out, 1, 0);
    result("exchange.one", memory(XENMEM_exchange, &x));
    value("exchange.one.count", x.nr_exchanged);
    check("exchange.one.m2p", pfn_of_mfn(out) == spare_pfn(0));
    set_mfn(spare_pfn(0), out);

    // Four single pages into one of order two: how a guest makes contiguous memory.
    u64 singles[4];
    const u64 base = spare_pfn(0) & ~u64{3};
    for (u64 i = 0; i < 4; ++i) singles[i] = mfn_of_pfn(base - 4 + i);
    u64 target = base - 4;
    x = exchange_of(singles, 4, 0, &target, 1, 2);
    result("exchange.four_to_one", memory(XENMEM_exchange, &x));
    value("exchange.four_to_one.count", x.nr_exchanged);
    check("exchange.four_to_one.aligned", (target & 3) == 0);
    bool good = true;
    for (u64 i = 0; i < 4; ++i) {
        set_mfn(base - 4 + i, target + i);
        good = good && pfn_of_mfn(target + i) == base - 4 + i;
    }
    check("exchange.four_to_one.m2p", good);
}

void exchange_errors() {
    u64 in[4] = {mfn_of_pfn(spare_pfn(0)), ~u64{0}, 0, 0};
    u64 out[4] = {spare_pfn(0), 0, 0, 0};
    auto x = exchange_of(in, 1, 0, out, 2, 0);
    result("exchange.unequal", memory(XENMEM_exchange, &x));
    x = exchange_of(in, 2, 0, out, 1, 0);
    result("exchange.unequal_other_way", memory(XENMEM_exchange, &x));
    x = exchange_of(in, 1, 0, out, 1, 0);
    x.nr_exchanged = 2;
    result("exchange.count_beyond", memory(XENMEM_exchange, &x));
    x = exchange_of(in, 1, 0, out, 1, 0);
    x.out.domid = 1;
    result("exchange.two_domains", memory(XENMEM_exchange, &x));
    x.in.domid = 1;
    result("exchange.absent_domain", memory(XENMEM_exchange, &x));
    x = exchange_of(in + 1, 1, 0, out, 1, 0);
    result("exchange.bad_frame", memory(XENMEM_exchange, &x));
    value("exchange.bad_frame.count", x.nr_exchanged);
    x = exchange_of(in, u64{1} << 62, 0, out, u64{1} << 62, 0);
    result("exchange.huge", memory(XENMEM_exchange, &x));
    x = exchange_of(in, 1, 30, out, 1, 30);
    result("exchange.big_order", memory(XENMEM_exchange, &x));
    x = exchange_of(in, 1, 64, out, 1, 64);
    result("exchange.bad_order", memory(XENMEM_exchange, &x));
    x = exchange_of(in, 0, 0, out, 0, 0);
    result("exchange.nothing", memory(XENMEM_exchange, &x));
    u64 mapped = mfn_of(window(1));
    u64 gpfn = pfn_of(window(1));
    x = exchange_of(&mapped, 1, 0, &gpfn, 1, 0);
    result("exchange.in_use", memory(XENMEM_exchange, &x));
    value("exchange.in_use.count", x.nr_exchanged);
    if (mfn_of(window(1)) != gpfn && x.nr_exchanged == 1) set_mfn(pfn_of(window(1)), gpfn);
    for (const WildPointer& wild : wild_pointers) {
        result(join("exchange.argument.", wild.name),
               memory(XENMEM_exchange, at<void>(wild.where)));
        x = exchange_of(at<u64>(wild.where), 1, 0, out, 1, 0);
        result(join("exchange.in.", wild.name), memory(XENMEM_exchange, &x));
    }
}

void claims() {
    u64 none = 0;
    auto r = reservation(&none, 1);
    set_handle(r.extent_start, u64{0});
    r.domid = DOMID_SELF;
    result("claim.below_current", memory(XENMEM_claim_pages, &r));
    r.nr_extents = 0;
    result("claim.drop", memory(XENMEM_claim_pages, &r));
    r.mem_flags = 1;
    result("claim.flags", memory(XENMEM_claim_pages, &r));
    r = reservation(&none, 1);
    result("claim.with_list", memory(XENMEM_claim_pages, &r));
    r = reservation(nullptr, 1);
    r.domid = DOMID_XEN;
    result("claim.null_list.domid_xen", memory(XENMEM_claim_pages, &r));
    r.domid = DOMID_INVALID;
    result("claim.null_list.domid_invalid", memory(XENMEM_claim_pages, &r));
}

void unknown() {
    for (u64 command : {8, 13, 16, 17, 18, 19, 20, 21, 22, 26, 29, 30, 63})
        for (const WildPointer& wild : wild_pointers)
            result(join("command.", command, join(".", wild.name)),
                   memory(command, at<void>(wild.where)));
    static Page buffer;
    for (u64 command : {8, 13, 16, 17, 18, 19, 20, 21, 22, 26, 29, 30, 63})
        result(join("command.", command, ".zeroed"), memory(command, buffer));
}

} // namespace

void test_memory() {
    totals();
    wipe_spares();
    decrease_and_populate();
    several();
    increase();
    reservation_errors();
    exchange();
    exchange_errors();
    claims();
    unknown();
}
