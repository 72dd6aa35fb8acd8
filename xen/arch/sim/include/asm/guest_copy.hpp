// SPDX-License-Identifier: MIT
// The simulated guest is reached through its tables, page by page.
#pragma once

#include <xen/guest_copy_words.hpp>
