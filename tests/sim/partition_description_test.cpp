// SPDX-License-Identifier: MIT
// The description of domains that start with the hypervisor: what is read, and the line that each mistake gets.
#include <sim/machine.hpp>
#include <xen/memory.hpp>
#include <xen/partition.hpp>

#include <catch2/catch.hpp>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "common/console/state.hpp"
#include "common/partition/regions.hpp"

using namespace xen;
using DeviceTree = device_tree::Tree;

namespace {

const char kTwo[] = R"(/dts-v1/;
/ {
  chosen {
    #address-cells = <1>;
    #size-cells = <1>;
    front: domU1 {
      compatible = "xen,domain";
      #address-cells = <2>;
      #size-cells = <1>;
      memory = <0 0x20000>;
      cpus = <2>;
      vpl011;
      xen,static-mem = <0x60000000 0x8000000>;
      kernel@0 { compatible = "multiboot,kernel", "multiboot,module"; reg = <0 0x48000000 0x1000000>; bootargs = "console=hvc0 quiet"; };
      ramdisk { compatible = "multiboot,ramdisk", "multiboot,module"; module-index = <2>; };
      vcpu1 { compatible = "xen,vcpu"; id = <1>; hard-affinity = "0,2-3"; };
      memory@0 { compatible = "xen,domain-shared-memory-v1"; xen,shm-id = "mailbox"; role = "owner"; xen,shared-mem = <0 0x70000000 0 0x50000000 0x10000>; };
      one: evtchn@1 { compatible = "xen,evtchn-v1"; xen,evtchn = <10 &two>; };
      three: evtchn@2 { compatible = "xen,evtchn-v1"; xen,evtchn = <12 &four>; };
    };
    domU2 {
      compatible = "xen,domain";
      #address-cells = <1>;
      #size-cells = <1>;
      memory = <0 65536>;
      cpus = <1>;
      xen,enhanced = "no-xenstore";
      nr_spis = <64>;
      kernel { compatible = "multiboot,kernel", "multiboot,module"; module-index = <1>; };
      memory@0 { compatible = "xen,domain-shared-memory-v1"; xen,shm-id = "mailbox"; role = "borrower"; xen,shared-mem = <0x70000000 0x58000000 0x10000>; };
      two: evtchn@1 { compatible = "xen,evtchn-v1"; xen,evtchn = <11 &one>; };
    };
    off { compatible = "xen,domain"; status = "disabled"; };
    four: evtchn@1 { compatible = "xen,evtchn-v1"; xen,evtchn = <99 &three>; };
  };
};
)";

struct Compiled {
    std::vector<u64> words;
    usize bytes = 0;
    DeviceTree tree() const {
        auto t = DeviceTree::open({reinterpret_cast<const u8*>(words.data()), bytes});
        REQUIRE(t.ok());
        return t.value();
    }
};

Compiled compile(const std::string& source) {
    char name[] = "/tmp/xenith-test-XXXXXX";
    int fd = mkstemp(name);
    REQUIRE(fd >= 0);
    close(fd);
    FILE* dtc = popen((std::string{"dtc -q -I dts -O dtb -o "} + name).c_str(), "w");
    REQUIRE(dtc);
    fwrite(source.data(), 1, source.size(), dtc);
    REQUIRE(pclose(dtc) == 0);
    Compiled c;
    c.words.resize(8192);
    FILE* in = fopen(name, "r");
    REQUIRE(in);
    c.bytes = fread(c.words.data(), 1, c.words.size() * 8, in);
    fclose(in);
    unlink(name);
    return c;
}

const BootModule kModules[] = {{Paddr{0x1000}, 0x1000, {}}, {Paddr{0x100000}, 0x5000, {}}, {Paddr{0x200000}, 0x7000, {}}};

partition::Machine machine() {
    return {.modules = kModules, .max_vcpus = 8, .cpus = 4, .dom0 = true, .placed_memory = true, .devices = true};
}

// What was logged since it was made.
class Log {
public:
    Log() {
        console::Session s;
        from_ = console::state.ring.end();
    }
    std::string text() const {
        console::Session s;
        std::string t(console::state.ring.end() - from_, ' ');
        t.resize(console::state.ring.copy(from_, t.data(), static_cast<u32>(t.size())));
        return t;
    }

private:
    u32 from_;
};

std::string changed(const std::string& from, const std::string& to) {
    std::string s = kTwo;
    usize at = s.find(from);
    REQUIRE(at != std::string::npos);
    return s.replace(at, from.size(), to);
}

// The log of one changed description, which is refused.
std::string mistakes_of(const std::string& from, const std::string& to, partition::Machine m = machine()) {
    Compiled c = compile(changed(from, to));
    Log log;
    auto r = partition::read(c.tree(), m);
    CHECK(!r.ok());
    if (!r) CHECK(r.error() == Errno::inval);
    return log.text();
}

