// SPDX-License-Identifier: MIT
// Model-specific registers of PV guests. Errno::fault: to be answered with #GP(0).
#pragma once

#include <xen/domain.hpp>

namespace xen::pv {

Result<u64> read_msr(Vcpu& v, u32 msr);
Status write_msr(Vcpu& v, u32 msr, u64 value);

}  // namespace xen::pv
