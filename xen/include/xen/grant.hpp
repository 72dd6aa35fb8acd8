// SPDX-License-Identifier: MIT
// Grant tables, versions 1 and 2: a domain lets others map or copy its pages. Called from hypercalls and domain
// construction only. What a mapping holds: one use of the granter's entry until unmap or death of the mapper; the
// page references belong to the mapper's page-table entry. A granter's pages stay allocated until they are back.
#pragma once

#include <xen/domain.hpp>
#include <xen/guest_access.hpp>

namespace xen::grant {

void init();                                       // boot CPU, after the console: debug key g

// 0 for a limit: the host's default. Errno::inval above the host's limits and for unknown versions.
Status init_domain(Domain& d, u32 max_frames, u32 max_maptrack, u32 max_version);
void destroy_domain(Domain& d);                    // frees the table; after kill_step, or when creation failed
Status kill_step(Domain& d);                       // gives back what a dying domain has mapped; Errno::restart

// The frame behind XENMAPSPACE_grant_table and XENMEM_resource_grant_table; grows. Errno::inval beyond the limit.
Result<Mfn> frame_of(Domain& d, u64 index, bool status);
u32 frame_count(const Domain& d);
u32 max_frame_count(const Domain& d);
u32 max_status_frame_count(const Domain& d);       // 0 when the domain may not use version 2

Result<s64> grant_table_op(u32 cmd, GuestInOut<void> uop, u32 count);

}  // namespace xen::grant

namespace xen::arch {

// What grants need of the guest's address space (arch/<a>/mm). Both answer GNTST_*.
// Builds the PTE at host_addr (or in the table entry it names, contains_pte) for a mapped grant; it takes the
// references that the caller counted over.
s16 map_grant(u64 host_addr, Mfn frame, u32 flags, u64 cache_flags);
// Clears it; new_address not 0: moves the entry of that address there. The references are the caller's again.
s16 unmap_grant(u64 host_addr, Mfn frame, u64 new_address, u32 flags);
// Cleans or invalidates data caches for a range of the direct map. Errno::opnotsupp where devices snoop.
Status maintain_cache(void* start, usize bytes, bool clean, bool invalidate);

}  // namespace xen::arch
