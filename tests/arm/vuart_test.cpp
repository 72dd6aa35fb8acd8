// SPDX-License-Identifier: MIT
#include <asm/vuart.hpp>
#include <catch2/catch.hpp>
#include <public/io/console.h>
#include <xen/event.hpp>
#include <xen/kept_page.hpp>

#include <cstring>
#include <string>

#include "machine.hpp"

using namespace arm_test;

namespace {

std::string written;

// The page that a guest's UART shares with its daemon, and the channel between them.
alignas(4096) xencons_interface ring;
void (*to_hypervisor)(Vcpu&, Port);
unsigned sent, pages_open;
bool no_page, no_port;

}  // namespace

namespace xen {
Result<char*> kept_page::open(Gfn, const Domain&) {
    if (no_page) return Errno::inval;
    ++pages_open;
    return reinterpret_cast<char*>(&ring);
}
void kept_page::close(const void* inside) { pages_open -= inside != nullptr; }
Result<Port> event::alloc_unbound_for_xen(Domain&, VcpuId, DomId remote, void (*notify)(Vcpu&, Port)) {
    if (no_port) return Errno::nospc;
    CHECK(remote.raw() == 7);
    to_hypervisor = notify;
    return Port{5};
}
Status event::notify_via_xen_port(Domain&, Port port) {
    CHECK(port.raw() == 5);
    ++sent;
    return {};
}
}  // namespace xen

namespace {

struct Uart {
    Guest g{1, vgic::Version::v3};
    explicit Uart(bool shared = false) {
        written.clear();
        if (shared) REQUIRE(vuart::init_shared(g.domain(), 0x22000000, 32, Gfn{3}, DomId{7}).value() == Port{5});
        else REQUIRE(vuart::init_domain(g.domain(), 0x22000000, 32, [](Domain&, u8 b) { written += static_cast<char>(b); }));
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

namespace {

struct Shared : Uart {
    Shared() : Uart{true} { sent = 0; }
    ~Shared() {
        vuart::release_page(g.domain());
        CHECK(pages_open == 0);
    }
    // The daemon's side.
    void type(const std::string& text) {
        for (char c : text) ring.in[MASK_XENCONS_IDX(ring.in_prod++, ring.in)] = c;
        to_hypervisor(g.vcpu(0), Port{5});
    }
    std::string heard() {
        std::string text;
        while (ring.out_cons != ring.out_prod) text += ring.out[MASK_XENCONS_IDX(ring.out_cons++, ring.out)];
        to_hypervisor(g.vcpu(0), Port{5});
        return text;
    }
    bool full() { return read(0x18) & 0x20; }
    bool empty() { return read(0x18) & 0x10; }
};

}  // namespace

TEST_CASE("a shared UART passes bytes through its page, both ways, and tells the daemon") {
    memset(&ring, 0, sizeof ring);
    ring.in_prod = ring.in_cons = 0xfffffff0;   // indices run freely, whatever was there before
    ring.out_prod = ring.out_cons = 0xfffffff8;
    Shared u;
    u.write(0x38, 0x50);
    for (char c : std::string{"hello, daemon"}) u.write(0, static_cast<u8>(c));
    CHECK(sent == 13);
    CHECK(u.heard() == "hello, daemon");
    CHECK(u.empty());
    CHECK(u.g.acknowledge(0) == 1023);
    std::string text = "twenty-six characters, all";
    u.type(text);
    CHECK(u.g.acknowledge(0) == 32);
    std::string got;
    while (!u.empty()) got += static_cast<char>(u.read(0));
    CHECK(got == text);
    CHECK(ring.in_cons == ring.in_prod);
    CHECK(sent == 13 + text.size());
    u.g.end(0, 32);
    CHECK(u.g.acknowledge(0) == 1023);
    CHECK_FALSE(vuart::receive(u.g.domain(), 'x'));   // it has one back end
}

TEST_CASE("a shared UART is full until the daemon reads, and then says so") {
    memset(&ring, 0, sizeof ring);
    Shared u;
    u.write(0x38, 0x20);
    for (unsigned i = 0; i < sizeof ring.out; ++i) {
        CHECK_FALSE(u.full());
        u.write(0, 'a' + i % 26);
    }
    CHECK(u.full());
    CHECK_FALSE(u.read(0x3c) & 0x20);                 // no room: no interrupt
    u.write(0, '!');                                  // lost
    std::string all = u.heard();
    CHECK(all.size() == sizeof ring.out);
    CHECK(all.find('!') == std::string::npos);
    CHECK_FALSE(u.full());
    CHECK(u.g.acknowledge(0) == 32);
}

TEST_CASE("indices that no ring can have neither give the guest bytes nor take its own") {
    memset(&ring, 0, sizeof ring);
    Shared u;
    ring.in_prod = 5000;
    ring.out_cons = 1;                                // nobody wrote that
    to_hypervisor(u.g.vcpu(0), Port{5});
    CHECK(u.empty());
    CHECK(u.read(0) == 0);
    CHECK(u.full());
    u.write(0, 'x');
    CHECK(ring.out_prod == 0);
    ring.in_prod = ring.out_cons = 0;
    to_hypervisor(u.g.vcpu(0), Port{5});
    CHECK_FALSE(u.full());
}

TEST_CASE("a shared UART that cannot be made leaves nothing behind") {
    Guest g{1, vgic::Version::v3};
    no_page = true;
    CHECK(vuart::init_shared(g.domain(), 0x22000000, 32, Gfn{3}, DomId{7}).error() == Errno::inval);
    no_page = false, no_port = true;
    CHECK(vuart::init_shared(g.domain(), 0x22000000, 32, Gfn{3}, DomId{7}).error() == Errno::nospc);
    no_port = false;
    CHECK(pages_open == 0);
    CHECK_FALSE(g.domain().arch.uart);
}
