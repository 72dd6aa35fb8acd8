// SPDX-License-Identifier: MIT
// As much of a device tree's reader as the guest needs: properties of the first node whose name begins so, up to the '@'.
// Addresses and sizes of two cells, as the hypervisor writes them.
#pragma once
#include "guest.hpp"

namespace tree {

struct Region {
    u64 start = 0, bytes = 0;
};
void open(u64 at);
Region reg(const char* node, unsigned i);
u32 cell(const char* node, const char* property, unsigned i);
u64 number(const char* node, const char* property);          // of two cells; 0: there is none
const char* text(const char* node, const char* property);    // "": there is none
Region region(const char* id);                               // shared memory, by its xen,id

}  // namespace tree
