// SPDX-License-Identifier: MIT
// What starts on this machine: dom0, when the loader passed its kernel, and the domains of the device tree.
#include <xen/assert.hpp>
#include <xen/boot_tree.hpp>
#include <xen/compiler.hpp>
#include <xen/dom0.hpp>
#include <xen/domain.hpp>
#include <xen/partition.hpp>

#include "arch/arm/boot/boot.hpp"
#include "arch/arm/control/board.hpp"

namespace xen::boot {

XEN_INIT void build_domains() {
    usize described = partition::described(tree());
    if (info.module_count || !described) {
        if (!dom0::build(info)) panic("dom0 could not be built");
        dom0::follow_shutdown();
    }
    if (!described) return;
    Taken taken = taken_memory();
    partition::Machine m{.taken = {taken.data(), taken.size()}, .max_vcpus = board::most_vcpus(), .placed_memory = true, .direct_map = true,
                         .devices = true, .image = info.image_start};
    m.cpus = static_cast<u32>(cpu_online.count());
    m.dom0 = m.store = domain::dom0 != nullptr;
    if (!partition::start(tree().bytes(), m)) panic("the domains that are described cannot be started");
}

}  // namespace xen::boot
