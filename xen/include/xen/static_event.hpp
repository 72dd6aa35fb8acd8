// SPDX-License-Identifier: MIT
// Event channels that the hypervisor opens itself.
#pragma once

#include <xen/domain.hpp>

namespace xen::event {

// One whose other end is a port of the same domain, for the guest to use: what both are.
struct OwnChannel {
    Port guest, xen;
};
Result<OwnChannel> open_to_xen(Domain& d, void (*notify)(Vcpu&, Port));
// A port of `d` that a domain may bind. Errno::nospc.
Result<Port> open_unbound(Domain& d, DomId remote);
// Before their domains run: two free ports, whatever their numbers. Errno::exist: one is open already.
Status connect_static(Domain& a, Port at_a, Domain& b, Port at_b);

}  // namespace xen::event
