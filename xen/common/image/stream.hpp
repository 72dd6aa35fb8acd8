// SPDX-License-Identifier: MIT
// Unpacks a stream whose size is known. Boot CPU, before the first guest (see decoder.hpp).
#pragma once

#include <xen/image.hpp>

#include "common/image/decoder.hpp"

namespace xen::image {

struct Packer {
    const char* name;
    Outcome (*decode)(Decoding&);
};
// Errno::noexec or nomem, with a line in the log.
Result<Unpacked> unpack_stream(const Packer& k, Bytes stream, u32 size);

}  // namespace xen::image
