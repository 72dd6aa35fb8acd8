// SPDX-License-Identifier: MIT
// hypfs_op and xsm_op: the hypervisor's file tree, and what a build without a policy engine
// answers.
#include "test.hpp"
#include <public/hypfs.h>

namespace {

alignas(16) u8 buffer[8192];

long fs(u64 command, const char* path, u64 length, void* data = nullptr, u64 size = 0) {
    return hypercall(__HYPERVISOR_hypfs_op, command, address(path), length, address(data), size);
}

long read(const char* path, u64 size = sizeof(buffer)) {
    return fs(XEN_HYPFS_OP_read, path, strlen(path) + 1, buffer, size);
}

void entry(const char* path) {
    memset(buffer, 0, sizeof(buffer));
    const long rc = read(path);
    result(join("read.", path), rc);
    if (rc) return;
    const auto* e = reinterpret_cast<const xen_hypfs_direntry*>(buffer);
    value(join("read.", path, ".type"), e->type);
    value(join("read.", path, ".encoding"), e->encoding);
    value(join("read.", path, ".max_write"), e->max_write_len);
}

void errors() {
    result("no_slash", read("buildinfo"));
    result("absent", read("/nothing"));
    result("below_a_file", read("/buildinfo/version/major/x"));
    result("trailing_slash", read("/buildinfo/"));
    result("not_terminated", fs(XEN_HYPFS_OP_read, "/buildinfo", 4, buffer, sizeof(buffer)));
    result("empty_path", fs(XEN_HYPFS_OP_read, "", 0, buffer, sizeof(buffer)));
    static char too_long[1100];
    memset(too_long, 'a', sizeof(too_long) - 1);
    too_long[0] = '/';
    result("long_path", fs(XEN_HYPFS_OP_read, too_long, sizeof(too_long), buffer, sizeof(buffer)));
    result("path_fault", fs(XEN_HYPFS_OP_read, at<char>(kUnmapped), 4, buffer, sizeof(buffer)));
    result("no_room", read("/", 4));
    result("room_for_entry_only", read("/", sizeof(xen_hypfs_direntry)));
    result("data_fault", fs(XEN_HYPFS_OP_read, "/", 2, at<void>(kUnmapped), 4096));
    result("write.read_only",
           fs(XEN_HYPFS_OP_write_contents, "/buildinfo/version/major", 25, buffer, 4));
    result("write.directory", fs(XEN_HYPFS_OP_write_contents, "/", 2, buffer, 4));
    result("write.absent", fs(XEN_HYPFS_OP_write_contents, "/nothing", 9, buffer, 4));
    result("write.nothing",
           fs(XEN_HYPFS_OP_write_contents, "/buildinfo/version/major", 25, buffer, 0));
    result("version.with_path", fs(XEN_HYPFS_OP_get_version, "/", 2));
    result("unknown", fs(3, nullptr, 0));
    result("minus1", fs(~u64{0}, nullptr, 0));
}

} // namespace

void test_hypfs() {
    result("version", fs(XEN_HYPFS_OP_get_version, nullptr, 0));
    for (const char* path : {"/", "/buildinfo", "/buildinfo/version", "/buildinfo/version/major",
                             "/buildinfo/version/minor", "/buildinfo/version/extra",
                             "/buildinfo/changeset", "/buildinfo/config", "/buildinfo/compiler",
                             "/params", "/cpupool", "/cpupool/0", "/cpupool/0/sched-gran"})
        entry(path);
    read("/buildinfo/version/major");
    value("major", *reinterpret_cast<const u32*>(buffer + sizeof(xen_hypfs_direntry)));
    read("/buildinfo/version/minor");
    value("minor", *reinterpret_cast<const u32*>(buffer + sizeof(xen_hypfs_direntry)));
    errors();
}

void test_xsm() {
    for (const WildPointer& wild : wild_pointers)
        result(join("op.", wild.name), hypercall(__HYPERVISOR_xsm_op, wild.where));
    memset(buffer, 0, sizeof(buffer));
    result("op.zero", hypercall(__HYPERVISOR_xsm_op, address(buffer)));
    result("op.null", hypercall(__HYPERVISOR_xsm_op, 0));
}
