// SPDX-License-Identifier: MIT
// Hypercalls behind which this build has nothing: what they answer is what Xen answers with the feature off.
#include <xen/control.hpp>
#include <xen/security.hpp>

namespace xen::control {

// No label-based policy is loaded.
Result<s64> xsm_op(GuestInOut<void>) { return Errno::nosys; }

// Performance counters are not virtualised.
Result<s64> pmu_op(u32, GuestInOut<void>) { return Errno::opnotsupp; }

}  // namespace xen::control
