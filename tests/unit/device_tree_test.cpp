// SPDX-License-Identifier: MIT
// Device trees: what is written is read back, and a damaged tree is refused or read without a step outside.
#include <xen/device_tree.hpp>

#include <catch2/catch.hpp>

#include <memory>
#include <string>
#include <vector>

namespace xen::device_tree {
namespace {

std::string str(Str s) { return {s.data(), s.size()}; }
std::string str(Maybe<Str> s) { return s ? str(*s) : "(none)"; }

struct Written {
    alignas(8) u8 space[8192];
    Bytes bytes;
};

// A machine with a bus behind two windows, a controller and devices on it.
void write_machine(Builder& b) {
    b.reserve({0x1000, 0x2000});
    b.begin("");
    b.cells("#address-cells", {2});
    b.cells("#size-cells", {2});
    b.texts("compatible", {"maker,board", "maker,family"});
    b.cells("interrupt-parent", {7});
    b.begin("memory@40000000");
    b.text("device_type", "memory");
    b.cells_of("reg", CellList{}.add(Range{0x40000000, 0x80000000}, 2, 2).add(Range{0x880000000, 1ul << 32}, 2, 2));
    b.end();
    b.begin("gic");
    b.cells("#interrupt-cells", {3});
    b.flag("interrupt-controller");
    b.cells("phandle", {7});
    b.end();
    b.begin("bus");
    b.cells("#address-cells", {1});
    b.cells("#size-cells", {1});
    b.cells_of("ranges", CellList{}.add(0x1000).add(0x9000000, 2).add(0x1000).add(0x8000).add(0x100000000, 2).add(0x100));
    b.begin("uart@1800");
    b.text("compatible", "arm,pl011");
    b.cells("reg", {0x1800, 0x100, 0x8010, 0x20, 0x4000, 4});
    b.cells("interrupts", {0, 33, 4, 1, 12, 8});
    b.end();
    b.begin("other@2");
    b.text("status", "disabled");
    b.cells("interrupts-extended", {7, 0, 5, 4, 9, 77});
    b.end();
    b.begin("pic");
    b.cells("#interrupt-cells", {1});
    b.cells("phandle", {9});
    b.end();
    b.end();
    b.end();
}

std::unique_ptr<Written> machine() {
    auto w = std::make_unique<Written>();
    Builder b{w->space};
    write_machine(b);
    auto r = b.finish();
    REQUIRE(r.ok());
    w->bytes = r.value();
    return w;
}

Tree open(const Written& w) {
    auto t = Tree::open(w.bytes);
    REQUIRE(t.ok());
    return t.value();
}

TEST_CASE("a list of cells has an end, whatever it is asked to hold", "[devicetree]") {
    CellList asked;
    asked.add(1, usize{1} << 31);
    CHECK(asked.full());
    CHECK(asked.bytes().empty());
    CellList list;
    for (usize i = 0; i < CellList::kMax; ++i) list.add(i);
    CHECK_FALSE(list.full());
    CHECK(list.bytes().size() == CellList::kMax * 4);
    list.add(0);
    CHECK(list.full());
}

TEST_CASE("a tree that was written is read back", "[devicetree]") {
    auto w = machine();
    Tree t = open(*w);
    CHECK(Tree::size(w->bytes.first(8)).value() == w->bytes.size());
    CHECK(t.bytes().size() == w->bytes.size());
    REQUIRE(t.reservation_count() == 1);
    CHECK(t.reservation(0) == Range{0x1000, 0x2000});
    CHECK(t.root().compatible("maker,family"));
    CHECK(!t.root().compatible("maker"));
    std::string names;
    for (Node n : t.root().children()) names += str(n.name()) + " ";
    CHECK(names == "memory@40000000 gic bus ");
    Node memory = *t.find("/memory");
    CHECK(str(memory.base_name()) == "memory");
    CHECK(str(memory.text("device_type")) == "memory");
    REQUIRE(memory.reg_count() == 2);
    CHECK(memory.reg(1).value() == Range{0x880000000, 1ul << 32});
    CHECK(memory.reg(2).error() == Errno::noent);
    names.clear();
    for (Property p : t.find("/bus/uart@1800")->properties()) names += std::string{p.name} + " ";
    CHECK(names == "compatible reg interrupts ");
    CHECK(!t.find("/bus/pic")->parent()->child("nothing"));
    char path[64];
    CHECK(str(t.find_compatible("arm,pl011")->path(path)) == "/bus/uart@1800");
    CHECK(!t.find("/bus/other")->enabled());
    CHECK(t.find("/bus/uart")->enabled());
    CHECK(str(t.by_phandle(9)->name()) == "pic");
    CHECK(!t.by_phandle(8));
}

TEST_CASE("a walk meets every node, however deep the one before it stands", "[devicetree]") {
    Written w;
    Builder b{w.space};
    for (const char* name : {"", "a", "b", "c", "d"}) b.begin(name);
    for (int i = 0; i < 4; ++i) b.end();
    b.begin("e");
    b.end();
    b.end();
    w.bytes = b.finish().value();
    std::string names;
    Tree t = open(w);
    for (Maybe<Node> n = t.root().next(); n; n = n->next()) names += str(n->name()) + " ";
    CHECK(names == "a b c d e ");
}

// The parent of a node that was met, and of the same one found by its path.
unsigned check_parents(const Tree& t, Node of) {
    unsigned count = 0;
    for (Node n : of.children()) {
        char path[64];
        auto found = t.find(n.path(path));
        REQUIRE(found == Maybe<Node>{n});
        CHECK(n.parent() == Maybe<Node>{of});
        CHECK(found->parent() == Maybe<Node>{of});
        count += 1 + check_parents(t, n);
    }
    return count;
}

TEST_CASE("a node's parent is the one above, however the node was come by", "[devicetree]") {
    auto w = machine();
    Tree t = open(*w);
    CHECK(!t.root().parent());
    CHECK(!t.find("/")->parent());
    unsigned all = check_parents(t, t.root());
    CHECK(all == 6);
    for (Maybe<Node> n = t.root().next(); n; n = n->next()) {
        --all;
        char path[64];
        CHECK(n->parent() == t.find(n->path(path))->parent());
        bool among = false;
        for (Node c : n->parent()->children()) among = among || c == *n;
        CHECK(among);
    }
    CHECK(all == 0);
}

TEST_CASE("addresses go through the buses above", "[devicetree]") {
    auto w = machine();
    Node uart = *open(*w).find("/bus/uart");
    REQUIRE(uart.reg_count() == 3);
    CHECK(uart.reg(0).value() == Range{0x1800, 0x100});
    CHECK(uart.machine_reg(0).value() == Range{0x9000800, 0x100});
    CHECK(uart.machine_reg(1).value() == Range{0x100000010, 0x20});
    CHECK(uart.machine_reg(2).error() == Errno::nxio);
    CHECK(open(*w).find("/memory")->machine_reg(0).value() == Range{0x40000000, 0x80000000});
}

TEST_CASE("interrupts name their controller", "[devicetree]") {
    auto w = machine();
    Tree t = open(*w);
    Node uart = *t.find("/bus/uart"), other = *t.find("/bus/other");
    auto second = uart.interrupt(1);
    REQUIRE(second.ok());
    CHECK(str(second.value().controller.name()) == "gic");
    REQUIRE(second.value().cells.size() == 3);
    CHECK(second.value().cells[1] == 12);
    CHECK(uart.interrupt(2).error() == Errno::noent);
    auto extended = other.interrupt(1);
    REQUIRE(extended.ok());
    CHECK(str(extended.value().controller.name()) == "pic");
    CHECK(extended.value().cells[0] == 77);
    CHECK(other.interrupt(2).error() == Errno::noent);
    CHECK(t.root().interrupt(0).error() == Errno::noent);
}

TEST_CASE("values have the form that is asked for, or there is none", "[devicetree]") {
    Property p{"p", Bytes{reinterpret_cast<const u8*>("ab\0cd\0"), 6}};
    CHECK(!p.text());
    CHECK(str(p.text(1)) == "cd");
    CHECK(!p.text(2));
    CHECK(p.lists("cd"));
    CHECK(!p.number());
    p.value = p.value.first(5);   // the second string has no end
    CHECK(!p.text(1));
    p.value = p.value.first(3);
    CHECK(str(p.text()) == "ab");
    const u8 wide[] = {0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 9};
    Cells c{wide};
    CHECK(c.size() == 3);
    CHECK(c.number(0, 2) == Maybe<u64>{0x100000002});
    CHECK(!c.number(0, 3));
    CHECK(!c.number(2, 2));
    CHECK(c.number(3, 0) == Maybe<u64>{0});
    CHECK(c[7] == 0);
}

TEST_CASE("the builder tells that its space is too small, and of bad nesting", "[devicetree]") {
    auto w = machine();
    for (usize n = 0; n < w->bytes.size(); ++n) {
        std::unique_ptr<u64[]> space{new u64[n / 8 + 1]};
        Builder b{std::span<u8>{reinterpret_cast<u8*>(space.get()), n}};
        write_machine(b);
        auto r = b.finish();
        REQUIRE(!r.ok());
        REQUIRE(r.error() == Errno::nospc);
    }
    Written other;
    Builder open_node{other.space};
    open_node.begin("");
    CHECK(open_node.finish().error() == Errno::inval);
    Builder too_many{other.space};
    too_many.begin("");
    too_many.end();
    too_many.end();
    CHECK(too_many.finish().error() == Errno::inval);
    Builder too_large{other.space};
    too_large.begin("");
    too_large.number("n", 1ul << 32, 1);
    too_large.end();
    CHECK(too_large.finish().error() == Errno::inval);
}

// Everything that a reader may ask, of everything.
usize read_all(const Tree& t) {
    usize seen = t.reservation_count();
    char path[256];
    for (Maybe<Node> n = t.root(); n; n = n->next()) {
        seen += n->path(path).size() + n->reg_count() + n->enabled() + n->compatible("arm,pl011");
        for (Property p : n->properties()) seen += p.value.size() + p.lists("x") + p.text(1).value_or({}).size();
        for (Node c : n->children()) seen += c.base_name().size();
        for (usize i = 0; i < 3; ++i) seen += n->reg(i).ok() + n->machine_reg(i).ok() + n->interrupt(i).ok();
    }
    return seen;
}

TEST_CASE("a damaged tree is refused or read within its bytes", "[devicetree]") {
    auto w = machine();
    usize opened = 0, refused = 0;
    for (usize at = 0; at < w->bytes.size(); ++at)
        for (u8 change : {u8{0x01}, u8{0x80}, u8{0xff}}) {
            // Of exactly this size, so that the sanitizer sees a step outside.
            std::unique_ptr<u64[]> copy{new u64[(w->bytes.size() + 7) / 8]};
            auto* bytes = reinterpret_cast<u8*>(copy.get());
            memcpy(bytes, w->bytes.data(), w->bytes.size());
            bytes[at] ^= change;
            auto t = Tree::open({bytes, w->bytes.size()});
            if (t) opened += read_all(t.value()) > 0;
            else ++refused;
            CHECK(t.ok() == !Tree::why_not({bytes, w->bytes.size()}));
        }
    CHECK(opened > 100);
    CHECK(refused > 100);
    for (usize n = 0; n < w->bytes.size(); ++n) CHECK(!Tree::open(w->bytes.first(n)).ok());
}

}  // namespace
}  // namespace xen::device_tree
