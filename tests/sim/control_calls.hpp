// SPDX-License-Identifier: MIT
// Calls of a control domain, most of them about a guest.
#pragma once

#include <public/domctl.h>
#include <public/memory.h>
#include <public/physdev.h>
#include <public/platform.h>
#include <public/sysctl.h>

#include "guest.hpp"

namespace xen::sim {

class Toolstack {
public:
    Toolstack() { arch::set_current_vcpu(control.vcpus[0]); }
    ~Toolstack() {
        arch::set_current_vcpu(outer_);
        destroy_domain(guest);
        destroy_domain(control);
    }
    Toolstack(const Toolstack&) = delete;

    xen_domctl about(u32 cmd) const { return about(cmd, guest.id.raw()); }
    static xen_domctl about(u32 cmd, u16 domain) {
        xen_domctl op{};
        op.cmd = cmd;
        op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
        op.domain = domain;
        return op;
    }
    static xen_sysctl system(u32 cmd) {
        xen_sysctl op{};
        op.cmd = cmd;
        op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
        return op;
    }
    static xen_platform_op platform(u32 cmd) {
        xen_platform_op op{};
        op.cmd = cmd;
        op.interface_version = XENPF_INTERFACE_VERSION;
        return op;
    }
    static s64 run(xen_domctl& op) { return hypercall(__HYPERVISOR_domctl, address(op)); }
    static s64 run(xen_sysctl& op) { return hypercall(__HYPERVISOR_sysctl, address(op)); }
    static s64 run(xen_platform_op& op) { return hypercall(__HYPERVISOR_platform_op, address(op)); }
    template <class Op>
    static s64 memory(u32 cmd, Op& op) {
        return hypercall(__HYPERVISOR_memory_op, cmd, address(op));
    }
    template <class Op>
    static s64 physdev(u32 cmd, Op& op) {
        return hypercall(__HYPERVISOR_physdev_op, cmd, address(op));
    }
    // The operation's error with nothing else in it.
    s64 plain(u32 cmd) const { return plain(cmd, guest.id.raw()); }
    static s64 plain(u32 cmd, u16 domain) {
        xen_domctl op = about(cmd, domain);
        return run(op);
    }

private:
    Vcpu* outer_ = (start(), arch::current_vcpu());

public:
    Domain& control = create_domain({.privileged = true});
    Domain& guest = create_domain({.vcpus = 2, .pages = 64});
};

}  // namespace xen::sim
