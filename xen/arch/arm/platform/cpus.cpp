// SPDX-License-Identifier: MIT
// The machine's CPUs, numbered as read_processors() finds them, and how each is started: PSCI, or a spin table.
#include "arch/arm/platform/cpus.hpp"

#include <asm/cache.hpp>
#include <asm/cpu_affinity.hpp>
#include <asm/mapping.hpp>
#include <asm/mmio.hpp>
#include <asm/psci.hpp>
#include <asm/smp.hpp>
#include <asm/sysreg.hpp>
#include <xen/arch_smp.hpp>
#include <xen/boot_tree.hpp>
#include <xen/compiler.hpp>
#include <xen/platform.hpp>

#include "arch/arm/platform/processors.hpp"

namespace xen::platform {
namespace {

constinit Processors processors{};
constinit FixedVector<CpuEntry, config::nr_cpus> entries{};

// What waits at the release address reads it past its caches, asleep until an event.
bool release_from_table(Paddr at, Paddr entry) {
    void* word = arch::map_device(at, 8);
    if (!word) return false;
    arch::mmio_write64(word, entry.raw());
    arch::dsb_sy();
    arch::send_event();
    return true;
}

}  // namespace

XEN_INIT void find_cpus() {
    processors = read_processors(boot::tree(), arch::own_affinity());
    for (u32 number = 0; number < processors.size(); ++number) static_cast<void>(entries.push({number, number, NodeId{0}, true}));
}

std::span<const CpuEntry> cpus() { return {entries.data(), entries.size()}; }

static bool release(CpuId cpu, Paddr entry) {
    const Processor& p = processors[cpu.raw()];
    if (p.release) return release_from_table(*p.release, entry);
    return psci::cpu_on(cpu, entry).ok();
}

}  // namespace xen::platform

namespace xen::arch {

u64 affinity_of(CpuId cpu) { return platform::processors[cpu.raw()].affinity; }

bool start_processor(CpuId cpu, bool (*arrived)(CpuId cpu, Nanos limit)) {
    return platform::release(cpu, prepare_entry(cpu)) && arrived(cpu, seconds(2));
}

}  // namespace xen::arch
