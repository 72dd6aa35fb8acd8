// SPDX-License-Identifier: MIT
// What the hypervisor does for domains that start with it: static event channels, and their console rings.
#include <xen/console.hpp>
#include <xen/terminal.hpp>
#include <xen/event.hpp>
#include <xen/softirq.hpp>
#include <xen/static_event.hpp>

#include <public/io/console.h>

#include <string>

#include "common/console/input.hpp"
#include "common/console/state.hpp"
#include "common/console/terminal.hpp"
#include "event_calls.hpp"

using namespace xen;
using namespace xen::sim;

namespace {

bool pending2(const Domain& d, u32 port) { return d.shared->evtchn_pending[port / 64] >> (port % 64) & 1; }
void forget(Domain& d, u32 port) { d.shared->evtchn_pending[port / 64] &= ~(u64{1} << (port % 64)); }

std::string log_since(u32 from) {
    console::Session s;
    std::string t(console::state.ring.end() - from, ' ');
    t.resize(console::state.ring.copy(from, t.data(), static_cast<u32>(t.size())));
    return t;
}
u32 log_end() {
    console::Session s;
    return console::state.ring.end();
}

// A guest with a console; the test writes and reads the ring as the guest would.
struct Speaker {
    Domain& d = create_domain();
    Mfn frame = give_page(d);
    xencons_interface* ring = static_cast<xencons_interface*>(arch::direct_map(frame));
    u32 port = 0;
    Vcpu* outer = arch::current_vcpu();
    Speaker() {
        auto p = console::serve_ring(d, Gfn{frame.raw()});
        REQUIRE(p.ok());
        port = p.value().raw();
    }
    ~Speaker() {
        arch::set_current_vcpu(outer);
        destroy_domain(d);
    }
    void put(const std::string& text) {
        for (char c : text) ring->out[MASK_XENCONS_IDX(ring->out_prod++, ring->out)] = c;
    }
    void say(const std::string& text) {
        put(text);
        run_as(d);
        REQUIRE(send(port) == 0);
    }
    std::string typed() {
        std::string t;
        while (ring->in_cons != ring->in_prod) t += ring->in[MASK_XENCONS_IDX(ring->in_cons++, ring->in)];
        return t;
    }
};

void type(const char* text) {
    for (; *text; ++text) console::receive(*text);
}

// Until `target` has the input.
void switch_to(Str target) {
    REQUIRE(console::set_switch("a").ok());
    for (int i = 0; i < 40 && !(console::input_target() == target); ++i) type("\1\1\1");
    REQUIRE(console::input_target() == target);
}
void wait_a_moment() {
    advance(millis(20));
    softirq::raise(softirq::Kind::timer);
    softirq::process();
}
std::string name_of(const Domain& d) { return "DOM" + std::to_string(d.id.raw()); }

}  // namespace

TEST_CASE("two domains are connected on the ports that a description gives", "[partition]") {
    Pair p;
    CHECK(event::connect_static(p.a, Port{10}, p.b, Port{77}));
    CHECK(!pending2(p.a, 10));
    CHECK(!pending2(p.b, 77));
    run_as(p.a);
    CHECK(send(10) == 0);
    CHECK(pending2(p.b, 77));
    run_as(p.b);
    CHECK(send(77) == 0);
    CHECK(pending2(p.a, 10));
    CHECK(status_of(77).u.interdomain.port == 10);
    CHECK(event::connect_static(p.a, Port{10}, p.b, Port{78}).error() == Errno::exist);
    CHECK(event::connect_static(p.a, Port{11}, p.b, Port{77}).error() == Errno::exist);
    CHECK(event::connect_static(p.a, Port{0}, p.b, Port{78}).error() == Errno::nospc);
    CHECK(event::connect_static(p.a, Port{11}, p.b, Port{4096}).error() == Errno::nospc);
    CHECK(event::connect_static(p.a, Port{12}, p.a, Port{12}).error() == Errno::inval);
    CHECK(event::connect_static(p.a, Port{12}, p.a, Port{13}));
    run_as(p.a);
    CHECK(send(12) == 0);
    CHECK(pending2(p.a, 13));
    u32 port;
    CHECK(bind_ipi(0, port) == 0);
    CHECK(port == 1);   // ports below stay free
    for (u32 want : {2u, 3u, 4u, 5u, 6u, 7u, 8u, 9u, 11u, 14u}) {
        CHECK(bind_ipi(0, port) == 0);
        CHECK(port == want);
    }
    CHECK(close_port(10) == 0);
    run_as(p.b);
    CHECK(status_of(77).status == EVTCHNSTAT_unbound);
}

