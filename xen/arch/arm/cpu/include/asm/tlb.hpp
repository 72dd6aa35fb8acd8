// SPDX-License-Identifier: MIT
// Leaf: translations of guests leave the TLBs of every CPU (inner shareable), by VMID (ARM D8.13.5). Each waits until no CPU
// uses what was there before. Any context.
#pragma once

#include "lib/index.hpp"

namespace xen::tlb {

void flush_guest(u16 vmid);                  // both stages
void flush_guest_ipa(u16 vmid, Gaddr ipa);   // one page or block, and all that stage 1 made of it
void flush_all_guests();                     // every VMID: before VMIDs are given anew

}  // namespace xen::tlb
