// SPDX-License-Identifier: MIT
#include <asm/vuart.hpp>
#include <catch2/catch.hpp>

#include <string>

#include "machine.hpp"

using namespace arm_test;

namespace {

std::string written;

struct Uart {
    Guest g{1, vgic::Version::v3};
    Uart() {
        written.clear();
        REQUIRE(vuart::init_domain(g.domain(), 0x22000000, 32, [](Domain&, u8 b) { written += static_cast<char>(b); }));
        g.write(0, 0, 2);                         // the distributor's group
        g.write(0, 0x104, 1);                     // SPI 32
    }
    ~Uart() { vuart::destroy_domain(g.domain()); }
    u64 read(u64 at) {
        guest::Access a{0x22000000 + at, 0, 4, false};
        REQUIRE(vuart::access(g.domain(), a) == guest::Outcome::done);
        return a.value;
    }
    void write(u64 at, u64 v) {
        guest::Access a{0x22000000 + at, v, 4, true};
        REQUIRE(vuart::access(g.domain(), a) == guest::Outcome::done);
    }
};

}  // namespace

TEST_CASE("the UART passes bytes on and says that it is ready for more") {
    Uart u;
    u.write(0x38, 0x20);                          // transmit interrupt
    CHECK(u.g.acknowledge(0) == 1023);
    for (char c : std::string{"hello"}) u.write(0, static_cast<u8>(c));
    CHECK(written == "hello");
    CHECK((u.read(0x18) & 0xa0) == 0x80);         // empty, not full
    CHECK(u.g.acknowledge(0) == 32);
    u.write(0x44, 0x20);
    u.g.end(0, 32);
    CHECK(u.g.acknowledge(0) == 1023);
}

TEST_CASE("input raises the line until it is read, and a full FIFO refuses more") {
    Uart u;
    u.write(0x38, 0x50);
    for (unsigned i = 0; i < vuart::kInputBytes; ++i) CHECK(vuart::receive(u.g.domain(), static_cast<u8>('a' + i % 26)));
    CHECK_FALSE(vuart::receive(u.g.domain(), 'x'));
    CHECK(u.g.acknowledge(0) == 32);
    u.g.end(0, 32);
    CHECK(u.g.acknowledge(0) == 32);              // nothing was read: it is a level
    for (unsigned i = 0; i < vuart::kInputBytes; ++i) CHECK(u.read(0) == static_cast<u8>('a' + i % 26));
    CHECK(u.read(0x18) & 0x10);
    u.g.end(0, 32);
    CHECK(u.g.acknowledge(0) == 1023);
}
