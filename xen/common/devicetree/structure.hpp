// SPDX-License-Identifier: MIT
// Private to devicetree: the structure block of a tree that Tree::open() checked, token by token (Devicetree Specification 0.4,
// 5.4). Nothing is checked again but that an access lies inside. Offsets are libfdt's: from the start of the block; a node's
// is that of its first token, a property's likewise.
#pragma once

#include <libfdt.h>

#include "lib/bytes.hpp"
#include "lib/string.hpp"

namespace xen::device_tree {

struct Token {
    u32 kind = FDT_END;
    int at = 0, next = 0;
    bool is_node() const { return kind == FDT_BEGIN_NODE; }
    bool is_property() const { return kind == FDT_PROP; }
    bool ends_node() const { return kind == FDT_END_NODE; }
    bool ends_tree() const { return kind == FDT_END; }
};

class Structure {
public:
    explicit Structure(const void* tree)
        : nodes_{part(tree, fdt_off_dt_struct(tree), fdt_size_dt_struct(tree))},
          strings_{part(tree, fdt_off_dt_strings(tree), fdt_size_dt_strings(tree))} {}

    // FDT_END outside of the block.
    Token at(int offset) const {
        auto from = static_cast<usize>(offset);
        if (from >= nodes_.size() || nodes_.size() - from < 3 * kWord) return {};   // the root's end, and the tree's
        u32 kind = word(from);
        usize next = from + kWord;
        if (kind == FDT_BEGIN_NODE) next += name_at(next).size() + 1;
        else if (kind == FDT_PROP) next += 2 * kWord + word(next);
        next = (next + kWord - 1) & ~usize{kWord - 1};
        return next < nodes_.size() ? Token{kind, offset, static_cast<int>(next)} : Token{};
    }
    Token after(Token t) const {
        do t = at(t.next);
        while (t.kind == FDT_NOP);
        return t;
    }
    Str node_name(int node) const { return name_at(static_cast<usize>(node) + kWord); }
    Bytes value(Token property) const { return nodes_.subspan(static_cast<usize>(property.at) + 3 * kWord, word(length_at(property))); }
    // Ends in a NUL, as all strings of the block do.
    const char* property_name(Token property) const {
        usize from = word(length_at(property) + kWord);
        return from < strings_.size() ? chars(strings_, from) : "";
    }
    bool is_named(Token property, Str name) const {
        usize from = word(length_at(property) + kWord);
        if (from >= strings_.size() || name.size() >= strings_.size() - from) return false;
        const char* own = chars(strings_, from);
        return !own[name.size()] && Str{own, name.size()} == name;
    }

private:
    static constexpr usize kWord = 4;

    static Bytes part(const void* tree, u32 offset, u32 bytes) { return {static_cast<const u8*>(tree) + offset, bytes}; }
    static const char* chars(Bytes b, usize from) { return reinterpret_cast<const char*>(b.data()) + from; }
    static usize length_at(Token property) { return static_cast<usize>(property.at) + kWord; }
    u32 word(usize from) const {
        u32 v;
        __builtin_memcpy(&v, nodes_.data() + from, sizeof v);
        return __builtin_bswap32(v);
    }
    Str name_at(usize from) const {
        usize end = from;
        while (end < nodes_.size() && nodes_[end]) ++end;
        return {chars(nodes_, from), end - from};
    }

    Bytes nodes_, strings_;
};

}  // namespace xen::device_tree
