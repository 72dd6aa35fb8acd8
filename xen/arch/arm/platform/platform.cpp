// SPDX-License-Identifier: MIT
// The order in which the machine's parts start.
#include "arch/arm/platform/state.hpp"

#include <asm/gic.hpp>
#include <asm/irq.hpp>
#include <asm/psci.hpp>
#include <xen/assert.hpp>
#include <xen/boot_tree.hpp>
#include <xen/console.hpp>
#include <xen/irq.hpp>
#include <xen/log.hpp>
#include <xen/numa.hpp>

#include "arch/arm/platform/cpus.hpp"
#include "drivers/serial/dtuart.hpp"

namespace xen::platform {
namespace {

// ABI: one node spans all memory (XEN_SYSCTL_numainfo gives spanned, not present, memory).
void describe_one_node(const BootInfo& boot) {
    Paddr end{};
    for (usize i = 0; i < boot.memory_count; ++i)
        if (boot.memory[i].type == MemoryType::ram && boot.memory[i].end() > end) end = boot.memory[i].end();
    numa::add_range(NodeId{0}, Mfn{0}, frame_of(end));
}

}  // namespace

void init_consoles(const BootInfo&) { serial::init_dtuart(); }

// Without a tree nobody knows where the console is.
void init_emergency_console() {
    if (!boot::has_tree()) return;
    serial::init_dtuart();
    console::init();
}

void init_early(const BootInfo& boot) {
    psci::init();
    find_cpus();
    describe_one_node(boot);
    if (!gic::init()) panic("no interrupt controller");
}

void init_irqs() {
    irq::init();
    init_keys();
}

void init_cpu() {
    gic::init_cpu();
    irq::enable_private();
}

void init_late() { serial::init_dtuart_interrupt(); }

const acpi::Tables& tables() {
    static constinit acpi::Tables none{};
    return none;
}

}  // namespace xen::platform
