// SPDX-License-Identifier: MIT
// What guests populate, give up, map of others and are granted, as stage 2 has it afterwards, with each page's references.
#include <asm/cache.hpp>
#include <asm/cpu.hpp>
#include <asm/p2m.hpp>
#include <catch2/catch.hpp>
#include <public/grant_table.h>
#include <public/memory.h>
#include <xen/arch_memory.hpp>
#include <xen/grant.hpp>
#include <xen/memory.hpp>
#include <xen/rangeset.hpp>

#include "../sim/allocations.hpp"
#include "common/memory/op/op.hpp"
#include "arch/arm/mm/flush.hpp"
#include "stage2_machine.hpp"

using namespace stage2_test;
using p2m::Type;

namespace {

std::set<u64> cleaned;                     // pages written back and forgotten by the caches
std::vector<std::pair<bool, bool>> maintained;
Maybe<Mfn> grant_frame;
std::pair<u64, bool> asked_frame;

struct CleanWorld : World {
    CleanWorld() { cleaned.clear(), maintained.clear(); }
};

// The guest that calls.
struct Calling {
    explicit Calling(Guest& g) : outer{arch::current_vcpu()} {
        vcpu.domain = &*g;
        arch::set_current_vcpu(&vcpu);
    }
    ~Calling() { arch::set_current_vcpu(outer); }
    Vcpu vcpu{};
    Vcpu* outer;
};

Type type_at(Guest& g, u64 gfn) {
    auto e = p2m::lookup(*g, Gfn{gfn});
    return e ? e.value().type : Type::none;
}
Mfn mfn_at(Guest& g, u64 gfn) { return p2m::lookup(*g, Gfn{gfn}).value().mfn; }

}  // namespace

TEST_CASE("memory that a guest populates is its own, written back from the caches, and goes back when it is removed") {
    CleanWorld w;
    Guest g;
    for (u8 order : {0, 3, 9}) {
        u64 frames = u64{1} << order, at = 0x40000;
        REQUIRE(arch::populate(*g, {.order = Order{order}}, Gfn{at}).ok());
        CHECK(g->tot_pages == frames);
        for (u64 i = 0; i < frames; ++i) {
            REQUIRE(type_at(g, at + i) == Type::ram);
            REQUIRE(cleaned.count(mfn_at(g, at + i).raw()));
            REQUIRE(page_of(mfn_at(g, at + i)).references() == 1);
        }
        for (u64 i = 0; i < frames; ++i) REQUIRE(arch::remove_page(*g, Gfn{at + i}).ok());
        CHECK(g->tot_pages == 0);
        CHECK(arch::remove_page(*g, Gfn{at}).error() == Errno::noent);
    }
}

TEST_CASE("populating fails as a whole") {
    CleanWorld w;
    Guest g;
    for (u64 n = 0;; ++n) {
        sim::fail_allocation(n);
        Status s = arch::populate(*g, {.order = Order{2}}, Gfn{0x1000});
        sim::stop_failing();
        if (s) break;
        CHECK(s.error() == Errno::nomem);
        CHECK(g->tot_pages == 0);
        CHECK(type_at(g, 0x1000) == Type::none);
        REQUIRE(n < 10);
    }
    g->max_pages = 4;
    CHECK_FALSE(arch::populate(*g, {}, Gfn{0x2000}).ok());
    g->max_pages = 5;
    CHECK(arch::populate(*g, {}, Gfn{u64{1} << 40}).error() == Errno::inval);    // no such address
    CHECK(g->tot_pages == 4);
}

TEST_CASE("who has its memory at the addresses of the machine keeps what it gives up") {
    CleanWorld w;
    Guest other, g;
    g->arch.direct_map = true;
    Mfn own = g.memory(3), foreign = other.memory();
    REQUIRE(arch::populate(*g, {.order = Order{3}}, Gfn{own.raw()}).ok());
    CHECK(mfn_at(g, own.raw() + 7) == own + 7);
    CHECK(arch::populate(*g, {}, Gfn{foreign.raw()}).error() == Errno::inval);
    CHECK_THAT(last_refusal(), Catch::Matchers::Contains("is not its own memory"));
    CHECK(arch::populate(*g, {.order = Order{4}}, Gfn{own.raw()}).error() == Errno::inval);
    CHECK(arch::populate(*g, {}, Gfn{max_frame.raw()}).error() == Errno::inval);
    REQUIRE(arch::remove_page(*g, Gfn{own.raw()}).ok());
    CHECK(type_at(g, own.raw()) == Type::none);
    CHECK(g->tot_pages == 8);
    CHECK(page_of(own).references() == 1);
    REQUIRE(arch::populate(*g, {}, Gfn{own.raw()}).ok());
}

