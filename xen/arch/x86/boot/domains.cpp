// SPDX-License-Identifier: MIT
// What starts on this machine. Of the boot loader's modules a device tree is the description of domains; where it is the
// first one, there is no dom0.
#include <asm/pagemap.hpp>
#include <xen/assert.hpp>
#include <xen/compiler.hpp>
#include <xen/dom0.hpp>
#include <xen/domain.hpp>
#include <xen/partition.hpp>

#include "arch/x86/boot/boot.hpp"

namespace xen::boot {
namespace {

XEN_INIT Bytes bytes_of(const BootModule& m) { return {static_cast<const u8*>(arch::direct_map(m.start)), m.bytes}; }

XEN_INIT Maybe<usize> description() {
    for (usize i = 0; i < info.module_count; ++i)
        if (device_tree::Tree::size(bytes_of(info.modules[i]))) return i;
    return nothing;
}

}  // namespace

XEN_INIT void build_domains() {
    Maybe<usize> described = description();
    usize dom0s = !described || *described > 0 ? dom0::modules_used(info) : 0;
    if (dom0s) {
        if (!dom0::build(info)) panic("dom0 could not be built");
        dom0::follow_shutdown();
    }
    if (!described) return;
    static std::array<BootModule, BootInfo::kMaxModules> modules;   // those that are still there
    modules = info.modules;
    for (usize i = 0; i < dom0s; ++i) modules[i] = {};
    partition::Machine m{.modules = {modules.data(), info.module_count}, .max_vcpus = kMaxVcpus};
    m.cpus = static_cast<u32>(cpu_online.count());
    m.dom0 = domain::dom0 != nullptr;
    if (!partition::start(bytes_of(info.modules[*described]), m)) panic("the domains that are described cannot be started");
}

}  // namespace xen::boot
