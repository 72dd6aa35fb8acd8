// SPDX-License-Identifier: MIT
// The device tree of a partition, read back.
#include <catch2/catch.hpp>

#include <string>

#include "arch/arm/guest_build/partition_tree.hpp"

using namespace xen;
using namespace xen::guest_build;
using device_tree::Node;
using DeviceTree = device_tree::Tree;

namespace {

alignas(8) u8 space[16384];

std::string str(Maybe<Str> s) { return s ? std::string{s->data(), s->size()} : "(none)"; }

Board board(vgic::Version version) {
    static constexpr Range kMemory[] = {{0x40000000, 0xc0000000}, {0x200000000, 0x10000000}};
    Board b;
    b.vcpus = 18;
    b.chosen = {"console=ttyAMA0", 0x44000000, 0x44100000, {}};
    b.memory = kMemory;
    b.version = version;
    b.controller.distributor = {0x3001000, 0x10000};
    b.controller.redistributors[0] = {0x3020000, 0x1000000};
    b.controller.cpu_interface = {0x3002000, 0x2000};
    b.controller.event_interrupt = 31;
    return b;
}

DeviceTree written(const Board& b) {
    auto bytes = write_partition_tree(b, space);
    REQUIRE(bytes.ok());
    auto t = DeviceTree::open(bytes.value());
    REQUIRE(t.ok());
    return t.value();
}

}  // namespace

TEST_CASE("a partition's tree has its memory, CPUs and interrupt controller") {
    DeviceTree t = written(board(vgic::Version::v3));
    CHECK(str(t.find("/chosen")->text("bootargs")) == "console=ttyAMA0");
    CHECK(*t.find("/chosen")->number("linux,initrd-end") == 0x44100000);
    Node memory = *t.find("/memory");
    REQUIRE(memory.reg_count() == 2);
    CHECK(memory.reg(1).value() == Range{0x200000000, 0x10000000});
    usize cpus = 0;
    for (Node n : t.find("/cpus")->children()) cpus += n.compatible("arm,armv8") && str(n.text("enable-method")) == "psci";
    CHECK(cpus == 18);
    CHECK(*t.find("/cpus/cpu@101")->number("reg") == 0x101);   // 16 of a cluster
    Node gic = *t.find_compatible("arm,gic-v3");
    REQUIRE(gic.reg_count() == 2);
    CHECK(gic.reg(1).value() == Range{0x3020000, 0x1000000});
    Node timer = *t.find("/timer");
    for (usize i = 0; i < 3; ++i) {
        auto line = timer.interrupt(i);
        REQUIRE(line.ok());
        CHECK(line.value().controller == gic);
        CHECK(line.value().cells[1] == std::array<u32, 3>{13, 14, 11}[i]);
    }
    CHECK_FALSE(t.find_compatible("arm,sbsa-uart"));
    CHECK_FALSE(t.find("/hypervisor"));
    CHECK_FALSE(t.find("/reserved-memory"));
}

TEST_CASE("a partition's tree tells of UART, hypervisor and shared memory where it has them") {
    static constexpr Range kSpaces[] = {{0x210000000, 0x40000000}};
    Board b = board(vgic::Version::v2);
    b.uart = Uart{0x9000000, 33};
    b.hypervisor = true;
    b.grants = {0x38000000, 0x1000000};
    b.spaces = kSpaces;
    b.regions.push({"mailbox", {0x50000000, 0x10000}});
    b.regions.push({"board", {0x60000000, 0x3000}});
    DeviceTree t = written(b);
    Node gic = *t.find_compatible("arm,cortex-a15-gic");
    CHECK(gic.reg(1).value() == Range{0x3002000, 0x2000});
    Node uart = *t.find_compatible("arm,sbsa-uart");
    CHECK(uart.reg(0).value() == Range{0x9000000, 0x1000});
    CHECK(uart.interrupt(0).value().cells[0] == 0);   // an SPI, the second
    CHECK(uart.interrupt(0).value().cells[1] == 1);
    Node hypervisor = *t.find("/hypervisor");
    CHECK(hypervisor.compatible("xen,xen"));
    CHECK(hypervisor.reg(0).value().start == 0x38000000);
    CHECK(hypervisor.reg(1).value() == kSpaces[0]);
    CHECK(hypervisor.interrupt(0).value().cells[1] == 15);
    Node region = *t.find("/reserved-memory/xen-shmem@60000000");
    CHECK(region.compatible("xen,shared-memory-v1"));
    CHECK(str(region.text("xen,id")) == "board");
    CHECK(region.reg(0).value() == Range{0x60000000, 0x3000});
}

TEST_CASE("a partition's tree has its devices, without what says how they are given") {
    alignas(8) static u8 partial[4096];
    device_tree::Builder out{partial};
    out.begin("");
    out.begin("gic");
    out.number("phandle", 7);
    out.end();
    out.begin("passthrough");
    out.begin("clock@2000000");
    out.text("compatible", "arm,pl031");
    out.number("interrupt-parent", 7);
    out.text("xen,path", "/clock");
    out.number("xen,reg", 1);
    out.flag("xen,force-assign-without-iommu");
    out.end();
    out.end();
    out.begin("secret");
    out.end();
    out.end();
    auto opened = DeviceTree::open(out.finish().value());
    REQUIRE(opened.ok());
    Board b = board(vgic::Version::v3);
    b.devices = opened.value().root();
    DeviceTree t = written(b);
    Node clock = *t.find("/passthrough/clock@2000000");
    CHECK(clock.compatible("arm,pl031"));
    CHECK(*clock.interrupt_parent() == *t.find_compatible("arm,gic-v3"));
    for (Str hidden : {Str{"xen,path"}, Str{"xen,reg"}, Str{"xen,force-assign-without-iommu"}}) CHECK_FALSE(clock.has(hidden));
    CHECK_FALSE(t.find("/secret"));
}

TEST_CASE("a partition's tree that does not fit is refused") {
    Board b = board(vgic::Version::v3);
    CHECK(write_partition_tree(b, std::span<u8>{space}.first(512)).error() == Errno::nospc);
}