TEST_CASE("only memory of its own is removed") {
    CleanWorld w;
    Guest other, g;
    Mfn page = other.memory();
    REQUIRE(p2m::map(*other, Gfn{1}, page, 1, Type::ram).ok());
    REQUIRE(arch::add_to_physmap(*g, XENMAPSPACE_gmfn_foreign, 1, Gfn{7}, &*other).ok());
    CHECK(arch::remove_page(*g, Gfn{7}).error() == Errno::inval);
    CHECK(page_of(page).references() == 2);
    REQUIRE(p2m::map(*g, Gfn{8}, Mfn{0x9000}, 1, Type::device).ok());
    CHECK(arch::remove_page(*g, Gfn{8}).error() == Errno::inval);
    CHECK(arch::remove_from_physmap(*g, Gfn{8}).error() == Errno::noent);    // nor is a device unmapped
    CHECK(arch::remove_from_physmap(*g, Gfn{9}).error() == Errno::noent);
    REQUIRE(arch::remove_from_physmap(*g, Gfn{7}).ok());
    CHECK(page_of(page).references() == 1);
}

TEST_CASE("pages of another domain: its memory and what it shares, with the rights that it has itself") {
    CleanWorld w;
    Guest other, g;
    Mfn page = other.memory(), read_only = other.memory(), shared = other.memory();
    REQUIRE(p2m::map(*other, Gfn{1}, page, 1, Type::ram).ok());
    REQUIRE(p2m::map(*other, Gfn{2}, read_only, 1, Type::ram_read_only).ok());
    REQUIRE(get_page(page_of(shared), *other));
    REQUIRE(p2m::map_page(*other, Gfn{3}, shared, Type::shared).ok());
    REQUIRE(p2m::map(*other, Gfn{4}, Mfn{0x9000}, 1, Type::device).ok());
    auto foreign = [&](u64 index, u64 at, Domain* d) { return arch::add_to_physmap(*g, XENMAPSPACE_gmfn_foreign, index, Gfn{at}, d); };
    for (u64 i : {1, 2, 3}) REQUIRE(foreign(i, 100 + i, &*other).ok());
    CHECK(type_at(g, 101) == Type::foreign);
    CHECK(type_at(g, 102) == Type::foreign_read_only);
    CHECK(type_at(g, 103) == Type::foreign);
    CHECK(page_of(page).references() == 2);
    CHECK(foreign(4, 104, &*other).error() == Errno::inval);
    CHECK(foreign(5, 104, &*other).error() == Errno::noent);
    CHECK(foreign(1, 104, nullptr).error() == Errno::nosys);
    CHECK(foreign(1, 104, &*g).error() == Errno::inval);
    p2m::Map* map = std::exchange(other->arch.p2m, nullptr);
    CHECK(foreign(1, 104, &*other).error() == Errno::inval);
    other->arch.p2m = map;
    // What it maps of others is not passed on.
    REQUIRE(arch::add_to_physmap(*other, XENMAPSPACE_gmfn_foreign, 1, Gfn{50}, &*g).error() == Errno::noent);
    Mfn mine = g.memory();
    REQUIRE(p2m::map(*g, Gfn{1}, mine, 1, Type::ram).ok());
    REQUIRE(arch::add_to_physmap(*other, XENMAPSPACE_gmfn_foreign, 1, Gfn{50}, &*g).ok());
    CHECK(foreign(50, 105, &*other).error() == Errno::inval);
    CHECK(page_of(mine).references() == 2);
    REQUIRE(arch::remove_from_physmap(*other, Gfn{50}).ok());
    // Without memory for a table the reference goes back.
    sim::fail_allocation(0);
    CHECK(foreign(1, 0x8000000, &*other).error() == Errno::nomem);
    sim::stop_failing();
    CHECK(page_of(page).references() == 2);
}