std::string str(Str s) { return {s.data(), s.size()}; }
Catch::Matchers::StdString::ContainsMatcher has(const char* s) { return Catch::Matchers::Contains(s); }

}  // namespace

TEST_CASE("a description of two domains is read", "[partition]") {
    sim::start();
    Compiled c = compile(kTwo);
    auto r = partition::read(c.tree(), machine());
    REQUIRE(r.ok());
    auto& all = r.value();
    REQUIRE(all.size() == 2);
    const partition::Description &a = all[0], &b = all[1];
    CHECK(str(a.name) == "domU1");
    CHECK(a.pages == 0x20000 / 4);
    CHECK(a.vcpus == 2);
    CHECK(a.vpl011);
    CHECK(!a.enhanced);
    CHECK(b.enhanced);
    CHECK(!b.store);
    CHECK(a.kernel == partition::Range{0x48000000, 0x1000000});
    CHECK(a.ramdisk == partition::Range{0x200000, 0x7000});
    CHECK(str(a.bootargs) == "console=hvc0 quiet");
    REQUIRE(a.static_memory.size() == 1);
    CHECK(a.static_memory[0] == partition::Range{0x60000000, 0x8000000});
    REQUIRE(a.pinned.size() == 1);
    CHECK(a.pinned[0].vcpu == 1);
    CHECK(a.pinned[0].cpus.count() == 3);
    CHECK(a.pinned[0].cpus.test(3));
    REQUIRE(a.shared.size() == 1);
    CHECK(a.shared[0].owner);
    CHECK(a.shared[0].host == Maybe<u64>{0x70000000});
    CHECK(a.shared[0].guest == 0x50000000);
    REQUIRE(a.channels.size() == 2);
    CHECK(a.channels[0].port == 10);
    CHECK(a.channels[0].peer == 2);
    CHECK(a.channels[0].peer_port == 11);
    CHECK(a.channels[1].peer == partition::kDom0);
    CHECK(a.channels[1].peer_port == 99);
    CHECK(b.enhanced);
    CHECK(b.spis == Maybe<u32>{64});
    CHECK(b.kernel == partition::Range{0x100000, 0x5000});
    CHECK(b.ramdisk.bytes == 0);
    CHECK(!b.shared[0].owner);
    Compiled with = compile(changed("xen,enhanced = \"no-xenstore\"", "xen,enhanced").c_str());
    partition::Machine m = machine();
    m.store = true;
    auto stored = partition::read(with.tree(), m);
    REQUIRE(stored.ok());
    CHECK(stored.value()[1].enhanced);
    CHECK(stored.value()[1].store);
    CHECK(!stored.value()[0].store);
}

TEST_CASE("what a description claims is known before it is read", "[partition]") {
    Compiled c = compile(kTwo);
    partition::ClaimedMemory claimed;
    CHECK(partition::claimed_memory(c.tree(), claimed));
    std::vector<partition::Range> all(claimed.begin(), claimed.end());
    std::vector<partition::Range> expected = {{0x48000000, 0x1000000}, {0x70000000, 0x10000}, {0x60000000, 0x8000000},
                                              {0x70000000, 0x10000}};
    CHECK(all == expected);
}

TEST_CASE("no domain is no mistake", "[partition]") {
    Compiled c = compile("/dts-v1/; / { chosen { }; };"), none = compile("/dts-v1/; / { };");
    CHECK(partition::read(c.tree(), machine()).error() == Errno::noent);
    CHECK(partition::read(none.tree(), machine()).error() == Errno::noent);
}

