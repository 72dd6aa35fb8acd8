// SPDX-License-Identifier: MIT
// The processors of the device tree's /cpus (devicetree specification 3.7): the boot CPU is number 0, the others follow in the
// tree's order. How each is started: PSCI, or a spin table.
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
#include <xen/log.hpp>
#include <xen/platform.hpp>

#include "lib/fixed_vector.hpp"

namespace xen::platform {
namespace {

struct Processor {
    u64 affinity = 0;
    Maybe<Paddr> release{};   // of a spin table
};
constinit FixedVector<Processor, config::nr_cpus> processors{};
constinit FixedVector<CpuEntry, config::nr_cpus> entries{};

bool is_cpu(device_tree::Node n) { return n.text("device_type").value_or(Str{}) == "cpu" && n.enabled(); }

Maybe<u64> affinity_in_tree(device_tree::Node cpu) {
    device_tree::Cells cells = cpu.cells("reg");
    return cells.number(0, cells.size());
}

XEN_INIT void add(device_tree::Node cpu, u64 affinity) {
    Processor p{affinity};
    if (cpu.text("enable-method").value_or(Str{}) == "spin-table")
        if (auto at = cpu.number("cpu-release-addr")) p.release = Paddr{*at};
    u32 number = static_cast<u32>(processors.size());
    if (!processors.push(p) || !entries.push({number, number, NodeId{0}, true}))
        log_warning("CPU %#llx is one more than this build can use", static_cast<unsigned long long>(affinity));
}

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
    u64 own = arch::own_affinity();
    static_cast<void>(processors.push({own}) && entries.push({0, 0, NodeId{0}, true}));
    Maybe<device_tree::Node> cpus = boot::tree().find("/cpus");
    if (!cpus) return;
    for (device_tree::Node n : cpus->children()) {
        Maybe<u64> affinity = is_cpu(n) ? affinity_in_tree(n) : Maybe<u64>{};
        if (affinity && *affinity != own) add(n, *affinity);
    }
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
