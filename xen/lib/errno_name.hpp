// SPDX-License-Identifier: MIT
// The ABI's name of an error, such as "EINVAL", for the log.
#pragma once

#include "lib/errno.hpp"

namespace xen {

const char* errno_name(Errno e);

}  // namespace xen
