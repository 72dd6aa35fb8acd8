// SPDX-License-Identifier: MIT
// A file that is one gzip stream: the last four bytes are the size of what is in it (RFC 1952 2.3.1, ISIZE).
#include <xen/log.hpp>

#include "common/image/stream.hpp"

namespace xen::image {

Result<Unpacked> unpack_gzip(Bytes file) {
    if (file.size() > sizeof(u32)) return unpack_stream({"gzip", decode_gzip}, file, TRY(read_at<u32>(file, file.size() - sizeof(u32))));
    log_error("kernel image refused: a gzip file of %zu bytes: copy it again", file.size());
    return Errno::noexec;
}

}  // namespace xen::image
