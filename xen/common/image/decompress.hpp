// SPDX-License-Identifier: MIT
// Unpacks a payload by what its first bytes say it is. Boot CPU, before the first guest (see decoder.hpp).
#pragma once

#include <xen/image.hpp>

namespace xen::image {

enum class Packing : u8 { unknown, elf, gzip, xz, zstd, lz4, bzip2, lzma, lzo };

Packing packing_of(Bytes payload);

// Behind the stream the payload has the unpacked size in 4 bytes, as Linux's build appends it (a gzip stream ends
// with it by itself). Errno::noexec or nomem, with a line in the log.
Result<Unpacked> decompress(Bytes payload);

}  // namespace xen::image
