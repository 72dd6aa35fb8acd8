// SPDX-License-Identifier: MIT
// GNTTABOP_cache_flush: of one's own pages and of those granted to the caller, and in use; the search for the grant yields.
#include <xen/softirq.hpp>

#include "grant_calls.hpp"

using namespace xen;
using namespace xen::sim;

namespace {

gnttab_cache_flush flush_of(Mfn f, u32 op = GNTTAB_CACHE_CLEAN, u16 offset = 0, u16 length = 64) {
    gnttab_cache_flush x{};
    x.a.dev_bus_addr = address_of(f).raw();
    x.offset = offset;
    x.length = length;
    x.op = op;
    return x;
}
s64 flush(gnttab_cache_flush x) { return grant_op(GNTTABOP_cache_flush, &x); }

}  // namespace

TEST_CASE("caches are written back for one's own pages and for those that are granted and in use") {
    Granting g;
    Mfn mine = give_page(g.a);
    run_as(g.a);
    CHECK(flush(flush_of(mine)) == 0);
    CHECK(flush(flush_of(mine, GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_INVAL, 4032)) == 0);
    CHECK(flush(flush_of(mine, GNTTAB_CACHE_INVAL)) == error(Errno::opnotsupp));
    CHECK(flush(flush_of(mine, GNTTAB_CACHE_CLEAN, 4033)) == error(Errno::inval));
    CHECK(flush(flush_of(mine, GNTTAB_CACHE_CLEAN, 4096, 1)) == error(Errno::inval));
    CHECK(flush(flush_of(mine, GNTTAB_CACHE_CLEAN, 0, 4097)) == error(Errno::inval));
    CHECK(flush(flush_of(mine, 4)) == error(Errno::inval));
    CHECK(flush(flush_of(mine, GNTTAB_CACHE_INVAL, 0, 0)) == 0);   // nothing is nothing
    CHECK(flush(flush_of(max_frame)) == error(Errno::inval));
    CHECK(flush(flush_of(Mfn{3})) == error(Errno::perm));     // nobody's
    // A domain's that grants nothing, that grants it unused, that has it in use by somebody else.
    CHECK(flush(flush_of(g.page)) == error(Errno::inval));
    g.grant(8);
    CHECK(flush(flush_of(g.page)) == error(Errno::inval));
    auto m = g.map(8);
    REQUIRE(m.status == GNTST_okay);
    CHECK(flush(flush_of(g.page)) == 0);
    CHECK(flush(flush_of(give_page(g.b))) == error(Errno::inval));
    Domain& c = create_domain();
    run_as(c);
    CHECK(flush(flush_of(g.page)) == error(Errno::inval));
    arch::set_current_vcpu(g.outer);
    destroy_domain(c);
    CHECK(g.unmap(m.handle) == GNTST_okay);
    CHECK(flush(flush_of(g.page)) == error(Errno::inval));
    CHECK(page_of(g.page).references() == 1);
}

TEST_CASE("a grant is found at the end of a long table, in steps between which the call may yield") {
    constexpr u32 kFrames = 12, kLast = kFrames * 512 - 1;
    Granting g;
    run_as(g.b);
    u64 frames[kFrames] = {};
    gnttab_setup_table setup{};
    setup.dom = DOMID_SELF;
    setup.nr_frames = kFrames;
    setup.frame_list.p = frames;
    REQUIRE(grant_op(GNTTABOP_setup_table, &setup) == 0);
    REQUIRE(setup.status == GNTST_okay);
    auto* last = static_cast<grant_entry_v1*>(arch::direct_map(Mfn{frames[kFrames - 1]}));
    last[511] = {GTF_permit_access, g.a_id, static_cast<u32>(g.page.raw())};
    auto m = g.map(kLast);
    REQUIRE(m.status == GNTST_okay);
    Mfn absent = give_page(g.b);
    CHECK(flush(flush_of(g.page)) == 0);
    CHECK(flush(flush_of(absent)) == error(Errno::inval));

    auto run = [](gnttab_cache_flush* ops, u64 count) {
        load({__HYPERVISOR_grant_table_op, {GNTTABOP_cache_flush, reinterpret_cast<u64>(ops), count}});
        unsigned yields = 0;
        while (!enter(true)) ++yields;
        softirq::pending_mask.local().store(0, std::memory_order_relaxed);
        return yields;
    };
    auto result = [] { return static_cast<s64>(current().arch.regs.rax); };
    gnttab_cache_flush ops[] = {flush_of(g.page), flush_of(g.page)};
    CHECK(run(ops, 1) == 1);                                  // within the one search
    CHECK(result() == 0);
    CHECK(run(ops, 2) == 3);                                  // and between the two
    CHECK(result() == 0);
    ops[0] = flush_of(absent);
    CHECK(run(ops, 1) == 1);
    CHECK(result() == error(Errno::inval));
    // A position that goes with nothing to search for is the caller's invention.
    ops[0] = flush_of(g.page, 0);
    CHECK(grant_op(GNTTABOP_cache_flush | 1 << 12, ops) == error(Errno::ilseq));
    CHECK(grant_op(GNTTABOP_cache_flush, ops) == 0);
    CHECK(g.unmap(m.handle) == GNTST_okay);
}
