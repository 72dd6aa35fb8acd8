// SPDX-License-Identifier: MIT
// Where the kernel lies in a bzImage: the header of Linux's x86 boot protocol. Pure.
#pragma once

#include "lib/bytes.hpp"

namespace xen::image {

bool is_bzimage(Bytes file);
// The payload, in whatever way it is packed. Errno::noexec, with a line in the log, for one that lies outside the file
// or a boot protocol that does not say where it is.
Result<Bytes> find_payload(Bytes file);

}  // namespace xen::image
