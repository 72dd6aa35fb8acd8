// SPDX-License-Identifier: MIT
// The pages of a dying domain that nobody else uses, given up many at a time.
#pragma once

#include <xen/domain.hpp>

namespace xen::memory {

// From `cursor` on: frees pages to which nothing but their allocation refers, `most` at most, until one is in use
// otherwise. How many they were.
unsigned free_unused(Domain& d, unsigned most);

}  // namespace xen::memory
