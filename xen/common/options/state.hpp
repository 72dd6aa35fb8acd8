// SPDX-License-Identifier: MIT
// The parsed values, written by the parser only.
#pragma once

#include <xen/option.hpp>

namespace xen::option {

extern Values parsed;

}  // namespace xen::option
