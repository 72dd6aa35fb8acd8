// SPDX-License-Identifier: MIT
// Rules of memory that domains get, give up and exchange, one by one.
#include <catch2/catch.hpp>
#include <public/memory.h>
#include <xen/memory.hpp>
#include <xen/softirq.hpp>

#include <vector>

#include "census.hpp"
#include "kernel.hpp"

using namespace xen;
using namespace xen::sim;

namespace {

struct Owner {
    Domain& d;
    On on;
    explicit Owner(DomainOptions o = {.pages = 64}) : d{(start(), create_domain(o))}, on{*d.vcpus[0]} {}
    ~Owner() { destroy_domain(d); }
    s64 reservation(u32 cmd, std::vector<xen_pfn_t>& list, u32 order = 0) {
        xen_memory_reservation r{};
        r.extent_start.p = list.data();
        r.nr_extents = list.size();
        r.extent_order = order;
        r.domid = DOMID_SELF;
        return sim::hypercall(__HYPERVISOR_memory_op, cmd, address(r));
    }
};

struct Exchange {
    std::vector<xen_pfn_t> in, out;
    xen_memory_exchange x{};
    Exchange(std::vector<xen_pfn_t> from, u32 in_order, usize extents, u32 out_order) : in{from}, out(extents, 7) {
        x.in.extent_start.p = in.data();
        x.in.nr_extents = in.size();
        x.in.extent_order = in_order;
        x.in.domid = x.out.domid = DOMID_SELF;
        x.out.extent_start.p = out.data();
        x.out.nr_extents = out.size();
        x.out.extent_order = out_order;
    }
    s64 call() { return sim::hypercall(__HYPERVISOR_memory_op, XENMEM_exchange, address(x)); }
};

bool owns(const Domain& d, Mfn f) { return page_of(f).references() && page_of(f).owner() == &d; }
u8* bytes(Mfn f) { return static_cast<u8*>(arch::direct_map(f)); }

}  // namespace

TEST_CASE("a frame given up twice is given up once") {
    Owner o;
    Mfn table = give_page(o.d), data = give_page(o.d);
    static_cast<u64*>(arch::direct_map(table))[0] = data.raw() << kPageShift | 7;
    REQUIRE(mmuext(MMUEXT_PIN_L1_TABLE, table) == 0);
    REQUIRE(page_of(data).references() == 2);
    std::vector<xen_pfn_t> list{data.raw()};
    CHECK(o.reservation(XENMEM_decrease_reservation, list) == 1);
    CHECK(page_of(data).references() == 1);      // its mapping's
    o.reservation(XENMEM_decrease_reservation, list);
    CHECK(page_of(data).references() == 1);
    CHECK(owns(o.d, data));
}

TEST_CASE("an exchange looks at both lists before it takes anything") {
    Owner o;
    Mfn f = give_page(o.d);
    u64 pages = o.d.tot_pages;
    Exchange e{{f.raw()}, 0, 1, 0};
    e.x.out.extent_start.p = reinterpret_cast<xen_pfn_t*>(arch::kXenStart);
    CHECK(e.call() == -EFAULT);
    CHECK(owns(o.d, f));
    CHECK(o.d.tot_pages == pages);
}

TEST_CASE("a list is looked at to its end") {
    MappedKernel k;
    xen_pfn_t list[] = {k.spare_mfn(), k.spare_mfn()};
    constexpr u64 kListAt = 512;
    memcpy(k.data() + kListAt, list, sizeof list);
    xen_memory_exchange x{};
    x.in.extent_start.p = reinterpret_cast<xen_pfn_t*>(MappedKernel::kData + kListAt);
    x.out.extent_start.p = reinterpret_cast<xen_pfn_t*>((u64{1} << 47) - 8);   // its second element is nobody's
    x.in.nr_extents = x.out.nr_extents = 2;
    x.in.domid = x.out.domid = DOMID_SELF;
    memcpy(k.data(), &x, sizeof x);
    CHECK(sim::hypercall(__HYPERVISOR_memory_op, XENMEM_exchange, MappedKernel::kData) == -EFAULT);
    CHECK(owns(k.domain(), Mfn{k.spare_mfn()}));
}

