// SPDX-License-Identifier: MIT
#include "arch/arm/platform/processors.hpp"

#include <xen/compiler.hpp>
#include <xen/log.hpp>

namespace xen::platform {
namespace {

using device_tree::Node;

bool says(Node n, Str property, Str value) { return n.text(property).value_or(Str{}) == value; }

// "disabled" is one that waits to be started (3.7.1), where there is a way to do that.
bool is_startable(Node cpu) { return cpu.enabled() || (says(cpu, "status", "disabled") && cpu.has("enable-method")); }

Maybe<u64> affinity_in_tree(Node cpu) {
    device_tree::Cells cells = cpu.cells("reg");
    return cells.size() ? cells.number(0, cells.size()) : nothing;
}

bool has(const Processors& all, u64 affinity) {
    for (const Processor& p : all)
        if (p.affinity == affinity) return true;
    return false;
}

const char* read(Node cpu, u64 affinity, Processors& to) {
    Processor p{affinity};
    if (says(cpu, "enable-method", "spin-table")) {
        Maybe<u64> at = cpu.number("cpu-release-addr");
        if (!at || *at % 8) return "has no cpu-release-addr of an aligned word: it cannot be started";
        p.release = Paddr{*at};
    }
    return to.push(p) ? nullptr : "is one more than this build can use";
}

const char* add(Node cpu, u64 own, Processors& to) {
    Maybe<u64> affinity = affinity_in_tree(cpu);
    if (!affinity) return "has no reg of one or two cells";
    if (*affinity == own) return nullptr;
    if (has(to, *affinity)) return "has the reg of another";
    return is_startable(cpu) ? read(cpu, *affinity, to) : "is not usable by its status";
}

}  // namespace

XEN_INIT Processors read_processors(const device_tree::Tree& tree, u64 own) {
    Processors all;
    static_cast<void>(all.push({own}));
    Maybe<Node> cpus = tree.find("/cpus");
    if (!cpus) return all;
    for (Node n : cpus->children()) {
        if (!says(n, "device_type", "cpu")) continue;
        if (const char* problem = add(n, own, all)) log_warning("device tree: %.*s %s", static_cast<int>(n.name().size()), n.name().data(), problem);
    }
    return all;
}

}  // namespace xen::platform
