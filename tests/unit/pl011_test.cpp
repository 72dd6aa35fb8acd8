// SPDX-License-Identifier: MIT
// A PL011 (ARM DDI 0183) by its registers.
#include <asm/mmio.hpp>

#include <catch2/catch.hpp>

#include <deque>
#include <string>

#include "drivers/serial/pl011.hpp"

using namespace xen;
using namespace xen::serial;

namespace {

char window[0x1000];

// Sends what it holds when it is looked at, unless it is stuck.
class FakePl011 final : public sim::MmioDevice {
public:
    FakePl011() : MmioDevice{window, sizeof(window)} {}
    std::string wire, fifo;
    std::deque<char> input;
    u32 line = 0, control = 0, mask = 0xffff, cleared = 0;
    bool stuck = false;
    usize looks = 0;

    u64 read(usize offset, unsigned bytes) override {
        if (bytes != 4) FAIL("an access of " << bytes << " bytes");
        switch (offset) {
        case 0x00: return take();
        case 0x18: return flags();
        case 0x40: return mask & (input.empty() ? 0 : 0x10);
        default: FAIL("nobody asked for register " << offset); return 0;
        }
    }
    void write(usize offset, unsigned bytes, u64 v) override {
        if (bytes != 4) FAIL("an access of " << bytes << " bytes");
        auto word = static_cast<u32>(v);
        switch (offset) {
        case 0x00:
            REQUIRE(fifo.size() < 16);
            fifo += static_cast<char>(word);
            return;
        case 0x2c: line = word; return;
        case 0x30: control = word; return;
        case 0x38: mask = word; return;
        case 0x44: cleared |= word; return;
        default: FAIL("nobody writes register " << offset);
        }
    }

private:
    u32 take() {
        REQUIRE_FALSE(input.empty());
        char c = input.front();
        input.pop_front();
        return static_cast<u8>(c) | 0x400;   // a framing error beside the character
    }
    u32 flags() {
        ++looks;
        u32 f = (fifo.empty() ? 0 : 8) | (fifo.size() == 16 ? 0x20 : 0) | (input.empty() ? 0x10 : 0);
        if (!stuck) wire += fifo, fifo.clear();
        return f;
    }
};

}  // namespace

TEST_CASE("a PL011 is switched on, an SBSA UART is left as it is", "[pl011]") {
    FakePl011 f;
    Pl011 full, part;
    part.open(window, false);
    CHECK((f.line == 0 && f.control == 0 && f.mask == 0));
    full.open(window, true);
    CHECK(f.line == 0x70);
    CHECK(f.control == 0x301);
}

TEST_CASE("text waits for room and gets carriage returns", "[pl011]") {
    FakePl011 f;
    Pl011 u;
    u.open(window, true);
    std::string text(100, 'x');
    u.write((text + "\nend").c_str());
    u.flush();
    CHECK(f.wire == text + "\r\nend");
}

TEST_CASE("one that does not send costs text and one wait", "[pl011]") {
    FakePl011 f;
    Pl011 u;
    u.open(window, true);
    f.stuck = true;
    u.write("sixteen characters and more");
    CHECK(f.fifo == "sixteen characte");
    usize first = f.looks;
    u.write("some more of it");
    CHECK(f.looks - first < 100);
    f.stuck = false;
    u.flush();
    u.write("!");
    u.flush();
    CHECK(f.wire == "sixteen characte!");
}

TEST_CASE("input is polled without its error bits, and its interrupts are asked for", "[pl011]") {
    FakePl011 f;
    Pl011 u;
    u.open(window, true);
    CHECK(u.poll() == -1);
    f.input = {'a', static_cast<char>(0xe4)};
    CHECK(u.poll() == 'a');
    CHECK(u.poll() == 0xe4);
    CHECK(u.poll() == -1);
    u.use_interrupt();
    CHECK(f.mask == 0x50);
    CHECK(f.cleared == 0x50);
}
