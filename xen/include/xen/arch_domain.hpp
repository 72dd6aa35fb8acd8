// SPDX-License-Identifier: MIT
// What an architecture does at the stations of a domain's life. Undone in reverse by the destroy functions, which
// are also called for a domain whose creation failed half-way.
#pragma once

#include <xen/domain.hpp>

namespace xen::arch {

Status init_domain(Domain& d, const domain::CreateInfo& info);
void destroy_domain(Domain& d);
Status init_vcpu(Vcpu& v);
void destroy_vcpu(Vcpu& v);
Status relinquish(Domain& d);      // all memory and descriptor references; Errno::restart between batches

}  // namespace xen::arch
