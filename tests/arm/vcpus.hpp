// SPDX-License-Identifier: MIT
// The vCPUs of a test's domain, which owns an array for them.
#pragma once

#include <xen/domain.hpp>

#include <memory>
#include <vector>

namespace arm_test {

// The domain's next.
inline xen::Vcpu& add_vcpu(xen::Domain& d, std::vector<std::unique_ptr<xen::Vcpu>>& to) {
    auto number = static_cast<xen::u32>(to.size());
    xen::Vcpu& v = *to.emplace_back(std::make_unique<xen::Vcpu>());
    v.domain = &d;
    v.id = xen::VcpuId{number};
    d.vcpus[number] = &v;
    return v;
}

}  // namespace arm_test