TEST_CASE("each mistake of a description is told with its place and what is expected there", "[partition]") {
    sim::start();
    struct Case {
        const char *from, *to, *line;
    };
    const Case cases[] = {
        {"memory = <0 0x20000>", "memory = \"128M\"", "/chosen/domU1: memory: expected: the size in KiB, a number of two cells"},
        {"memory = <0 0x20000>;", "", "/chosen/domU1: memory: expected"},
        {"memory = <0 65536>", "memory = <0 65537>", "/chosen/domU2: memory: expected: whole pages, a multiple of 4 KiB"},
        {"cpus = <2>", "cpus = <9>", "/chosen/domU1: cpus: expected: the number of virtual CPUs, 1 to 8"},
        {"cpus = <2>", "cpu = <2>", "/chosen/domU1: cpu: unknown property; 'cpus' is near"},
        {"vpl011;", "strange-thing;", "/chosen/domU1: strange-thing: unknown property"},
        {"0x60000000 0x8000000", "0x60000000 0x4000000", "as much as 'memory', 131072 KiB; it is 65536 KiB"},
        {"0x60000000 0x8000000", "0x60000000 0x8000001", "expected: whole pages; 0x8000001 bytes at 0x60000000"},
        {"0x60000000 0x8000000", "0x60000000", "/chosen/domU1: xen,static-mem: expected: addresses of 1 and sizes of 1 cells"},
        {"reg = <0 0x48000000 0x1000000>", "reg = <0x48000000>", "/chosen/domU1/kernel@0: reg: expected: address and size"},
        {"module-index = <2>", "module-index = <3>", "/chosen/domU1/ramdisk: module-index: expected: one of the boot loader's 3 modules"},
        {"\"multiboot,ramdisk\"", "\"multiboot,initrd\"", "/chosen/domU1/ramdisk: compatible: expected: \"multiboot,kernel\""},
        {"\"multiboot,ramdisk\"", "\"multiboot,kernel\"", "/chosen/domU1/ramdisk: a second kernel"},
        {"kernel { compatible = \"multiboot,kernel\"", "kernel { compatible = \"multiboot,ramdisk\"", "/chosen/domU2: it has no kernel"},
        {"bootargs = \"console=hvc0 quiet\"", "bootargs = \"console\", \"quiet\"", "kernel@0: bootargs: expected: one string"},
        {"id = <1>", "id = <2>", "/chosen/domU1/vcpu1: id: expected: a virtual CPU of the domain"},
        {"\"0,2-3\"", "\"0,3-2\"", "/chosen/domU1/vcpu1: hard-affinity: expected: a list of CPUs such as"},
        {"\"0,2-3\"", "\"0,2-4\"", "/chosen/domU1/vcpu1: hard-affinity: expected: CPUs below 4; 4 is not"},
        {"xen,enhanced = \"no-xenstore\"", "xen,enhanced = \"maybe\"", "/chosen/domU2: xen,enhanced: expected: nothing, \"enabled\""},
        {"nr_spis = <64>", "nr_spis = <2000>", "/chosen/domU2: nr_spis: expected: a number of interrupts"},
        {"xen,shm-id = \"mailbox\"; role = \"owner\"", "xen,shm-id = \"a name of too many\"; role = \"owner\"", "memory@0: xen,shm-id: expected: a name of 1 to 15 characters"},
        {"role = \"owner\"", "role = \"tenant\"", "memory@0: role: expected: \"owner\" or \"borrower\""},
        {"role = \"borrower\"", "role = \"owner\"", "/chosen/domU2: role: region 'mailbox' has an owner already, domU1"},
        {"<0x70000000 0x58000000 0x10000>", "<0x70000000 0x58000000 0x20000>", "/chosen/domU2: xen,shared-mem: region 'mailbox' is another than the one of domU1"},
        {"<0x70000000 0x58000000 0x10000>", "<0x70000000 0x58000000 0x10001>", "/chosen/domU2/memory@0: xen,shared-mem: expected: whole pages"},
        {"<0x70000000 0x58000000 0x10000>", "<0x70000000>", "/chosen/domU2/memory@0: xen,shared-mem: expected: machine address, guest address, size"},
        {"<0 0x70000000 0 0x50000000 0x10000>", "<0 0x61000000 0 0x50000000 0x10000>", "region 'mailbox' lies in the memory of domU1"},
        {"<11 &one>", "<11>", "/chosen/domU2/evtchn@1: xen,evtchn: expected: a port, 1 to 4095, and the phandle"},
        {"<11 &one>", "<0 &one>", "/chosen/domU2/evtchn@1: xen,evtchn: expected: a port, 1 to 4095"},
        {"<11 &one>", "<4096 &one>", "/chosen/domU2/evtchn@1: xen,evtchn: expected: a port, 1 to 4095"},
        {"<11 &one>", "<11 &three>", "/chosen/domU1/evtchn@1: xen,evtchn: expected: two nodes that name each other"},
        {"<11 &one>", "<11 &front>", "/chosen/domU2/evtchn@1: xen,evtchn: expected: a port"},
        {"<12 &four>", "<10 &four>", "/chosen/domU1/evtchn@2: xen,evtchn: port 10 has another channel already"},
    };
    for (const Case& c : cases) {
        INFO(c.from << " -> " << c.to);
        CHECK_THAT(mistakes_of(c.from, c.to), has(c.line));
    }
}

TEST_CASE("what the machine does not offer is a mistake too", "[partition]") {
    sim::start();
    partition::Machine without = machine();
    without.placed_memory = false;
    CHECK_THAT(mistakes_of("quiet", "", without), has("/chosen/domU1: xen,static-mem: a domain's memory cannot be placed"));
    without = machine();
    without.dom0 = false;
    CHECK_THAT(mistakes_of("quiet", "", without), has("/chosen/domU1/evtchn@2: xen,evtchn: the other end belongs to no domain"));
    without = machine();
    without.devices = false;
    CHECK_THAT(mistakes_of("\"multiboot,ramdisk\"", "\"multiboot,device-tree\"", without), has("devices cannot be given"));
    for (const char* store : {"xen,enhanced;", "xen,enhanced = \"enabled\";"})
        CHECK_THAT(mistakes_of("xen,enhanced = \"no-xenstore\";", store), has("/chosen/domU2: xen,enhanced: expected: \"no-xenstore\": there is no dom0"));
}

