// SPDX-License-Identifier: MIT
#include "tree.hpp"

#include "talk.hpp"

namespace tree {
namespace {

// Devicetree Specification 0.4, 5.4.
enum Token : u32 { kBegin = 1, kEnd = 2, kProperty = 3, kNop = 4 };
constexpr u64 kStructure = 8, kStrings = 12;   // in the header
u64 blob;

u32 big(u64 at) { return __builtin_bswap32(load(at)); }
const char* chars(u64 at) { return reinterpret_cast<const char*>(at); }
u64 length(const char* text) {
    u64 n = 0;
    while (text[n]) ++n;
    return n;
}

bool is_node(const char* name, const char* wanted) {
    while (*wanted && *name == *wanted) ++name, ++wanted;
    return !*wanted && (!*name || *name == '@');
}

struct Found {
    u64 at = 0;
    u32 bytes = 0;
};

// f(node, property, value) for each, until it says that this is it.
template <class F>
Found search(F f) {
    const char* node = "";
    for (u64 at = blob + big(blob + kStructure);;) {
        u32 token = big(at);
        at += 4;
        if (token == kBegin) {
            node = chars(at);
            at += (length(node) + 4) & ~u64{3};
        } else if (token == kProperty) {
            Found value{at + 8, big(at)};
            if (f(node, chars(blob + big(blob + kStrings) + big(at + 4)), value)) return value;
            at += 8 + ((value.bytes + 3u) & ~3u);
        } else if (token != kEnd && token != kNop) {
            return {};
        }
    }
}

Found find(const char* node, const char* property) {
    return search([=](const char* n, const char* p, Found) { return is_node(n, node) && same_word(p, property); });
}

u64 pair(u64 at) { return u64{big(at)} << 32 | big(at + 4); }
Region region_at(u64 at) { return {pair(at), pair(at + 8)}; }

}  // namespace

void open(u64 at) { blob = at; }

Region reg(const char* node, unsigned i) {
    Found f = find(node, "reg");
    return (i + 1) * 16 <= f.bytes ? region_at(f.at + i * 16) : Region{};
}

u32 cell(const char* node, const char* property, unsigned i) {
    Found f = find(node, property);
    return (i + 1) * 4 <= f.bytes ? big(f.at + i * 4) : 0;
}

u64 number(const char* node, const char* property) {
    Found f = find(node, property);
    return f.bytes == 8 ? pair(f.at) : 0;
}

const char* text(const char* node, const char* property) {
    Found f = find(node, property);
    return f.bytes ? chars(f.at) : "";
}

// `reg` stands before `xen,id` in its node.
Region region(const char* id) {
    Region last;
    Found f = search([&](const char* n, const char* p, Found value) {
        if (is_node(n, "xen-shmem") && same_word(p, "reg")) last = region_at(value.at);
        return is_node(n, "xen-shmem") && same_word(p, "xen,id") && same_word(chars(value.at), id);
    });
    return f.bytes ? last : Region{};
}

}  // namespace tree