TEST_CASE("shared_info, grant tables and devices in a guest's memory") {
    start();
    RangeSet ranges;
    REQUIRE(ranges.add(0x9000, 0x9001).ok());
    CleanWorld w;
    Guest g;
    Mfn info = g.memory(), frame = g.memory();
    g->arch.shared_info_mfn = info;
    auto add = [&](u32 space, u64 index, u64 at) { return arch::add_to_physmap(*g, space, index, Gfn{at}, nullptr); };
    REQUIRE(add(XENMAPSPACE_shared_info, 0, 5).ok());
    CHECK((type_at(g, 5) == Type::shared && mfn_at(g, 5) == info));
    CHECK(page_of(info).references() == 2);
    CHECK(add(XENMAPSPACE_shared_info, 1, 5).error() == Errno::inval);
    grant_frame = frame;
    REQUIRE(add(XENMAPSPACE_grant_table, 3, 5).ok());        // in the same place: the old one's reference goes back
    CHECK(asked_frame == std::pair<u64, bool>{3, false});
    CHECK(page_of(info).references() == 1);
    REQUIRE(add(XENMAPSPACE_grant_table, 2 | XENMAPIDX_grant_table_status, 6).ok());
    CHECK(asked_frame == std::pair<u64, bool>{2, true});
    CHECK(page_of(frame).references() == 3);
    grant_frame = nothing;
    CHECK(add(XENMAPSPACE_grant_table, 9, 7).error() == Errno::nospc);
    CHECK(add(XENMAPSPACE_gmfn, 1, 7).error() == Errno::nosys);
    CHECK(add(77, 1, 7).error() == Errno::nosys);

    g->io_memory = &ranges;
    REQUIRE(add(XENMAPSPACE_dev_mmio, 0x9001, 8).ok());
    CHECK((type_at(g, 8) == Type::device_as_mapped && mfn_at(g, 8) == Mfn{0x9001}));
    REQUIRE(add(XENMAPSPACE_dev_mmio, 0x9002, 9).ok());      // no error, and nothing there
    CHECK(type_at(g, 9) == Type::none);
    g->io_memory = nullptr;

    REQUIRE(arch::map_resource(*g, Gfn{11}, info, *g).ok());
    CHECK(type_at(g, 11) == Type::foreign);
    Guest other;
    CHECK(arch::map_resource(*g, Gfn{12}, info, *other).error() == Errno::inval);
    CHECK(arch::memory_op(XENMEM_get_sharing_freed_pages, {}).value() == 0);
    CHECK(arch::memory_op(9999, {}).error() == Errno::nosys);
}

TEST_CASE("a grant's page stands where it was mapped until it is unmapped, or something else is mapped there") {
    CleanWorld w;
    Guest other, g;
    Calling calling{g};
    Mfn page = other.memory(), another = other.memory();
    auto hold = [&](bool writable) {
        if (writable) REQUIRE(get_page_and_type(page_of(page), *other, PageType::writable).ok());
        else REQUIRE(get_page(page_of(page), *other));
    };
    auto give_back = [&](bool writable) { writable ? put_page_and_type(page_of(page)) : put_page(page_of(page)); };
    for (bool writable : {true, false}) {
        u32 flags = GNTMAP_host_map | (writable ? 0u : u32{GNTMAP_readonly});
        hold(writable);
        REQUIRE(arch::map_grant(0x7000, page, flags, 0) == GNTST_okay);
        CHECK(type_at(g, 7) == (writable ? Type::grant : Type::grant_read_only));
        CHECK(arch::unmap_grant(0x7000, another, 0, flags) == GNTST_general_error);
        CHECK(arch::unmap_grant(0x8000, page, 0, flags) == GNTST_general_error);
        CHECK(arch::unmap_grant(0x7000, page, 0, flags ^ GNTMAP_readonly) == GNTST_general_error);
        CHECK(arch::unmap_grant(0x7001, page, 0, flags) == GNTST_general_error);
        CHECK(arch::unmap_grant(0x7000, page, 0x9000, flags) == GNTST_general_error);
        CHECK(arch::unmap_grant(0x7000, page, 0, flags | GNTMAP_contains_pte) == GNTST_general_error);
        CHECK(page_of(page).references() == 2);
        REQUIRE(arch::unmap_grant(0x7000, page, 0, flags) == GNTST_okay);
        give_back(writable);
        // The guest maps its own memory over it.
        hold(writable);
        REQUIRE(arch::map_grant(0x7000, page, flags, 0) == GNTST_okay);
        REQUIRE(arch::populate(*g, {}, Gfn{7}).ok());
        CHECK(page_of(page).references() == 1);
        CHECK(page_of(page).type_uses() == 0);
        CHECK(arch::unmap_grant(0x7000, page, 0, flags) == GNTST_general_error);
        REQUIRE(arch::remove_page(*g, Gfn{7}).ok());
    }
    CHECK(arch::map_grant(0x7008, page, GNTMAP_host_map, 0) == GNTST_general_error);
    CHECK(arch::map_grant(0x7000, page, GNTMAP_host_map, 1) == GNTST_general_error);
    CHECK(arch::map_grant(0x7000, page, GNTMAP_host_map | GNTMAP_contains_pte, 0) == GNTST_general_error);
    CHECK(arch::map_grant(0x7000, page, GNTMAP_host_map | GNTMAP_application_map, 0) == GNTST_general_error);
    CHECK(arch::map_grant(u64{1} << 52, page, GNTMAP_host_map, 0) == GNTST_general_error);
    CHECK(page_of(page).references() == 1);
}

