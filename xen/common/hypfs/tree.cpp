// SPDX-License-Identifier: MIT
#include <public/hypfs.h>
#include <xen/build_info.hpp>
#include <xen/config/text.hpp>
#include <xen/heap.hpp>

#include "common/hypfs/gzip.hpp"
#include "common/hypfs/node.hpp"
#include "common/hypfs/pools.hpp"
#include "common/options/table.hpp"
#include "lib/format.hpp"
#include "lib/words.hpp"

namespace xen::hypfs {
namespace {

usize text(char* to, usize cap, Str s) {
    copy_string(to, cap, s);
    return s.size() + 1;
}

usize number(char* to, usize cap, u64 value) {
    u32 v = static_cast<u32>(value);
    if (cap >= sizeof(v)) memcpy(to, &v, sizeof(v));
    return sizeof(v);
}

// ABI: packed, while everything else is plain.
usize config_text(char* to, usize cap, u64) {
    usize size = gzip_size(config::text_size);
    if (cap >= size) gzip(to, config::text, config::text_size);
    return size;
}
usize changeset(char* to, usize cap, u64) { return text(to, cap, build_info::changeset); }
usize compiler(char* to, usize cap, u64) { return text(to, cap, build_info::compiler); }
usize date(char* to, usize cap, u64) { return text(to, cap, build_info::date); }
usize builder(char* to, usize cap, u64) { return text(to, cap, "xenith"); }
usize extra(char* to, usize cap, u64) { return text(to, cap, build_info::extra_version); }

constexpr Node kCompileInfo[] = {
    {"compile_by", XEN_HYPFS_TYPE_STRING, builder},
    {"compile_date", XEN_HYPFS_TYPE_STRING, date},
    {"compile_domain", XEN_HYPFS_TYPE_STRING, builder},
    {"compiler", XEN_HYPFS_TYPE_STRING, compiler},
};
constexpr Node kVersion[] = {
    {"extra", XEN_HYPFS_TYPE_STRING, extra},
    {"major", XEN_HYPFS_TYPE_UINT, number, 4},
    {"minor", XEN_HYPFS_TYPE_UINT, number, 17},
};

template <usize N>
constexpr Node directory(const char* name, const Node (&children)[N]) {
    return {name, XEN_HYPFS_TYPE_DIR, nullptr, 0, children, N};
}

constexpr Node kBuildInfo[] = {
    {"changeset", XEN_HYPFS_TYPE_STRING, changeset},
    directory("compileinfo", kCompileInfo),
    {"config", XEN_HYPFS_TYPE_STRING, config_text, 0, nullptr, 0, XEN_HYPFS_ENC_GZIP},
    directory("version", kVersion),
};

// One leaf for each option of the command line.
usize parameter(char* to, usize cap, u64 index) {
    const option::Option& o = option::table().first[index];
    if (o.kind == option::Kind::boolean) {
        if (cap) *to = *static_cast<const bool*>(o.value) ? '\1' : '\0';
        return 1;
    }
    if (o.kind == option::Kind::number) return number(to, cap, *static_cast<const u32*>(o.value));
    return option::show(o, to, cap) + 1;
}

u8 type_of(option::Kind k) {
    if (k == option::Kind::boolean) return XEN_HYPFS_TYPE_BOOL;
    return k == option::Kind::number ? XEN_HYPFS_TYPE_UINT : XEN_HYPFS_TYPE_STRING;
}

// ABI: what may be written is text and keeps Xen's form.
usize changeable_parameter(char* to, usize cap, u64 index) {
    return option::changeable(option::table().first[index].name)->show(to, cap) + 1;
}

Status change_parameter(Str text, u64 index) { return option::changeable(option::table().first[index].name)->set(text); }

Node parameter_node(const option::Option& o, u64 index) {
    const option::Changeable* c = option::changeable(o.name);
    if (!c) return {o.name, type_of(o.kind), parameter, index};
    Node n{o.name, XEN_HYPFS_TYPE_STRING, changeable_parameter, index};
    n.most = c->most + 1;
    n.write = change_parameter;
    return n;
}

struct Tree {
    Array<Node> parameters;
    Node top[3];
    Node root;
};
Tree* tree;

Status build() {
    auto t = TRY(Box<Tree>::create());
    t->parameters = TRY(Array<Node>::create(option::table().count));
    usize n = 0;
    for (usize i = 0; i < option::table().count; ++i) {
        const option::Option& o = option::table().first[i];
        if (o.kind != option::Kind::ignored) t->parameters[n++] = parameter_node(o, i);
    }
    t->top[0] = directory("buildinfo", kBuildInfo);
    t->top[2] = {"params", XEN_HYPFS_TYPE_DIR, nullptr, 0, t->parameters.data(), n};
    t->root = directory("", t->top);
    tree = t.leak();
    return {};
}

const Node* child(const Node& directory, Str name) {
    for (usize i = 0; i < directory.child_count; ++i)
        if (name == Str{directory.children[i].name}) return &directory.children[i];
    return nullptr;
}

}  // namespace

Result<const Node&> root() {
    if (!tree) TRY(build());
    tree->top[1] = TRY(pools());
    return tree->root;
}

Result<const Node&> find(Str path) {
    if (path.empty() || path[0] != '/') return Errno::inval;
    const Node& top = TRY(root());
    const Node* at = &top;
    for (Str name : Words{path.substr(1), '/'}) {
        at = child(*at, name);
        if (!at) return Errno::noent;
    }
    return *at;
}

}  // namespace xen::hypfs
