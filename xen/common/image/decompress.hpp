// SPDX-License-Identifier: MIT
// Unpacks a payload by what its first bytes say it is. Boot CPU, before the first guest (see decoder.hpp).
#pragma once

#include <xen/image.hpp>

namespace xen::image {

// Behind the stream the payload has the unpacked size in 4 bytes, as Linux's build appends it (a gzip stream ends
// with it by itself). Errno::noexec or nomem, with a line in the log.
Result<Unpacked> decompress(Bytes payload);

}  // namespace xen::image
