// SPDX-License-Identifier: MIT
// How much of the machine dom0 gets: pure arithmetic from the options and what is free.
#pragma once

#include <xen/option.hpp>

namespace xen::dom0 {

struct Size {
    u64 pages = 0, max_pages = 0;
};
Size decide_size(const option::Dom0Memory& asked, u64 free_pages);

u32 decide_vcpus(u32 least, u32 most, u32 cpus);

}  // namespace xen::dom0
