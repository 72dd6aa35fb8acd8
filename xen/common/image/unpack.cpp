// SPDX-License-Identifier: MIT
#include <xen/config/compressed_kernels.hpp>
#include <xen/image.hpp>
#include <xen/log.hpp>

#include "common/image/bzimage.hpp"
#include "common/image/decompress.hpp"

namespace xen::image {
namespace {

bool is_elf(Bytes b) { return b.size() >= 4 && b[0] == 0x7f && b[1] == 'E' && b[2] == 'L' && b[3] == 'F'; }

}  // namespace

Result<Unpacked> unpack(Bytes file) {
    if (is_elf(file)) return Unpacked{file, nullptr, 0};
    if constexpr (config::compressed_kernels) {
        if (is_bzimage(file)) {
            Bytes payload = TRY(find_payload(file));
            return decompress(payload);
        }
        // A vmlinux.gz carries its size itself.
        if (packing_of(file) == Packing::gzip) return unpack_gzip(file);
    }
    log_error("kernel image refused: its %zu bytes are neither a bzImage nor ELF: give Linux's vmlinuz or vmlinux as the "
              "first module",
              file.size());
    return Errno::noexec;
}

}  // namespace xen::image
