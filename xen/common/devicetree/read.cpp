// SPDX-License-Identifier: MIT
// Trees and nodes. libfdt checks a tree, and finds nodes by path; walks over nodes and properties are our own, for libfdt checks
// each token again and finds a parent from the root on. fdt_addresses.o and fdt_rw.o stay out of the image: the arm64 archive has
// vector instructions there.
#include <xen/device_tree.hpp>

#include "common/devicetree/structure.hpp"

namespace xen::device_tree {
namespace {

constexpr u32 kVersion = 17;   // since 2007; libfdt converts older ones, which nobody makes

bool fits_int(usize n) { return n <= 0x7fffffff; }

// f(token, nodes that are open with it) for each token before `offset`.
template <class F>
void walk_before(const void* tree, int offset, F f) {
    Structure s{tree};
    int open = 0;
    for (Token t = s.at(0); !t.ends_tree() && t.at < offset; t = s.after(t)) {
        open += t.is_node() - t.ends_node();
        f(t, open);
    }
}

// Of a node that was found without its parent: two walks, for a tree may be of any depth.
int parent_of(const void* tree, int offset) {
    int depth = 0, parent = 0;
    walk_before(tree, offset, [&](Token, int open) { depth = open; });
    walk_before(tree, offset, [&](Token t, int open) {
        if (t.is_node() && open == depth) parent = t.at;
    });
    return parent;
}

// The first property from `t` on in its node; -1: there is none.
int property_from(const Structure& s, Token t) {
    t = s.after(t);
    return t.is_property() ? t.at : -1;
}

}  // namespace

Result<usize> Tree::size(Bytes head) {
    if (head.size() < 8 || fdt_magic(head.data()) != FDT_MAGIC) return Errno::inval;
    return usize{fdt_totalsize(head.data())};
}

const char* Tree::why_not(Bytes blob) {
    if (blob.size() < sizeof(fdt_header)) return "it is shorter than a header";
    if (fdt_magic(blob.data()) != FDT_MAGIC) return "it does not begin with 0xd00dfeed";
    if (fdt_version(blob.data()) < kVersion || fdt_last_comp_version(blob.data()) > kVersion)
        return "it is not of version 17";
    if (int e = fdt_check_full(blob.data(), blob.size())) return fdt_strerror(e);
    // fdt_check_full() accepts a tree without a root node.
    int next = 0;
    if (fdt_next_tag(blob.data(), 0, &next) != FDT_BEGIN_NODE) return "it has no root node";
    return nullptr;
}

Result<Tree> Tree::open(Bytes blob) {
    if (why_not(blob)) return Errno::inval;
    return Tree{blob.data()};
}

Bytes Tree::bytes() const { return {static_cast<const u8*>(tree_), fdt_totalsize(tree_)}; }

Maybe<Node> Tree::find(Str path) const {
    if (!fits_int(path.size())) return nothing;
    return Node::at(tree_, fdt_path_offset_namelen(tree_, path.data(), static_cast<int>(path.size())));
}

Maybe<Node> Tree::find_compatible(Str with) const {
    for (Maybe<Node> n = root(); n; n = n->next())
        if (n->compatible(with)) return n;
    return nothing;
}

Maybe<Node> Tree::by_phandle(u32 handle) const {
    for (Maybe<Node> n = root(); n; n = n->next())
        if (n->phandle() == Maybe<u32>{handle}) return n;
    return nothing;
}

usize Tree::reservation_count() const {
    int n = fdt_num_mem_rsv(tree_);
    return n < 0 ? 0 : static_cast<usize>(n);
}

Range Tree::reservation(usize i) const {
    uint64_t start = 0, bytes = 0;
    if (i >= reservation_count() || fdt_get_mem_rsv(tree_, static_cast<int>(i), &start, &bytes)) return {};
    return {start, bytes};
}

u32 Tree::boot_cpu() const { return fdt_boot_cpuid_phys(tree_); }

Maybe<Node> Node::at(const void* tree, int offset) {
    if (offset < 0) return nothing;
    return Node{tree, offset};
}

Maybe<Node> Node::by_phandle(u32 handle) const { return Tree{tree_}.by_phandle(handle); }

Str Node::name() const { return Structure{tree_}.node_name(offset_); }
const char* Node::c_name() const { return name().data(); }

Str Node::base_name() const {
    Str s = name();
    return s.substr(0, s.find('@'));
}

Str Node::path(std::span<char> space) const {
    if (!fits_int(space.size()) || fdt_get_path(tree_, offset_, space.data(), static_cast<int>(space.size()))) return "?";
    return Str{space.data()};
}

Maybe<Node> Node::parent() const {
    if (!offset_) return nothing;
    return Node{tree_, parent_ >= 0 ? parent_ : parent_of(tree_, offset_)};
}

Maybe<Node> Node::child(Str name) const {
    bool any_unit = name.find('@') == Str::npos;
    for (Node n : children())
        if (n.name() == name || (any_unit && n.base_name() == name)) return n;
    return nothing;
}

Maybe<Node> Node::next() const {
    Structure s{tree_};
    int ended = 0;
    Token t = s.after(s.at(offset_));
    for (; !t.ends_tree(); t = s.after(t)) {
        if (t.is_node()) return Node{tree_, t.at, ended == 0 ? offset_ : ended == 1 ? parent_ : kNotKnown};
        ended += t.ends_node();
    }
    return nothing;
}

Children Node::children() const { return Children{*this}; }

Maybe<Node> Node::first_child() const {
    Structure s{tree_};
    Token t = s.after(s.at(offset_));
    while (t.is_property()) t = s.after(t);
    return t.is_node() ? Maybe<Node>{Node{tree_, t.at, offset_}} : nothing;
}

Maybe<Node> Node::next_sibling() const {
    Structure s{tree_};
    int open = 1;
    for (Token t = s.after(s.at(offset_)); !t.ends_tree() && open >= 0; t = s.after(t)) {
        if (t.is_node() && !open) return Node{tree_, t.at, parent_};
        open += t.is_node() - t.ends_node();
    }
    return nothing;
}

Properties Node::properties() const { return Properties{*this}; }

Properties::Iterator Properties::begin() const {
    Structure s{of_.tree_};
    return {of_.tree_, property_from(s, s.at(of_.offset_))};
}

Properties::Iterator& Properties::Iterator::operator++() {
    Structure s{tree_};
    offset_ = property_from(s, s.at(offset_));
    return *this;
}

Property Properties::Iterator::operator*() const {
    Structure s{tree_};
    Token t = s.at(offset_);
    return {s.property_name(t), s.value(t)};
}

Maybe<Property> Node::property(Str name) const {
    Structure s{tree_};
    for (Token t = s.after(s.at(offset_)); t.is_property(); t = s.after(t))
        if (s.is_named(t, name)) return Property{s.property_name(t), s.value(t)};
    return nothing;
}

Maybe<u64> Node::number(Str name) const {
    auto p = property(name);
    return p ? p->number() : nothing;
}

Maybe<Str> Node::text(Str name) const {
    auto p = property(name);
    return p ? p->text() : nothing;
}

Cells Node::cells(Str name) const {
    auto p = property(name);
    return p ? p->cells() : Cells{};
}

bool Node::compatible(Str with) const {
    auto p = property("compatible");
    return p && p->lists(with);
}

bool Node::enabled() const {
    auto p = property("status");
    return !p || p->text(0) == Maybe<Str>{"okay"} || p->text(0) == Maybe<Str>{"ok"};
}

Maybe<u32> Node::phandle() const {
    auto p = property("phandle");
    if (!p || p->value.size() != 4) p = property("linux,phandle");
    if (!p || p->value.size() != 4) return nothing;
    u32 h = p->cells()[0];
    if (h == 0 || h == ~u32{0}) return nothing;
    return h;
}

}  // namespace xen::device_tree
