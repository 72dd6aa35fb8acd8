// SPDX-License-Identifier: MIT
// Nobody gives what he does not have.
#include <xen/irq.hpp>
#include <xen/rangeset.hpp>
#include <xen/refusal.hpp>

#include "common/control/domctl/domctl.hpp"

namespace xen::control::domctls {
namespace {

Status change(RangeSet& set, const RangeSet& ours, u64 first, u64 last, bool allow) {
    if (!ours.contains(first, last))
        return refuse(Errno::perm, "the caller itself has not all of %#llx to %#llx", static_cast<unsigned long long>(first),
                      static_cast<unsigned long long>(last));
    return allow ? set.add(first, last) : set.remove(first, last);
}

}  // namespace

Status irq_permission(Domain& d, const xen_domctl_irq_permission& x) {
    if (x.pirq >= irq::irq_count()) return refuse(Errno::inval, "pirq is %u of %u", x.pirq, irq::irq_count());
    // ABI: the number is one of the caller's own; line 0 is nobody's to give.
    u32 line = irq::line_number(current_domain(), x.pirq);
    if (!line) return refuse(Errno::perm, "pirq %u is none of the caller's", x.pirq);
    return change(*d.irqs, *current_domain().irqs, line, line, x.allow_access);
}

Status memory_permission(Domain& d, const xen_domctl_iomem_permission& x) {
    u64 last = x.first_mfn + x.nr_mfns - 1;
    if (last < x.first_mfn)
        return refuse(Errno::inval, "nr_mfns is %llu from %#llx: no range of frames", static_cast<unsigned long long>(x.nr_mfns),
                      static_cast<unsigned long long>(x.first_mfn));
    return change(*d.io_memory, *current_domain().io_memory, x.first_mfn, last, x.allow_access);
}

Status port_permission(Domain& d, const xen_domctl_ioport_permission& x) {
    u64 last = u64{x.first_port} + x.nr_ports - 1;
    if (x.nr_ports == 0 || last > 0xffff)
        return refuse(Errno::inval, "nr_ports is %u from %#x: no range of ports", x.nr_ports, x.first_port);
    return change(*d.io_ports, *current_domain().io_ports, x.first_port, last, x.allow_access);
}

}  // namespace xen::control::domctls
