// SPDX-License-Identifier: MIT
// TRC_PV_HYPERCALL_V2 and _SUBCALL (an element of a multicall): the number and the arguments that tell what is asked.
#pragma once

#include <xen/trace.hpp>

namespace xen::hypercall {

void trace_call(u32 event, u64 number, const u64 (&args)[3]);

}  // namespace xen::hypercall
