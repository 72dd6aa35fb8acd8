// SPDX-License-Identifier: MIT
// Trees and nodes: libfdt's read-only functions behind types. fdt_addresses.o and fdt_rw.o stay out of the image: the
// arm64 archive has vector instructions there.
#include <xen/device_tree.hpp>

#include <libfdt.h>

namespace xen::device_tree {
namespace {

constexpr u32 kVersion = 17;   // since 2007; libfdt converts older ones, which nobody makes

bool fits_int(usize n) { return n <= 0x7fffffff; }

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
    return Node::at(tree_, fdt_node_offset_by_phandle(tree_, handle));
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

Maybe<Node> Node::by_phandle(u32 handle) const { return at(tree_, fdt_node_offset_by_phandle(tree_, handle)); }

Str Node::name() const {
    int n = 0;
    const char* s = fdt_get_name(tree_, offset_, &n);
    return s ? Str{s, static_cast<usize>(n)} : Str{};
}

const char* Node::c_name() const {
    const char* s = fdt_get_name(tree_, offset_, nullptr);
    return s ? s : "";
}

Str Node::base_name() const {
    Str s = name();
    return s.substr(0, s.find('@'));
}

Str Node::path(std::span<char> space) const {
    if (!fits_int(space.size()) || fdt_get_path(tree_, offset_, space.data(), static_cast<int>(space.size()))) return "?";
    return Str{space.data()};
}

Maybe<Node> Node::parent() const { return at(tree_, fdt_parent_offset(tree_, offset_)); }

Maybe<Node> Node::child(Str name) const {
    if (!fits_int(name.size())) return nothing;
    return at(tree_, fdt_subnode_offset_namelen(tree_, offset_, name.data(), static_cast<int>(name.size())));
}

Maybe<Node> Node::next() const {
    int n = fdt_next_node(tree_, offset_, nullptr);   // without a depth it ends with the tree, not with a node above
    return n < 0 ? Maybe<Node>{} : at(tree_, n);
}

Children Node::children() const { return Children{*this}; }
Maybe<Node> Node::first_child() const { return at(tree_, fdt_first_subnode(tree_, offset_)); }
Maybe<Node> Node::next_sibling() const { return at(tree_, fdt_next_subnode(tree_, offset_)); }

Properties Node::properties() const { return Properties{*this}; }

Properties::Iterator Properties::begin() const {
    int at = fdt_first_property_offset(of_.tree_, of_.offset_);
    return {of_.tree_, at < 0 ? -1 : at};
}

Properties::Iterator& Properties::Iterator::operator++() {
    int at = fdt_next_property_offset(tree_, offset_);
    offset_ = at < 0 ? -1 : at;
    return *this;
}

Property Properties::Iterator::operator*() const {
    const char* name = nullptr;
    int n = 0;
    auto* v = static_cast<const u8*>(fdt_getprop_by_offset(tree_, offset_, &name, &n));
    if (!v || !name) return {};
    return {name, {v, static_cast<usize>(n)}};
}

Maybe<Property> Node::property(Str name) const {
    if (!fits_int(name.size())) return nothing;
    int n = 0;
    const struct fdt_property* p = fdt_get_property_namelen(tree_, offset_, name.data(), static_cast<int>(name.size()), &n);
    if (!p) return nothing;
    const char* own = fdt_string(tree_, static_cast<int>(fdt32_to_cpu(p->nameoff)));
    return Property{own ? own : "", {reinterpret_cast<const u8*>(p->data), static_cast<usize>(n)}};
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
    u32 h = fdt_get_phandle(tree_, offset_);
    if (h == 0 || h == ~u32{0}) return nothing;
    return h;
}

}  // namespace xen::device_tree
