// SPDX-License-Identifier: MIT
// Leaf: cache maintenance by address to the point of coherency or unification (ARM D7.5.9). Any context.
#pragma once

#include "lib/types.hpp"

namespace xen::arch {

u64 cache_line();                                  // bytes, the smallest of the data caches (CTR_EL0.DminLine)
u64 first_data_cache();                            // CCSIDR_EL1 of the first level's, as the guest can read it
void clean_cache(const void* p, u64 bytes);        // written back
void clean_invalidate_cache(const void* p, u64 bytes);
void invalidate_cache(void* p, u64 bytes);         // contents may be lost
void sync_instructions(const void* p, u64 bytes);  // code was written: clean to unification, instruction caches forget

}  // namespace xen::arch
