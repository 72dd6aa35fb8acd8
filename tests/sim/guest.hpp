// SPDX-License-Identifier: MIT
// What tests of many subjects do as a guest, or for one: the current vCPU is whose call it is.
#pragma once

#include <catch2/catch.hpp>

#include <public/grant_table.h>
#include <public/xen.h>
#include <sim/machine.hpp>
#include <xen/hypercall.hpp>
#include <xen/memory.hpp>

namespace xen::sim {

constexpr u16 kNobody = 0x7000;   // an id that no domain has

inline s64 error(Errno e) { return abi_error(e); }

inline void run_as(Domain& d, u32 vcpu = 0) { arch::set_current_vcpu(d.vcpus[vcpu]); }

// One more page of the domain's own, zeroed.
inline Mfn give_page(Domain& d) {
    auto p = memory::allocate_domain_pages(d, {});
    REQUIRE(p);
    memset(arch::direct_map(p.value().mfn()), 0, kPageSize);
    return p.value().mfn();
}

// MMUEXT_PIN_L1_TABLE and the others that take a frame and nothing else.
inline s64 mmuext(unsigned cmd, Mfn frame) {
    mmuext_op op{};
    op.cmd = cmd;
    op.arg1.mfn = frame.raw();
    return hypercall(__HYPERVISOR_mmuext_op, address(op), 1, 0, DOMID_SELF);
}

// The current domain's grant table, of one frame: the call gives it, or tells where it is.
inline grant_entry_v1* grant_table() {
    u64 frame = 0;
    gnttab_setup_table op{};
    op.dom = DOMID_SELF;
    op.nr_frames = 1;
    op.frame_list.p = &frame;
    REQUIRE(hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, address(op), 1) == 0);
    REQUIRE(op.status == GNTST_okay);
    return static_cast<grant_entry_v1*>(arch::direct_map(Mfn{frame}));
}

}  // namespace xen::sim
