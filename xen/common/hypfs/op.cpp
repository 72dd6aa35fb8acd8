// SPDX-License-Identifier: MIT
// HYPERVISOR_hypfs_op (public/hypfs.h). What can be written are properties of CPU pools
// and the options that may change while the machine runs.
#include <public/hypfs.h>
#include <xen/control.hpp>
#include <xen/heap.hpp>
#include <xen/security.hpp>

#include "common/hypfs/node.hpp"

namespace xen::control {
namespace {

using hypfs::Node;

// Serialises all uses of the tree.
Spinlock<LockRank::sysctl> lock;

usize record_size(const char* name) {
    constexpr usize kAlign = alignof(xen_hypfs_direntry);
    return (offsetof(xen_hypfs_dirlistentry, name) + __builtin_strlen(name) + 1 + kAlign - 1) & ~(kAlign - 1);
}

usize content_size(const Node& n) {
    if (!n.is_directory()) return n.fill(nullptr, 0, n.argument);
    usize bytes = 0;
    for (usize i = 0; i < n.child_count; ++i) bytes += record_size(n.children[i].name);
    return bytes;
}

xen_hypfs_direntry describe(const Node& n) {
    xen_hypfs_direntry e{};
    e.type = n.type;
    e.encoding = n.encoding;
    e.max_write_len = n.most;
    e.content_len = static_cast<u32>(content_size(n));
    return e;
}

void fill_directory(const Node& n, char* to) {
    for (usize i = 0; i < n.child_count; ++i) {
        const Node& c = n.children[i];
        auto* record = reinterpret_cast<xen_hypfs_dirlistentry*>(to);
        record->e = describe(c);
        usize bytes = record_size(c.name);
        record->off_next = i + 1 < n.child_count ? static_cast<u16>(bytes) : u16{0};
        memcpy(to + offsetof(xen_hypfs_dirlistentry, name), c.name, __builtin_strlen(c.name) + 1);
        to += bytes;
    }
}

Status read(const Node& n, u64 to, u64 room) {
    xen_hypfs_direntry e = describe(n);
    if (room < sizeof(e)) return Errno::inval;
    TRY(guest::copy_out(to, &e, sizeof(e)));
    if (room < e.content_len + sizeof(e)) return Errno::nobufs;
    if (!e.content_len) return {};
    auto content = TRY(Array<char>::create(e.content_len));
    if (n.is_directory()) fill_directory(n, content.data());
    else n.fill(content.data(), content.size(), n.argument);
    return guest::copy_out(to + sizeof(e), content.data(), e.content_len);
}

Status write(const Node& n, u64 from, u64 bytes) {
    if (!n.write) return Errno::acces;
    if (bytes > n.most) return Errno::nospc;
    auto content = TRY(Array<char>::create(n.most + 1));
    TRY(guest::copy_in(content.data(), from, bytes));
    Str text{content.data()};
    return text.size() < bytes ? n.write(text, n.argument) : Errno::inval;  // it has to end by itself
}

struct Path {
    char text[XEN_HYPFS_MAX_PATHLEN];
    Str str;
};

Status copy_path(Path& p, u64 from, u64 bytes) {
    if (bytes == 0 || bytes > sizeof(p.text)) return Errno::inval;
    TRY(guest::copy_in(p.text, from, bytes));
    if (p.text[bytes - 1] != '\0') return Errno::inval;
    p.str = Str{p.text};
    return p.str.size() == bytes - 1 ? Status{} : Errno::inval;
}

}  // namespace

Result<s64> hypfs_op(u32 cmd, GuestIn<char> path, u64 path_bytes, GuestInOut<void> buffer, u64 bytes) {
    TRY(security::may(security::Op::hypfs, current_domain()));
    if (cmd == XEN_HYPFS_OP_get_version)
        return path.raw() || path_bytes || buffer.raw() || bytes ? Result<s64>{Errno::inval} : s64{XEN_HYPFS_VERSION};
    auto p = TRY(Box<Path>::create());
    TRY(copy_path(*p, path.raw(), path_bytes));
    if (buffer.is_null() && bytes) return Errno::inval;
    Guard g{lock};
    const Node& n = TRY(hypfs::find(p->str));
    switch (cmd) {
    case XEN_HYPFS_OP_read: TRY(read(n, buffer.raw(), bytes)); return 0;
    case XEN_HYPFS_OP_write_contents: TRY(write(n, buffer.raw(), bytes)); return 0;
    default: return Errno::opnotsupp;
    }
}

}  // namespace xen::control
