// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>

#include <algorithm>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "common/console/state.hpp"
#include "drivers/serial/ns16550.hpp"
#include "drivers/serial/tree_uart.hpp"

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

// Which UART a device tree means, and a 16550 whose registers lie apart.
namespace {

struct UartTree {
    std::vector<u8> space = std::vector<u8>(8192);
    std::optional<device_tree::Tree> tree;

    // chosen: stdout-path; the nodes are /uart0 (16550), /uart1 (SBSA), /uart2 (PL011).
    explicit UartTree(const char* chosen, bool arm = true, std::initializer_list<std::pair<const char*, u32>> numbers = {}, Str disabled = {}) {
        device_tree::Builder b{space};
        auto status = [&](Str name) {
            if (name == disabled) b.text("status", "disabled");
        };
        b.begin("");
        b.begin("chosen");
        if (chosen) b.text("stdout-path", chosen);
        b.end();
        b.begin("aliases");
        b.text("serial0", "/uart0");
        b.end();
        b.begin("uart0");
        b.texts("compatible", {"vendor,uart", "ns16550a"});
        status("uart0");
        for (auto& [name, value] : numbers) b.number(name, value);
        b.end();
        if (arm) {
            b.begin("uart1");
            b.text("compatible", "arm,sbsa-uart");
            b.end();
            b.begin("uart2");
            b.texts("compatible", {"arm,pl011", "arm,primecell"});
            status("uart2");
            b.end();
        }
        b.end();
        auto bytes = b.finish();
        REQUIRE(bytes);
        auto t = device_tree::Tree::open(bytes.value());
        REQUIRE(t);
        tree.emplace(t.value());
    }
    std::string chosen() {
        auto u = find_uart(*tree);
        return u ? u->node.c_name() : "none";
    }
};

struct Window final : sim::MmioDevice {
    explicit Window(u8* at, usize size) : MmioDevice{at, size} {}
    std::vector<std::tuple<usize, unsigned, u64>> seen;
    u64 read(usize offset, unsigned bytes) override {
        seen.push_back({offset, bytes, 0});
        return 0x60;
    }
    void write(usize offset, unsigned bytes, u64 v) override { seen.push_back({offset, bytes, v}); }
};

}  // namespace

TEST_CASE("dtuart: the console that /chosen names, else the first of the best known kind") {
    CHECK(UartTree{"/uart1"}.chosen() == "uart1");
    CHECK(UartTree{"serial0:115200n8"}.chosen() == "uart0");
    CHECK(UartTree{nullptr}.chosen() == "uart2");
    CHECK(UartTree{"/nowhere"}.chosen() == "uart2");
    CHECK(UartTree{"alias-of-nothing"}.chosen() == "uart2");
    CHECK(UartTree{nullptr, false}.chosen() == "uart0");
    CHECK(UartTree{nullptr, true, {}, "uart2"}.chosen() == "uart1");
    CHECK(UartTree{"/uart0", true, {}, "uart0"}.chosen() == "uart2");
    CHECK(UartTree{"/uart0", false, {}, "uart0"}.chosen() == "none");
    UartTree t{"serial0"};
    CHECK(find_uart(*t.tree)->kind == Kind::ns16550);
}

TEST_CASE("dtuart: how the registers of a 16550 lie") {
    auto layout = [](std::initializer_list<std::pair<const char*, u32>> numbers) {
        UartTree t{"serial0", false, numbers};
        return MemoryRegisters::layout_of(find_uart(*t.tree)->node);
    };
    CHECK(layout({})->shift == 0);
    CHECK(layout({})->width == 1);
    auto wide = layout({{"reg-shift", 2}, {"reg-io-width", 4}, {"reg-offset", 0x100}});
    REQUIRE(wide);
    CHECK(wide->offset == 0x100);
    CHECK_FALSE(layout({{"reg-io-width", 2}}));
    CHECK_FALSE(layout({{"reg-io-width", 4}}));                       // words that overlap
    CHECK_FALSE(layout({{"reg-shift", 5}}));
    CHECK_FALSE(layout({{"reg-offset", 0x1000}}));

    alignas(8) static u8 memory[64];
    Window window{memory, sizeof memory};
    MemoryRegisters r;
    r.use(memory, {0x10, 2, 4});
    r.write(1, 0xab);
    CHECK(r.read(5) == 0x60);
    r.use(memory, {0, 0, 1});
    r.write(3, 7);
    CHECK(window.seen == decltype(window.seen){{0x14, 4, 0xab}, {0x24, 4, 0}, {3, 1, 7}});
    r.use(memory, {0, 2, 1});
    Ns16550 uart{r};
    window.seen.clear();
    uart.setup({});
    uart.write("x");
    CHECK(window.seen.back() == std::tuple<usize, unsigned, u64>{0, 1, 'x'});
}
