// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>

#include <algorithm>
#include <deque>
#include <functional>
#include <string>
#include <utility>

#include "common/console/state.hpp"
#include "drivers/serial/ns16550.hpp"

using namespace xen;
using namespace xen::serial;

namespace {

// A 16550 whose FIFO empties only when the test says so, unless `fast`.
class FakeUart final : public UartRegisters {
public:
    bool fast = true, dead = false, broken = false;
    std::string wire, fifo;
    std::deque<char> input;
    u8 ier = 0, lcr = 0, scratch = 0, divisor_low = 0, divisor_high = 0, mcr = 0;

    u8 read(unsigned reg) override {
        if (dead) return 0xff;
        switch (reg) {
        case 0: {
            if (input.empty()) return 0;
            char c = input.front();
            input.pop_front();
            return static_cast<u8>(c);
        }
        case 1: return ier;
        case 2: return 0xc1;
        case 3: return lcr;
        case 5:
            if (broken) return 0;
            return static_cast<u8>((input.empty() ? 0 : 1) | (fifo.empty() ? 0x60 : 0));
        case 7: return scratch;
        default: return 0;
        }
    }
    std::function<void()> interrupted;   // runs in the middle of the next write, once
    void write(unsigned reg, u8 v) override {
        if (interrupted) std::exchange(interrupted, nullptr)();
        if (dead) return;
        if (reg == 0 && (lcr & 0x80)) divisor_low = v;
        else if (reg == 1 && (lcr & 0x80)) divisor_high = v;
        else if (reg == 0) send(static_cast<char>(v));
        else if (reg == 1) ier = v;
        else if (reg == 3) lcr = v;
        else if (reg == 4) mcr = v;
        else if (reg == 7) scratch = v;
    }
    void send(char c) {
        REQUIRE(fifo.size() < 16);
        fifo.push_back(c);
        if (fast) empty();
    }
    void empty() {
        wire += fifo;
        fifo.clear();
    }
};

Config parsed(Str text) {
    Config c = default_config(0);
    REQUIRE(parse_config(text, c));
    return c;
}

}  // namespace

TEST_CASE("serial options in Xen's syntax") {
    Config c = parsed("115200,8n1");
    CHECK((c.baud == 115200 && c.data_bits == 8 && c.parity == 'n' && c.stop_bits == 1));
    CHECK((c.io_base == 0x3f8 && c.irq == 4 && c.clock_hz == 1843200));
    c = parsed("9600/230400,7e2,0x2f8,0");
    CHECK((c.baud == 9600 && c.clock_hz == 230400 * 16 && c.data_bits == 7 && c.parity == 'e' && c.stop_bits == 2));
    CHECK((c.io_base == 0x2f8 && c.irq == 0));
    c = parsed("auto,,,5");
    CHECK((c.baud == 0 && c.irq == 5 && c.io_base == 0x3f8));
    c = parsed("115200,8n1,pci");
    CHECK((c.from_pci && !c.device && c.irq == 0));
    c = parsed("115200,8n1,pci,msi,02:1f.3,00:01.0");
    REQUIRE((c.device && c.bridge));
    CHECK((c.device->bus == 2 && c.device->device() == 0x1f && c.device->function() == 3));
    c = parsed("baud=57600,clock-hz=3686400,data-bits=8,parity=o,stop-bits=2,io-base=0xfe001000,irq=9");
    CHECK((c.baud == 57600 && c.clock_hz == 3686400 && c.parity == 'o' && c.io_base == 0xfe001000 && c.irq == 9));
    CHECK(default_config(1).io_base == 0x2f8);
}

TEST_CASE("wrong serial options are refused") {
    for (const char* t : {"fast", "115200,9n1", "115200,8x1", "115200,8n3", "115200,8n1,zz", "115200,8n1,0x3f8,q",
                          "speed=4", "115200,8n1,pci,0,99:99", "1,8n1,1,1,0:1.0,0:2.0,7"}) {
        Config c;
        CHECK_FALSE(parse_config(t, c));
    }
    CHECK_FALSE(parse_bdf("00:20.0"));
    CHECK_FALSE(parse_bdf("00:1f.8"));
    auto a = parse_bdf("0001:ff:1f.7");
    REQUIRE(a);
    CHECK((a->segment == 1 && a->bus == 0xff && a->devfn == 0xff));
}

TEST_CASE("a UART is recognised") {
    FakeUart f;
    auto u = std::make_unique<Ns16550>(f);
    CHECK(u->present());
    f.dead = true;
    CHECK_FALSE(u->present());
}

TEST_CASE("set-up writes divisor and line") {
    FakeUart f;
    auto u = std::make_unique<Ns16550>(f);
    u->setup(parsed("1200,7e2"));
    CHECK((f.divisor_low == 96 && f.divisor_high == 0));
    CHECK(f.lcr == 0x1e);
    u->setup(parsed("auto"));
    CHECK(f.divisor_low == 96);
}

TEST_CASE("polled output reaches the wire at once, with carriage returns") {
    FakeUart f;
    auto u = std::make_unique<Ns16550>(f);
    u->setup(parsed("115200"));
    u->write("hello\nworld\n");
    CHECK(f.wire == "hello\r\nworld\r\n");
}

TEST_CASE("queued output goes out as the FIFO drains") {
    FakeUart f;
    auto u = std::make_unique<Ns16550>(f);
    u->setup(parsed("115200"));
    f.fast = false;
    u->use_interrupts(true);
    CHECK(f.ier == 1);
    CHECK((f.mcr & 8));
    std::string text(100, 'a');
    u->write({text.data(), text.size()});
    CHECK(f.fifo.size() == 16);
    CHECK(f.ier == 3);
    for (int i = 0; i < 7; ++i) {
        f.empty();
        u->interrupt();
    }
    CHECK(f.wire == text);
    CHECK(f.ier == 1);
}

TEST_CASE("a port that never becomes ready loses text but no time") {
    FakeUart f;
    auto u = std::make_unique<Ns16550>(f);
    u->setup(parsed("115200"));
    f.broken = true;
    for (int i = 0; i < 1000; ++i) u->write("text that nobody gets\n");
    u->flush();
    f.broken = false;
    u->write("back\n");
    CHECK(f.wire == "back\r\n");
}

TEST_CASE("input is received") {
    FakeUart f;
    auto u = std::make_unique<Ns16550>(f);
    u->setup(parsed("115200"));
    CHECK(u->poll() == -1);
    f.input = {'x', 'y'};
    CHECK(u->poll() == 'x');
    CHECK(u->poll() == 'y');
    CHECK(u->poll() == -1);
}

// A wait for each of these lines would take longer than the whole suite may.
TEST_CASE("a panic that interrupted the lock's holder waits for it once, not for each line") {
    FakeUart f;
    auto u = std::make_unique<Ns16550>(f);
    u->setup(parsed("115200"));
    constexpr usize kLines = 20'000;
    f.interrupted = [&] {
        console::force_sync();
        for (usize i = 0; i < kLines; ++i) u->write("x");
    };
    u->write("a");
    console::state.broken.store(false);
    console::state.sync = false;
    CHECK(std::count(f.wire.begin(), f.wire.end(), 'x') == kLines);
}
