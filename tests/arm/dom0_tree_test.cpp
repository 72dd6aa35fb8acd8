// SPDX-License-Identifier: MIT
// dom0's device tree, made from a machine's: a good one, and many that are damaged.
#include <catch2/catch.hpp>

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "arch/arm/dom0/passing.hpp"
#include "arch/arm/dom0/tree.hpp"
#include "drivers/serial/dtuart.hpp"
#include "machine.hpp"

using namespace xen;
using namespace xen::device_tree;
using DeviceTree = device_tree::Tree;

namespace {

Maybe<Node> driven;   // what the hypervisor's driver has

std::string str(Str s) { return {s.data(), s.size()}; }
std::string str(Maybe<Str> s) { return s ? str(*s) : "(none)"; }

void node(Builder& b, const char* name, const std::function<void()>& inside) {
    b.begin(name);
    inside();
    b.end();
}

void device(Builder& b, const char* name, const char* compatible, u32 at, u32 line) {
    node(b, name, [&] {
        b.text("compatible", compatible);
        b.cells("reg", {0, at, 0, 0x1000});
        b.cells("interrupts", {0, line, 4});
    });
}

// As QEMU's "virt" describes itself, with what dom0 is not to see.
void write_machine(Builder& b) {
    node(b, "", [&] {
        b.cells("#address-cells", {2});
        b.cells("#size-cells", {2});
        b.cells("interrupt-parent", {0x8001});
        b.text("compatible", "linux,dummy-virt");
        node(b, "chosen", [&] {
            b.text("stdout-path", "/pl011@9000000");
            b.cells("kaslr-seed", {1, 2});
            node(b, "module@44000000", [&] {
                b.texts("compatible", {"multiboot,kernel", "multiboot,module"});
                b.cells("reg", {0, 0x44000000, 0, 0x2000000});
            });
        });
        node(b, "memory@40000000", [&] {
            b.text("device_type", "memory");
            b.cells("reg", {0, 0x40000000, 0, 0x40000000});
        });
        node(b, "reserved-memory", [&] { b.flag("ranges"); });
        node(b, "psci", [&] {
            b.texts("compatible", {"arm,psci-1.0", "arm,psci-0.2"});
            b.text("method", "smc");
        });
        node(b, "cpus", [&] {
            b.cells("#address-cells", {1});
            b.cells("#size-cells", {0});
            for (u32 i = 0; i < 4; ++i)
                node(b, ("cpu@" + std::to_string(i)).c_str(), [&] {
                    b.text("device_type", "cpu");
                    b.text("compatible", "arm,cortex-a57");
                    b.text("enable-method", "psci");
                    b.cells("reg", {i});
                });
        });
        node(b, "pmu", [&] { b.text("compatible", "arm,armv8-pmuv3"); });
        node(b, "timer", [&] {
            b.text("compatible", "arm,armv8-timer");
            b.cells("interrupts", {1, 13, 4, 1, 14, 4, 1, 11, 4, 1, 10, 4});
        });
        node(b, "intc@8000000", [&] {
            b.text("compatible", "arm,gic-v3");
            b.flag("interrupt-controller");
            b.cells("#interrupt-cells", {3});
            b.cells("phandle", {0x8001});
            b.cells("reg", {0, 0x8000000, 0, 0x10000, 0, 0x80a0000, 0, 0xf60000});
            b.cells("interrupts", {1, 9, 4});
            b.flag("ranges");
            b.cells("#address-cells", {2});
            b.cells("#size-cells", {2});
            node(b, "its@8080000", [&] {
                b.text("compatible", "arm,gic-v3-its");
                b.cells("reg", {0, 0x8080000, 0, 0x20000});
            });
        });
        device(b, "pl011@9000000", "arm,pl011", 0x9000000, 1);
        device(b, "pl031@9010000", "arm,pl031", 0x9010000, 2);
        node(b, "pcie@10000000", [&] {
            b.text("device_type", "pci");
            b.text("compatible", "pci-host-ecam-generic");
            b.cells("reg", {0, 0x10000000, 0, 0x10000000});
            b.cells("msi-map", {0, 0x8002, 0, 0x10000});
            b.cells("iommu-map", {0, 0x8003, 0, 0x10000});
        });
        device(b, "virtio_mmio@a000000", "virtio,mmio", 0xa000000, 16);
        node(b, "for-another@b000000", [&] {
            b.text("compatible", "virtio,mmio");
            b.cells("reg", {0, 0xb000000, 0, 0x1000});
            b.flag("xen,passthrough");
        });
    });
}

struct Blob {
    alignas(8) u8 bytes[8192];
    usize size = 0;
    Blob() {
        Builder b{bytes};
        write_machine(b);
        auto r = b.finish();
        REQUIRE(r.ok());
        size = r.value().size();
    }
    Result<DeviceTree> open() const { return DeviceTree::open({bytes, size}); }
};

dom0::TreeFacts facts() {
    dom0::TreeFacts f;
    f.vcpus = 3;
    f.chosen = {"console=hvc0", 0x46000000, 0x46800000, {}};
    f.memory.push({0x50000000, 0x10000000});
    f.memory.push({0x70000000, 0x8000000});
    f.grants = {0x38000000, 0x40000};
    f.spaces.push({0x60000000, 0x10000000});
    f.event_ppi = 16;
    return f;
}

alignas(8) u8 space[16384];

}  // namespace

namespace xen::serial {
Maybe<Node> console_node() { return driven; }
}  // namespace xen::serial

