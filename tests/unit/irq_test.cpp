// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>

#include <set>

#include "arch/x86/irq/vector_map.hpp"
#include "drivers/ioapic/ioapic.hpp"
#include "drivers/pci/msi.hpp"

using namespace xen;

TEST_CASE("a CPU's vectors are handed out once, and none that guests use") {
    irq::VectorMap m;
    std::set<u8> seen;
    while (Maybe<u8> v = m.take(static_cast<u16>(seen.size()))) {
        CHECK(seen.insert(*v).second);
        CHECK((*v >= 0x30 && *v <= 0xdf && *v != 0x80 && *v != 0x82));
    }
    CHECK(seen.size() == 174);
    u16 line = m.line(0x55);
    REQUIRE(line != irq::kNoLine);
    m.give_back(0x55);
    CHECK(m.line(0x55) == irq::kNoLine);
    Maybe<u8> again = m.take(line);
    REQUIRE(again);
    CHECK(*again == 0x55);
    CHECK(m.line(0x20) == irq::kNoLine);
    CHECK(m.line(0xff) == irq::kNoLine);
}

TEST_CASE("neighbouring lines get different priority classes") {
    irq::VectorMap m;
    std::set<u8> classes;
    for (u16 i = 0; i < 8; ++i) classes.insert(static_cast<u8>(*m.take(i) >> 4));
    CHECK(classes.size() >= 7);
}

TEST_CASE("line 0 and the highest line have vectors") {
    irq::VectorMap m;
    CHECK(m.line(*m.take(0)) == 0);
    CHECK(m.line(*m.take(0xfffe - 1)) == 0xfffd);
}

TEST_CASE("redirection entries") {
    using namespace xen::ioapic;
    Entry e{0x41, 0, true, true, false, 3};
    CHECK(encode(e) == 0x030000000000a041);
    CHECK(decode(encode(e)) == e);
    Entry nmi{0, 4, false, false, false, 0xff};
    CHECK(encode(nmi) == 0xff00000000000400);
    CHECK(encode(Entry{}) == 0x10000);
    CHECK(decode(0x10000) == Entry{});
}

TEST_CASE("messages") {
    pci::Message m = pci::message_for(7, 0x61);
    CHECK((m.address == 0xfee07000 && m.address_high == 0 && m.data == 0x61));
}
