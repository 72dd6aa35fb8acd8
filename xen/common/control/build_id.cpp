// SPDX-License-Identifier: MIT
// The build id that the linker leaves in a note (gabi 5, note type 3), between two symbols of the linker script.
#include <xen/build_info.hpp>

extern "C" {
[[gnu::weak]] extern const char build_id_start[];
[[gnu::weak]] extern const char build_id_end[];
}

namespace xen::build_info {

Str id() {
    constexpr usize kHeader = 16;  // three words and the name "GNU"
    if (!build_id_start || build_id_end < build_id_start + kHeader) return {};
    return {build_id_start + kHeader, static_cast<usize>(build_id_end - build_id_start) - kHeader};
}

}  // namespace xen::build_info
