// SPDX-License-Identifier: MIT
// TLB flushes and the clock that tells whether one is still owed. A page that may be cached in TLBs carries
// the clock's value of the moment it was last unmapped; a CPU that has flushed since needs no further flush.
#pragma once

#include <xen/cpumask.hpp>

#include "lib/index.hpp"

namespace xen::tlb {

u32 clock();                                     // the current stamp
CpuMask needing_flush(const CpuMask& cpus, u32 stamp);  // those that have not flushed since `stamp`

// The address spaces that a CPU keeps apart: the hypervisor's own, and the two of the vCPU it runs.
enum class Space : u8 { own, kernel, user };

// Another vCPU's, or none's: nothing of the old ones stays. Interrupts off.
void load_root(u64 cr3, Space space);
// The other one of the same vCPU, or a new root for it. With PCID each space keeps its entries while the other is in
// use; else all but global entries go.
void switch_root(u64 cr3, Space space);
// The next switch to the user space finds nothing cached, whatever its root.
void forget_user_space();

void flush_local();                              // all that a guest may have: its user pages are global entries
void flush_local_all();                          // the hypervisor's too
void flush_local_one(u64 address);
void flush_mask(const CpuMask& cpus);            // waits for all; interrupts on
void flush_mask_all(const CpuMask& cpus);        // global entries too
void flush_mask_one(const CpuMask& cpus, u64 address);
void flush_cache(const CpuMask& cpus);           // WBINVD

}  // namespace xen::tlb
