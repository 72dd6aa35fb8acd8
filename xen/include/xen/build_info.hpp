// SPDX-License-Identifier: MIT
// What this build is. The strings come from CMake (generated build_info.cpp); the build id from the linker.
#pragma once

#include "lib/string.hpp"

namespace xen::build_info {

extern const char extra_version[];   // "-xenith…" behind 4.17
extern const char changeset[];
extern const char compiler[];
extern const char date[];            // of the commit, so that builds repeat
Str id();                            // empty when the linker wrote none

}  // namespace xen::build_info
