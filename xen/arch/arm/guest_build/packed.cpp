// SPDX-License-Identifier: MIT
#include "arch/arm/guest_build/packed.hpp"

#include <xen/config/compressed_kernels.hpp>
#include <xen/log.hpp>

namespace xen::guest_build {

Result<image::Unpacked> unpack_kernel(Bytes file, const char* name) {
    if constexpr (config::compressed_kernels) {
        if (image::packing_of(file) == image::Packing::gzip) {
            auto unpacked = image::unpack_gzip(file);
            if (!unpacked) log_error("%s's kernel cannot be unpacked", name);
            return unpacked;
        }
    }
    return image::Unpacked{file, nullptr, 0};
}

}  // namespace xen::guest_build