TEST_CASE("dom0's tree is the machine's with what is dom0's own") {
    arm_test::machine() = {};
    Blob blob;
    DeviceTree m = blob.open().value();
    driven = m.find("/pl011@9000000");
    auto bytes = dom0::write_tree(m, facts(), space);
    REQUIRE(bytes.ok());
    DeviceTree t = DeviceTree::open(bytes.value()).value();

    CHECK(str(t.find("/chosen")->text("bootargs")) == "console=hvc0");
    CHECK(*t.find("/chosen")->number("linux,initrd-start") == 0x46000000);
    CHECK(t.find("/chosen")->cells("kaslr-seed").size() == 2);
    for (const char* gone : {"/chosen/module@44000000", "/memory@40000000", "/reserved-memory", "/pmu", "/pl011@9000000",
                             "/for-another@b000000", "/intc@8000000/its@8080000"})
        CHECK_FALSE(t.find(gone));
    Node memory = *t.find("/memory");
    REQUIRE(memory.reg_count() == 2);
    CHECK(memory.reg(1).value() == Range{0x70000000, 0x8000000});
    CHECK(str(t.find("/psci")->text("method")) == "hvc");
    usize cpus = 0;
    for (Node n : t.find("/cpus")->children()) cpus += n.compatible("arm,cortex-a57");
    CHECK(cpus == 3);
    CHECK(t.find("/timer")->cells("interrupts").size() == 9);
    Node gic = *t.find("/intc@8000000");
    CHECK(gic.reg_count() == 2);
    CHECK(gic.reg(1).value() == Range{0x80a0000, 0xf60000});
    CHECK_FALSE(gic.has("interrupts"));
    Node hypervisor = *t.find("/hypervisor");
    CHECK(hypervisor.compatible("xen,xen"));
    CHECK(hypervisor.reg(0).value() == Range{0x38000000, 0x40000});
    CHECK(hypervisor.interrupt(0).value().controller == gic);
    Node pci = *t.find("/pcie@10000000");
    CHECK_FALSE(pci.has("msi-map"));
    CHECK_FALSE(pci.has("iommu-map"));
    CHECK(t.find("/virtio_mmio@a000000")->interrupt(0).value().cells[1] == 16);
    CHECK(t.find("/pl031@9010000"));
}

TEST_CASE("a GICv2 keeps its CPU interface and its frame of messages") {
    arm_test::machine() = {};
    arm_test::machine().layout.version = gic::Version::v2;
    arm_test::machine().layout.redistributors.clear();
    Blob blob;
    DeviceTree m = blob.open().value();
    driven = nothing;
    DeviceTree t = DeviceTree::open(dom0::write_tree(m, facts(), space).value()).value();
    CHECK(t.find("/intc@8000000")->reg(1).value() == Range{0x8010000, 0x10000});
    CHECK(t.find("/pcie@10000000")->has("msi-map"));
    CHECK(t.find("/pl011@9000000"));   // nobody's console
}

TEST_CASE("a tree for which there is no room is an error") {
    arm_test::machine() = {};
    Blob blob;
    DeviceTree m = blob.open().value();
    driven = nothing;
    usize whole = dom0::write_tree(m, facts(), space).value().size();
    for (usize room = 64; room + 64 < whole; room += 97) CHECK(dom0::write_tree(m, facts(), {space, room}).error() == Errno::nospc);
}

namespace {

// What holds whatever the machine's tree was.
void check_made(Bytes made) {
    auto t = DeviceTree::open(made);
    REQUIRE(t.ok());
    usize cpus = 0;
    for (Node n : t.value().find("/cpus")->children()) cpus += str(n.text("enable-method")) == "psci";
    CHECK(cpus == 3);
    CHECK(t.value().find("/hypervisor"));
    for (Maybe<Node> n = t.value().root(); n; n = n->next()) {
        for (const char* hidden : {"multiboot,module", "arm,gic-v3-its", "arm,armv8-pmuv3"}) CHECK_FALSE(n->compatible(hidden));
        CHECK_FALSE(n->has("iommu-map"));
    }
}

void damage(Blob& b, std::mt19937& random) {
    auto at = [&] { return random() % b.size; };
    for (unsigned n = 1 + random() % 8; n; --n) switch (random() % 4) {
        case 0: b.bytes[at()] = static_cast<u8>(random()); break;
        case 1: b.bytes[at()] ^= static_cast<u8>(1u << random() % 8); break;
        case 2: b.bytes[at()] = 0; break;
        case 3: {   // a piece of it elsewhere
            usize bytes = 4 * (1 + random() % 8), from = at(), to = at();
            if (from + bytes <= b.size && to + bytes <= b.size) memmove(b.bytes + to, b.bytes + from, bytes);
        }
        }
}

}  // namespace

TEST_CASE("of a damaged tree of the machine a whole one is made, or none") {
    arm_test::machine() = {};
    driven = nothing;
    std::mt19937 random{5};
    const Blob good;
    unsigned made = 0, refused = 0;
    for (unsigned i = 0; i < 20000; ++i) {
        CAPTURE(i);
        Blob b = good;
        damage(b, random);
        auto m = b.open();
        if (!m) continue;
        auto bytes = dom0::write_tree(m.value(), facts(), space);
        if (bytes) ++made, check_made(bytes.value());
        else ++refused;
    }
    CHECK(made > 1000);   // the damage is not always fatal
}
