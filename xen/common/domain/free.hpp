// SPDX-License-Identifier: MIT
// The end of a domain's memory: what creation built, in reverse. Safe on half-built domains.
#pragma once

#include <bit>

#include <xen/domain.hpp>

namespace xen::domain {

inline constexpr Order kDomainOrder{static_cast<u8>(std::bit_width(pages_for(sizeof(Domain)) - 1))};

void free_vcpu(Vcpu& v);
void free_parts(Domain& d);   // and the Domain itself

}  // namespace xen::domain
