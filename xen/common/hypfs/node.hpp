// SPDX-License-Identifier: MIT
// The tree of the hypervisor file system: directories with children, leaves whose content is made when it is read.
// Built at the first use; only the CPU pools' part is made anew by each find(), and ends with the next. The caller
// serialises (op.cpp has the lock).
#pragma once

#include <public/hypfs.h>

#include "lib/result.hpp"
#include "lib/string.hpp"

namespace xen::hypfs {

struct Node {
    const char* name = "";
    u8 type = 0;                       // XEN_HYPFS_TYPE_*
    // Leaf: writes the content, returns its length in bytes (which may exceed cap).
    usize (*fill)(char* to, usize cap, u64 argument) = nullptr;
    u64 argument = 0;
    const Node* children = nullptr;    // directory
    usize child_count = 0;
    u8 encoding = XEN_HYPFS_ENC_PLAIN;
    // Writable leaf: the most bytes it takes, and what takes them (not ended by a NUL necessarily).
    u32 most = 0;
    Status (*write)(Str text, u64 argument) = nullptr;
    bool is_directory() const { return type == XEN_HYPFS_TYPE_DIR; }
};

Result<const Node&> root();
// By absolute path; Errno::inval when it does not begin with a slash, Errno::noent when there is none.
Result<const Node&> find(Str path);

}  // namespace xen::hypfs
