// SPDX-License-Identifier: MIT
// The parsed values, written by the parser, and by change_number().
#pragma once

#include <xen/option.hpp>

namespace xen::option {

extern Values parsed;

}  // namespace xen::option