TEST_CASE("a console ring: lines in the log, characters to the guest", "[partition]") {
    Speaker s;
    switch_to("Xen");
    u32 from = log_end();
    std::string prefix = "(d" + std::to_string(s.d.id.raw()) + ") ";
    s.say("hello\r\nwor");
    CHECK(log_since(from) == prefix + "hello\n");
    CHECK(s.ring->out_cons == s.ring->out_prod);
    CHECK(pending2(s.d, s.port));
    s.say("ld\n");
    CHECK(log_since(from) == prefix + "hello\n" + prefix + "world\n");
    s.say("\x1b[2Jred\n");                          // no control over the screen of others
    CHECK(log_since(from) == prefix + "hello\n" + prefix + "world\n" + prefix + "[2Jred\n");
    forget(s.d, s.port);
    switch_to(name_of(s.d).c_str());
    type("ls\r");
    CHECK(s.typed() == "ls\r");
    CHECK(pending2(s.d, s.port));
    from = log_end();
    s.say("$ ");
    CHECK(log_since(from).empty());
    wait_a_moment();
    CHECK(log_since(from) == prefix + "$ ");         // it is watched: also what is no line yet
    s.say("ls\nfile\n");
    CHECK(log_since(from) == prefix + "$ ls\n" + prefix + "file\n");
    switch_to("Xen");
}

TEST_CASE("a guest's wild indices lose its own text alone", "[partition]") {
    Speaker s;
    switch_to("Xen");
    u32 from = log_end();
    s.ring->out_prod = 0x80000000;
    run_as(s.d);
    CHECK(send(s.port) == 0);
    CHECK(log_since(from).empty());
    s.say("again\n");
    CHECK_THAT(log_since(from), Catch::Contains("again"));
    s.ring->out_cons = 12345;                        // ours: it is not read back
    s.say("once more\n");
    CHECK_THAT(log_since(from), Catch::Contains("once more"));
    switch_to(name_of(s.d).c_str());
    s.ring->in_cons = 77;
    type("lost");
    CHECK(s.ring->in_prod == 0);
    s.ring->in_cons = 0;
    for (int i = 0; i < 1100; ++i) type("x");
    CHECK(s.ring->in_prod == 1024);                  // full: the rest is lost
    switch_to("Xen");
}

TEST_CASE("a full ring is emptied, and its guest is told", "[partition]") {
    Speaker s;
    switch_to("Xen");
    u32 from = log_end();
    std::string all;
    for (int i = 0; all.size() < 2048 - 16; ++i) all += "line " + std::to_string(i) + "\n";
    s.say(all);
    CHECK(s.ring->out_cons == s.ring->out_prod);
    // Of its own lines: others, of earlier tests, may have something to say as well.
    std::string log = "\n" + log_since(from), prefix = "\n(d" + std::to_string(s.d.id.raw()) + ") ";
    usize lines = 0;
    for (usize at = log.find(prefix); at != std::string::npos; at = log.find(prefix, at + 1)) ++lines;
    CHECK(lines == static_cast<usize>(std::count(all.begin(), all.end(), '\n')));
}

TEST_CASE("the input goes round and leaves a domain that dies", "[partition]") {
    {
        Speaker a, b;
        switch_to(name_of(a.d).c_str());
        type("\1\1\1");
        CHECK(console::input_target() == Str{name_of(b.d).c_str()});
        type("b");
        CHECK(b.typed() == "b");
        CHECK(a.typed().empty());
        switch_to(name_of(a.d).c_str());
        run_as(a.d);
    }
    CHECK((console::input_target() == Str{"Xen"} || console::input_target() == Str{"DOM0"}));
}