TEST_CASE("memory that two domains have is told with both names", "[partition]") {
    sim::start();
    std::string log = mistakes_of("xen,enhanced = \"no-xenstore\"", "xen,static-mem = <0x67fff000 0x4000000>");
    CHECK_THAT(log, has("/chosen/domU2: xen,static-mem: 0x4000000 bytes at 0x67fff000 overlap with those of domU1"));
    log = mistakes_of("xen,static-mem = <0x60000000 0x8000000>", "xen,static-mem = <0x60000000 0x4000000 0x63fff000 0x4000000>");
    CHECK_THAT(log, has("/chosen/domU1: xen,static-mem: two of its banks overlap at 0x63fff000"));
}

TEST_CASE("memory that is placed on a module or on the hypervisor is refused", "[partition]") {
    sim::start();
    const std::string bank = "xen,static-mem = <0x60000000 0x8000000>";
    std::string log = mistakes_of(bank, "xen,static-mem = <0x48fff000 0x8000000>");
    CHECK_THAT(log, has("/chosen/domU1: xen,static-mem: 0x8000000 bytes at 0x48fff000 overlap with 0x1000000 bytes at 0x48000000"));
    CHECK_THAT(mistakes_of(bank, "xen,static-mem = <0x206000 0x8000000>"), has("overlap with 0x7000 bytes at 0x200000"));
    const device_tree::Range taken[] = {{0x70008000, 0x1000}};
    partition::Machine m = machine();
    m.taken = taken;
    CHECK_THAT(mistakes_of("quiet", "", m), has("/chosen/domU2: xen,shared-mem: 0x10000 bytes at 0x70000000 overlap with 0x1000 bytes"));
}

TEST_CASE("shared memory is its owner's, or nobody's, and each region there once", "[partition]") {
    sim::start();
    Domain& owner = sim::create_domain({});
    Domain& other = sim::create_domain({});
    static Domain* domains[2];
    domains[0] = &owner, domains[1] = &other;
    partition::Description all[2];
    all[0].shared.push({"mailbox", {}, 0x50000000, 3 * kPageSize, true});
    all[1].shared.push({"mailbox", {}, 0x58000000, 3 * kPageSize});
    all[0].shared.push({"board", {}, 0x60000000, kPageSize});
    all[1].shared.push({"board", {}, 0x60000000, kPageSize});
    u64 before = owner.tot_pages, free = memory::free_pages();
    REQUIRE(partition::place_regions(all, [](u16 n) -> Domain& { return *domains[n - 1]; }));
    CHECK(memory::free_pages() == free - 4);
    for (usize i = 0; i < 2; ++i) CHECK(all[0].shared[i].host == all[1].shared[i].host);
    CHECK(owner.tot_pages == before + 3);
    for (u64 n = 0; n < 3; ++n) {
        Mfn page = frame_of(Paddr{*all[0].shared[0].host}) + n;
        CHECK(page_of(page).owner() == &owner);
        CHECK(*static_cast<u64*>(arch::direct_map(page)) == 0);
        CHECK(PageRef::get(page, owner).ok());
    }
    Mfn nobodys = frame_of(Paddr{*all[0].shared[1].host});
    CHECK(page_of(nobodys).owner() == domain::dom_io);
    CHECK(PageRef::get(nobodys, *domain::dom_io).ok());
    sim::destroy_domain(owner);
    sim::destroy_domain(other);
    CHECK(memory::drop_allocation(page_of(nobodys)));
    all[0].shared[1].placed = false;
    all[0].shared[1].host = u64{0xfffffffff000};
    CHECK(partition::place_regions({all, 1}, [](u16) -> Domain& { return *domain::dom_io; }).error() == Errno::inval);
}

TEST_CASE("too many of anything is refused", "[partition]") {
    sim::start();
    std::string many = "/dts-v1/; / { chosen { ";
    for (int i = 0; i < 33; ++i) many += "d" + std::to_string(i) + " { compatible = \"xen,domain\"; }; ";
    Compiled c = compile(many + "}; };");
    Log log;
    CHECK(partition::read(c.tree(), machine()).error() == Errno::inval);
    CHECK_THAT(log.text(), has("33 domains; 32 is the most"));
    std::string banks;
    for (int i = 0; i < 9; ++i) banks += " 0x" + std::to_string(60000000 + i * 10000) + " 0x1000";
    CHECK_THAT(mistakes_of("0x60000000 0x8000000", banks), has("8 banks at most"));
}
