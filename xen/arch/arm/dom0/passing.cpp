// SPDX-License-Identifier: MIT
#include "arch/arm/dom0/passing.hpp"

#include <asm/gic.hpp>

#include "arch/arm/guest_build/passthrough.hpp"
#include "drivers/serial/dtuart.hpp"

namespace xen::dom0 {
namespace {

using device_tree::Node;

// What the hypervisor has or makes anew, and what is not virtualised.
constexpr const char* kAbsent[] = {
    "arm,psci", "arm,psci-0.2", "arm,psci-1.0", "arm,armv8-pmuv3", "arm,cortex-a53-pmu", "arm,cortex-a57-pmu",
    "arm,cortex-a72-pmu", "arm,gic-v3-its", "arm,smmu-v3", "xen,xen", "xen,domain", "multiboot,module",
    "xen,multiboot-module", "linaro,optee-tz",
};

// Root nodes that the builder writes itself.
constexpr const char* kRewritten[] = {"chosen", "cpus", "psci", "hypervisor", "memory", "pmu", "reserved-memory"};

bool lists_absent(Node n) {
    for (const char* c : kAbsent)
        if (n.compatible(c)) return true;
    return false;
}

bool is_rewritten(Node n) {
    auto parent = n.parent();
    if (!parent || parent->parent()) return false;
    for (const char* name : kRewritten)
        if (n.base_name() == Str{name}) return true;
    return false;
}

bool is_controller(Node n) {
    if (!n.has("interrupt-controller")) return false;
    auto r = n.machine_reg(0);
    return r && r.value().start == gic::layout().distributor.start.raw();
}

bool is_console(Node n) {
    auto console = serial::console_node();
    return console && *console == n;
}

}  // namespace

Passing passing_of(Node n) {
    if (is_controller(n)) return Passing::controller;
    if (guest_build::is_set_aside(n) || lists_absent(n) || is_rewritten(n) || is_console(n)) return Passing::absent;
    if (n.compatible("arm,armv8-timer") || n.compatible("arm,armv7-timer")) return Passing::timer;
    if (auto kind = n.text("device_type"); kind && *kind == Str{"memory"}) return Passing::absent;
    return n.enabled() && (n.has("reg") || n.has("interrupts") || n.has("interrupts-extended")) ? Passing::device : Passing::description;
}

bool is_hidden(Str property) {
    if (property == Str{"iommus"} || property == Str{"iommu-map"}) return true;
    // Messages to an ITS have nobody to take them; those to the frame of a GICv2 are lines.
    return gic::version() == gic::Version::v3 && (property == Str{"msi-map"} || property == Str{"msi-parent"});
}

}  // namespace xen::dom0
