// SPDX-License-Identifier: MIT
// The gzip container (RFC 1952) around text that is stored, not compressed: leaves whose encoding the ABI calls gzip
// are read by tools that unpack. Any context.
#pragma once

#include "lib/string.hpp"

namespace xen::hypfs {

usize gzip_size(usize bytes);
// Writes gzip_size(bytes) bytes.
void gzip(char* to, const char* from, usize bytes);

}  // namespace xen::hypfs
