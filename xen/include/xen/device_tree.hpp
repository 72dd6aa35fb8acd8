// SPDX-License-Identifier: MIT
// Flattened device trees (Devicetree Specification 0.4, chapters 2 and 5), read in place and written into a buffer, on
// top of libfdt. Nothing here allocates: it serves before there is a heap. A Tree does not own its bytes, which must not
// change while it or a Node of it is in use; everything that is given (names, values) points into them.
// A tree is somebody else's data: open() checks it as a whole, and what is found later to have another form than its
// reader expects gives nothing or Errno::inval, never an access outside.
// Boot CPU, before the first guest runs: on x86 libfdt.a reads its stack canary where programs have it (asm/boot_vector.hpp).
#pragma once

#include <initializer_list>
#include <span>

#include "lib/bytes.hpp"
#include "lib/fixed_vector.hpp"
#include "lib/maybe.hpp"
#include "lib/result.hpp"
#include "lib/string.hpp"

namespace xen::device_tree {

// A value read as big-endian 32-bit cells; bytes behind the last whole one are not counted.
class Cells {
public:
    constexpr Cells() = default;
    constexpr explicit Cells(Bytes value) : value_{value} {}
    usize size() const { return value_.size() / 4; }
    // 0 behind the end.
    u32 operator[](usize i) const;
    // One number of `count` cells from cell `at`; nothing when they are not all there or it has more than 64 bits.
    Maybe<u64> number(usize at, usize count) const;

private:
    Bytes value_{};
};

struct Property {
    const char* name = "";
    Bytes value{};
    Cells cells() const { return Cells{value}; }
    // Of exactly one or two cells.
    Maybe<u64> number() const;
    // Nothing unless it ends in a NUL and has no other.
    Maybe<Str> text() const;
    // The i-th string of a list of them.
    Maybe<Str> text(usize i) const;
    bool lists(Str s) const;
};

struct Range {
    u64 start = 0, bytes = 0;
    friend bool operator==(const Range&, const Range&) = default;
};

class Node;

// One interrupt of a device: the controller that it goes to and its specifier there.
struct Interrupt;

class Children;
class Properties;

class Node {
public:
    Str name() const;                      // with the unit address; "" for the root
    Str base_name() const;                 // before the '@'
    const char* c_name() const;            // name(), for Builder::begin()
    // The full path, as long as `space` holds it (else "?").
    Str path(std::span<char> space) const;

    Maybe<Node> parent() const;
    Maybe<Node> child(Str name) const;     // with or without its unit address
    Maybe<Node> next() const;              // in the order of the tree: children first
    Children children() const;

    Properties properties() const;
    Maybe<Property> property(Str name) const;
    bool has(Str name) const { return static_cast<bool>(property(name)); }
    Maybe<u64> number(Str name) const;
    Maybe<Str> text(Str name) const;
    Cells cells(Str name) const;           // none when it is absent
    bool compatible(Str with) const;
    bool enabled() const;                  // no status, or "okay" or "ok"
    Maybe<u32> phandle() const;

    // What addresses and sizes of its children take, by its #address-cells and #size-cells (2 and 1 when absent).
    usize address_cells() const;
    usize size_cells() const;
    usize reg_count() const;
    // Errno::noent: fewer than that; Errno::inval: no form of reg.
    Result<Range> reg(usize i = 0) const;
    // The same as an address of the machine: through the `ranges` of all buses above. Errno::nxio: not mapped by one.
    Result<Range> machine_reg(usize i = 0) const;

    // From `interrupts-extended`, else `interrupts` and the nearest `interrupt-parent`. Errno::noent: fewer than that.
    Result<Interrupt> interrupt(usize i) const;
    Maybe<Node> interrupt_parent() const;

    friend bool operator==(const Node& a, const Node& b) { return a.tree_ == b.tree_ && a.offset_ == b.offset_; }
    Node() = default;

private:
    friend class Tree;
    friend class Children;
    friend class Properties;
    static constexpr int kNotKnown = -1;
    Node(const void* tree, int offset, int parent = kNotKnown) : tree_{tree}, offset_{offset}, parent_{parent} {}
    static Maybe<Node> at(const void* tree, int offset_or_error);
    Maybe<Node> by_phandle(u32 handle) const;
    Maybe<Node> first_child() const;
    Maybe<Node> next_sibling() const;

