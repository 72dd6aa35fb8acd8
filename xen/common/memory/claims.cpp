// SPDX-License-Identifier: MIT
// Claims (XENMEM_claim_pages): frames that are set aside by number for a domain that is being built. Whoever else asks
// gets what is left. Two that ask at the same time may both be given the last frame above the claims.
#include <xen/domain.hpp>
#include <xen/memory.hpp>

namespace xen::memory {

std::atomic<u64> claimed;

void set_claim(Domain& d, u64 frames) {
    claimed.fetch_add(frames - d.outstanding_claims, std::memory_order_relaxed);
    d.outstanding_claims = frames;
}

bool fits_beside_claims(const Request& r) {
    u64 all = claimed_pages();
    u64 frames = u64{1} << r.order.raw();
    return frames <= r.claim || free_pages() >= all + frames;
}

}  // namespace xen::memory