TEST_CASE("orders and counts of extents are bounded") {
    Owner o;
    Mfn f = give_page(o.d);
    Exchange large{{f.raw()}, 13, 1, 13};
    CHECK(large.call() == -EPERM);
    Exchange own{{f.raw()}, 10, 1, 10};
    CHECK(own.call() == -EPERM);                  // a domain without rights: at most 2 MiB
    Exchange wraps{{f.raw()}, 1, 1, 1};
    wraps.x.in.nr_extents = wraps.x.out.nr_extents = u64{1} << 63;
    CHECK(wraps.call() == -EINVAL);
    Exchange uneven{{f.raw()}, 0, 1, 1};
    CHECK(uneven.call() == -EINVAL);
    CHECK(owns(o.d, f));
    o.d.max_pages = 4096;
    std::vector<xen_pfn_t> one{0};
    CHECK(o.reservation(XENMEM_populate_physmap, one, 10) == 0);
    CHECK(o.reservation(XENMEM_populate_physmap, one, 9) == 1);
}

TEST_CASE("an exchange that fails gives back what it took") {
    Owner o;
    Mfn f = give_page(o.d);
    bytes(f)[0] = 0x77;
    u64 pages = o.d.tot_pages;
    Exchange e{{f.raw(), max_frame.raw() + 3}, 0, 1, 1};
    CHECK(e.call() == -EINVAL);
    CHECK(owns(o.d, f));
    CHECK(page_of(f).references() == 1);
    CHECK(o.d.tot_pages == pages);
    CHECK(e.x.nr_exchanged == 0);
}

TEST_CASE("a domain gets no more than its limit") {
    Owner o{{.pages = 6}};
    std::vector<xen_pfn_t> list(10);
    CHECK(o.reservation(XENMEM_populate_physmap, list) == 6);
    CHECK(o.d.tot_pages == 6);
    o.d.max_pages = 9;
    std::vector<xen_pfn_t> block(1);
    CHECK(o.reservation(XENMEM_increase_reservation, block, 2) == 0);   // 4 more than 6 are above 9
    CHECK(o.d.tot_pages == 6);
    o.d.max_pages = 3;                                                 // less than it has
    CHECK(o.reservation(XENMEM_increase_reservation, block) == 0);
}

TEST_CASE("reservations that yield skip no extent") {
    Owner o;
    std::vector<xen_pfn_t> list(20, ~xen_pfn_t{0});
    xen_memory_reservation r{};
    r.extent_start.p = list.data();
    r.nr_extents = list.size();
    r.domid = DOMID_SELF;
    unsigned yields = 0;
    load({__HYPERVISOR_memory_op, {XENMEM_increase_reservation, address(r)}});
    while (!enter(true)) ++yields;
    softirq::pending_mask.local().store(0, std::memory_order_relaxed);
    CHECK(yields == list.size() - 1);
    CHECK(o.d.tot_pages == list.size());
    for (xen_pfn_t f : list) {
        REQUIRE(mfn_valid(Mfn{f}));
        CHECK(owns(o.d, Mfn{f}));
    }
}

TEST_CASE("a claim stays within the domain's limit and what is free") {
    Owner o{{.privileged = true}};
    Domain& other = create_domain({.pages = 1 << 20});
    auto claim = [&](u64 pages) {
        xen_memory_reservation r{};
        r.nr_extents = pages;
        r.domid = other.id.raw();
        return sim::hypercall(__HYPERVISOR_memory_op, XENMEM_claim_pages, address(r));
    };
    CHECK(claim(memory::free_pages() + 1) == -ENOMEM);
    CHECK(claim((1 << 20) + 1) == -EINVAL);
    CHECK(other.outstanding_claims == 0);
    CHECK(claim(10) == 0);
    CHECK(claim(10) == -EINVAL);                  // one at a time
    give_page(other);
    CHECK(other.outstanding_claims == 9);
    CHECK(claim(0) == 0);
    CHECK(other.outstanding_claims == 0);
    destroy_domain(other);
}

TEST_CASE("what is claimed is left to who claimed it, while he lives") {
    constexpr u64 kLeft = 200;
    Owner o{{.privileged = true}};
    Domain& claimant = create_domain({.pages = 1 << 20});
    Domain& other = create_domain({.pages = 1 << 20});
    u64 free = memory::free_pages();
    xen_memory_reservation r{};
    r.nr_extents = free - kLeft;
    r.domid = claimant.id.raw();
    REQUIRE(sim::hypercall(__HYPERVISOR_memory_op, XENMEM_claim_pages, address(r)) == 0);
    CHECK(memory::claimed_pages() == free - kLeft);
    r.nr_extents = kLeft + 1;
    r.domid = other.id.raw();
    CHECK(sim::hypercall(__HYPERVISOR_memory_op, XENMEM_claim_pages, address(r)) == -ENOMEM);   // more than is left
    u64 got = 0;
    while (memory::allocate_domain_pages(other, {}) && got <= kLeft) ++got;
    CHECK(got == kLeft);
    CHECK(memory::allocate_heap_pages(Order{0}) == nullptr);
    CHECK(memory::allocate_domain_pages(claimant, {.order = Order{3}}));
    CHECK(memory::claimed_pages() == free - kLeft - 8);
    destroy_domain(claimant);
    CHECK(memory::claimed_pages() == 0);
    CHECK(memory::allocate_domain_pages(other, {}));
    destroy_domain(other);
}