    const void* tree_ = nullptr;
    int offset_ = 0;
    int parent_ = kNotKnown;   // its offset, where it was met on the way here
};

struct Interrupt {
    Node controller{};
    FixedVector<u32, 8> cells{};
};

// for (Node n : node.children())
class Children {
public:
    class Iterator {
    public:
        explicit Iterator(Maybe<Node> at) : at_{at} {}
        Node operator*() const { return *at_; }
        Iterator& operator++() {
            at_ = at_->next_sibling();
            return *this;
        }
        friend bool operator!=(const Iterator& a, const Iterator& b) { return !(a.at_ == b.at_); }

    private:
        Maybe<Node> at_;
    };
    explicit Children(Node of) : of_{of} {}
    Iterator begin() const { return Iterator{of_.first_child()}; }
    Iterator end() const { return Iterator{nothing}; }

private:
    Node of_;
};

// for (Property p : node.properties())
class Properties {
public:
    class Iterator {
    public:
        Iterator(const void* tree, int offset) : tree_{tree}, offset_{offset} {}
        Property operator*() const;
        Iterator& operator++();
        friend bool operator!=(const Iterator& a, const Iterator& b) { return a.offset_ != b.offset_; }

    private:
        const void* tree_;
        int offset_;   // -1: the end
    };
    explicit Properties(Node of) : of_{of} {}
    Iterator begin() const;
    Iterator end() const { return Iterator{of_.tree_, -1}; }

private:
    Node of_;
};

class Tree {
public:
    // The whole size of the tree whose first 8 bytes these are. Errno::inval: no tree begins here.
    static Result<usize> size(Bytes head);
    // Errno::inval: damaged, or of a version before 17 (why_not() says which).
    static Result<Tree> open(Bytes blob);
    static const char* why_not(Bytes blob);

    Bytes bytes() const;
    Node root() const { return {tree_, 0}; }
    Maybe<Node> find(Str path) const;
    Maybe<Node> find_compatible(Str with) const;
    Maybe<Node> by_phandle(u32 handle) const;
    usize reservation_count() const;
    Range reservation(usize i) const;      // of the memory reservation block
    u32 boot_cpu() const;

private:
    friend class Node;
    explicit Tree(const void* tree) : tree_{tree} {}
    const void* tree_;
};

// Cells to be written: numbers of one, two or any count of cells.
class CellList {
public:
    static constexpr usize kMax = 128;
    CellList& add(u64 number, usize cells = 1);
    CellList& add(Range r, usize address_cells, usize size_cells) {
        return add(r.start, address_cells).add(r.bytes, size_cells);
    }
    Bytes bytes() const { return {bytes_.data(), bytes_.size()}; }
    bool full() const { return full_; }

private:
    FixedVector<u8, kMax * 4> bytes_{};
    bool full_ = false;
};

// Writes a tree in order: reservations, then nodes with their properties before their children. What goes wrong is
// kept, the rest does nothing, and finish() tells of it.
class Builder {
public:
    explicit Builder(std::span<u8> space);
    Builder(const Builder&) = delete;
    Builder& operator=(const Builder&) = delete;

    void reserve(Range r);
    void begin(const char* name);          // "" for the root
    void end();
    void property(const char* name, Bytes value);
    void flag(const char* name) { property(name, {}); }
    void text(const char* name, Str s) { texts(name, {s}); }
    void texts(const char* name, std::initializer_list<Str> list);
    void number(const char* name, u64 v, usize cells = 1) { cells_of(name, CellList{}.add(v, cells)); }
    void cells(const char* name, std::initializer_list<u32> list);
    void cells_of(const char* name, const CellList& list);
    // The finished tree. Errno::nospc: the space is too small; Errno::inval: not well nested, or too many cells.
    Result<Bytes> finish();

private:
    void take(int status);
    void start_nodes();
    std::span<u8> space_;
    int error_ = 0;
    bool nodes_ = false, ended_ = false;
    usize depth_ = 0;
};

// "domain@1" of "domain" and 1, written into `space`.
const char* name_with_unit(std::span<char> space, Str base, u64 unit);

}  // namespace xen::device_tree
