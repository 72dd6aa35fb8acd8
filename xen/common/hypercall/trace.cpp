// SPDX-License-Identifier: MIT
#include "common/hypercall/trace.hpp"

#include <public/xen.h>

namespace xen::hypercall {
namespace {

// Bit n: argument n is told.
u32 told(u64 number) {
    switch (number) {
    case __HYPERVISOR_mmu_update:
    case __HYPERVISOR_mmuext_op:
    case __HYPERVISOR_multicall: return 1 << 1;        // how many
    case __HYPERVISOR_grant_table_op: return 1 << 0 | 1 << 2;
    case __HYPERVISOR_vcpu_op: return 1 << 0 | 1 << 1;
    case __HYPERVISOR_sched_op: return 1 << 0;
    default: return 0;
    }
}

}  // namespace

void trace_call(u32 event, u64 number, const u64 (&args)[3]) {
    u32 words[4] = {static_cast<u32>(number)};
    unsigned n = 1;
    for (unsigned i = 0; i < 3; ++i) {
        if (!(told(number) >> i & 1)) continue;
        words[0] |= static_cast<u32>(TRC_PV_HYPERCALL_V2_ARG_32(i));
        words[n++] = static_cast<u32>(args[i]);
    }
    trace::record(event, words, n);
}

}  // namespace xen::hypercall