TEST_CASE("each page that is mapped is cleaned once, holes and devices are passed by") {
    CleanWorld w;
    Guest g;
    constexpr u64 kBase = 0x40000;
    Mfn few[] = {g.memory(), g.memory(), g.memory()}, large = g.memory(9);
    REQUIRE(p2m::map(*g, Gfn{kBase}, few[0], 1, Type::ram).ok());
    REQUIRE(p2m::map(*g, Gfn{kBase + 7}, few[1], 1, Type::ram).ok());
    REQUIRE(p2m::map(*g, Gfn{kBase + 512}, large, 512, Type::ram).ok());
    REQUIRE(p2m::map(*g, Gfn{kBase + 3 * 512 * 512}, few[2], 1, Type::ram_read_only).ok());
    REQUIRE(p2m::map(*g, Gfn{kBase + 9}, Mfn{0x9000000 >> 12}, 1, Type::device).ok());
    cleaned.clear(), maintained.clear();
    Gfn end = p2m::highest(*g) + 1, at{0};
    unsigned turns = 0;
    while (at < end) {
        Gfn next = mm::flush_frames(*g, at, end, 64);
        REQUIRE(next > at);
        CHECK(maintained.size() <= 64 * ++turns);
        at = next;
    }
    CHECK(at == end);
    CHECK(cleaned.size() == 515);
    CHECK(maintained.size() == 515);
    for (Mfn m : few) CHECK(cleaned.count(m.raw()));
    for (u64 i = 0; i < 512; ++i) CHECK(cleaned.count((large + i).raw()));
    CHECK(turns < 40);                                      // a hole of a table is passed in one step
    cleaned.clear(), maintained.clear();
    CHECK(mm::flush_frames(*g, Gfn{kBase + 512}, Gfn{kBase + 520}, 64) == Gfn{kBase + 520});
    CHECK(cleaned.size() == 8);                             // not beyond what was asked for
}

TEST_CASE("a granted page's caches: cleaned, invalidated, or both") {
    CleanWorld w;
    char bytes[64];
    for (bool clean : {false, true})
        for (bool invalidate : {false, true}) {
            if (!clean && !invalidate) continue;
            maintained.clear();
            REQUIRE(arch::maintain_cache(bytes, sizeof(bytes), clean, invalidate).ok());
            CHECK(maintained == std::vector<std::pair<bool, bool>>{{clean, invalidate}});
        }
}

namespace xen {

namespace arch {
void clean_cache(const void*, u64) { maintained.push_back({true, false}); }
void invalidate_cache(void*, u64) { maintained.push_back({false, true}); }
void clean_invalidate_cache(const void* p, u64 bytes) {
    maintained.push_back({true, true});
    if (bytes == kPageSize) cleaned.insert(direct_map_mfn(p).raw());
}
}  // namespace arch

Result<Mfn> grant::frame_of(Domain&, u64 index, bool status) {
    asked_frame = {index, status};
    if (!grant_frame) return Errno::nospc;
    return *grant_frame;
}

}  // namespace xen