// One page goes with the domain, the other when somebody else lets go of it.
TEST_CASE("what a dead domain had is wiped") {
    start();
    Domain& d = create_domain();
    Mfn own = give_page(d), used = give_page(d);
    for (Mfn f : {own, used}) memset(bytes(f), 0xa5, kPageSize);
    REQUIRE(get_page(page_of(used), d));
    destroy_domain(d);
    put_page(page_of(used));
    while (memory::scrub_some()) {
    }
    CHECK(bytes(own)[0] == 0);
    CHECK(bytes(own)[kPageSize - 1] == 0);
    CHECK(bytes(used)[0] == 0);
    CHECK(bytes(used)[kPageSize - 1] == 0);
}

TEST_CASE("what nobody has had since boot is wiped before a guest gets it") {
    start();
    auto* page = static_cast<u8*>(memory::allocate_heap_pages(Order{0}));
    REQUIRE(page);
    memset(page, 0xa5, kPageSize);
    PageInfo& p = page_of(page);
    Domain& d = create_domain({.pages = 1 << 20});
    memory::add_free_range(p.mfn(), 1);           // as the loader left it
    while (memory::free_pages() && p.owner() != &d)
        if (!memory::allocate_domain_pages(d, {})) break;
    REQUIRE(p.owner() == &d);
    CHECK(page[0] == 0);
    CHECK(page[kPageSize - 1] == 0);
    destroy_domain(d);
    while (memory::scrub_some()) {
    }
}

TEST_CASE("a dying domain gets no page") {
    start();
    Domain& d = create_domain();
    d.dying = Dying::dying;
    u64 free = memory::free_pages();
    CHECK_FALSE(memory::allocate_domain_pages(d, {}));
    CHECK(memory::free_pages() == free);
    CHECK(d.tot_pages == 0);
    d.dying = Dying::alive;
    destroy_domain(d);
}

TEST_CASE("even the control domain's exchange has a largest extent") {
    Owner o{{.pages = 64, .privileged = true}};
    Mfn f = give_page(o.d);
    Exchange large{{f.raw()}, 13, 1, 13};
    CHECK(large.call() == -EPERM);
    CHECK(owns(o.d, f));
}

TEST_CASE("a domain that may have less than it has gets nothing for what it exchanges") {
    Owner o;
    Mfn f = give_page(o.d), other = give_page(o.d);
    u64 most = std::exchange(o.d.max_pages, u64{1});
    Exchange e{{f.raw()}, 0, 1, 0};
    CHECK(e.call() < 0);
    CHECK(e.x.nr_exchanged == 0);
    CHECK(e.out[0] == 7);
    CHECK_FALSE(owns(o.d, f));
    CHECK(o.d.tot_pages == 1);
    CHECK(owns(o.d, other));
    // What cannot be taken as a whole is not given back either.
    o.d.max_pages = most;
    Mfn third = give_page(o.d);
    o.d.max_pages = 1;
    u64 free = memory::free_pages();
    Exchange half{{third.raw(), max_frame.raw()}, 0, 1, 1};
    CHECK(half.call() == -EINVAL);
    CHECK_FALSE(owns(o.d, third));
    CHECK(memory::free_pages() == free + 1);
}

TEST_CASE("an exchange whose result cannot be told ends with EFAULT") {
    MappedKernel k;
    constexpr u64 kListAt = 512;
    xen_pfn_t list[] = {k.spare_mfn()};
    memcpy(k.data() + kListAt, list, sizeof list);
    xen_memory_exchange x{};
    x.in.extent_start.p = reinterpret_cast<xen_pfn_t*>(MappedKernel::kData + kListAt);
    x.out.extent_start.p = reinterpret_cast<xen_pfn_t*>(k.entry_address(40));   // it may be read there, not written
    x.in.nr_extents = x.out.nr_extents = 1;
    x.in.domid = x.out.domid = DOMID_SELF;
    memcpy(k.data(), &x, sizeof x);
    u64 pages = k.domain().tot_pages;
    CHECK(sim::hypercall(__HYPERVISOR_memory_op, XENMEM_exchange, MappedKernel::kData) == -EFAULT);
    CHECK(k.entry(40).raw == 0);
    CHECK(k.domain().tot_pages == pages);                     // it has the page, and may find out which
}
