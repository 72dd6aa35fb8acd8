// SPDX-License-Identifier: MIT
// Which pages a PV domain has changed, for its migration. PV guests run on their own tables and read them, so nothing that
// they would notice is changed there: no page becomes read-only. Instead, the processor's dirty bits are looked at.
//
// A page is dirty when, since the record was cleaned last,
//  - an L1 entry that maps it has D. Those of the kernel's own mappings are cleared then, which no kernel looks at; those
//    of user pages are left, for they are the guest's, so that what a process has written stays dirty while it maps it;
//  - an entry that let it be written was taken away or lost D (put_l1_target, update_l1);
//  - it was or is a table or a descriptor page, which is changed by hypercalls;
//  - somebody else wrote it, or may now: there are more writable uses than the domain's own entries.
// It is never too few, and may be too many; the domain runs meanwhile (dirty_round.cpp says why that is sound). While nobody
// asks, all this costs a test where a use ends that is not the domain's own.
//
// Errno::restart: to be called again with the same arguments. The caller holds the domctl lock.
#pragma once

#include <public/domctl.h>
#include <xen/domain.hpp>

namespace xen::mm::log_dirty {

Status claim(Domain& d, const xen_domctl_shadow_op& x);   // first: Errno::busy while another call is under way
Status enable(Domain& d, const xen_domctl_shadow_op& x);  // Errno::inval: it is on
void disable(Domain& d);                                  // whatever is under way
Status read(Domain& d, xen_domctl_shadow_op& x);          // XEN_DOMCTL_SHADOW_OP_PEEK and CLEAN

}  // namespace xen::mm::log_dirty
