// SPDX-License-Identifier: MIT
// A build without grant tables: domains have none.
#include <xen/grant.hpp>

namespace xen::grant {

void init() {}
Status init_domain(Domain&, u32, u32, u32) { return {}; }
void destroy_domain(Domain&) {}
Status kill_step(Domain&) { return {}; }
Result<Mfn> frame_of(Domain&, u64, bool) { return Errno::opnotsupp; }
u32 frame_count(const Domain&) { return 0; }
u32 max_frame_count(const Domain&) { return 0; }
u32 max_status_frame_count(const Domain&) { return 0; }

}  // namespace xen::grant
