// SPDX-License-Identifier: MIT
// Kernels as they are kept on disks. Boot CPU, before the first guest.
#pragma once

#include <xen/image.hpp>

namespace xen::guest_build {

// The file itself, or what is in it when it is packed with gzip: to be released once it is loaded. Errors are logged.
Result<image::Unpacked> unpack_kernel(Bytes file, const char* name);

}  // namespace xen::guest_build
