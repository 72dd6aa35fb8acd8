// SPDX-License-Identifier: MIT
// The steps of building dom0 on Arm.
#include <xen/boot_tree.hpp>
#include <xen/cpumask.hpp>
#include <xen/dom0.hpp>
#include <xen/log.hpp>
#include <xen/memory.hpp>
#include <xen/option.hpp>
#include <xen/rangeset.hpp>
#include <xen/sched.hpp>

#include "arch/arm/control/board.hpp"
#include "arch/arm/dom0/banks.hpp"
#include "arch/arm/dom0/devices.hpp"
#include "arch/arm/dom0/tree.hpp"
#include "arch/arm/guest_build/load.hpp"
#include "arch/arm/guest_build/packed.hpp"
#include "arch/arm/guest_build/spaces.hpp"
#include "common/dom0/size.hpp"
#include "lib/string.hpp"

namespace xen::dom0 {
namespace {

constexpr u64 kTreeRoom = 64 << 10;   // more than the machine's own

Bytes bytes_of(const BootModule& m) { return {static_cast<const u8*>(arch::direct_map(m.start)), m.bytes}; }

Result<Domain&> make_domain(const option::Values& o, u64 max_pages) {
    domain::CreateInfo info;
    info.max_vcpus = decide_vcpus(o.dom0_max_vcpus_min, o.dom0_max_vcpus_max, static_cast<u32>(cpu_online.count()));
    if (info.max_vcpus > board::most_vcpus()) info.max_vcpus = board::most_vcpus();
    info.privileged = info.hardware = true;
    Domain& d = TRY(domain::create(info));
    d.max_pages = max_pages;
    return d;
}

Status make_vcpus(Domain& d, bool pin) {
    for (u32 i = 0; i < d.max_vcpus; ++i) {
        Vcpu& v = TRY(domain::create_vcpu(d, VcpuId{i}));
        if (pin && cpu_online.test(i)) TRY(sched::set_hard_affinity(v, mask_of(CpuId{i})));
    }
    return {};
}

// Where it may map pages of others: RAM that is not dom0's.
guest_build::Ranges spaces_of(const guest_build::Ranges& memory, device_tree::Range grants) {
    guest_build::Occupied occupied;
    for (const device_tree::Range& r : memory) (void)occupied.push(r);
    (void)occupied.push(grants);
    return guest_build::machine_space(memory::machine_map(), occupied);
}

Status construct(Domain& d, const BootInfo& boot, const guest_build::KernelImage& kernel, const Banks& banks) {
    const device_tree::Tree& machine = boot::tree();
    Bytes ramdisk;
    if (boot.module_count > 1) ramdisk = bytes_of(boot.modules[1]);
    u64 room = machine.bytes().size() + kTreeRoom;
    guest_build::Ranges memory = ranges_of(banks);
    guest_build::Places places = TRY(guest_build::find_places("dom0", {memory.data(), memory.size()}, kernel, ramdisk.size(), room));

    TreeFacts facts;
    facts.vcpus = d.max_vcpus;
    facts.chosen = guest_build::chosen_of(boot.modules[0].cmdline, places, ramdisk.size());
    facts.memory = memory;
    facts.grants = guest_build::grant_space(boot.image_start, option::values().gnttab_max_frames);
    facts.spaces = spaces_of(memory, facts.grants);
    facts.event_ppi = board::kHardwareEventPpi;
    auto space = TRY(Array<u8>::create(room));
    auto tree = write_tree(machine, facts, {space.data(), space.size()});
    if (!tree) {
        log_error("dom0's device tree cannot be written: errno %u", static_cast<unsigned>(tree.error()));
        return tree.error();
    }
    guest_build::load(d, places, kernel, ramdisk, tree.value());
    return {};
}

void give_back(const BootModule& m) { memory::add_free_range(frame_of(m.start), pages_for(m.bytes)); }

}  // namespace

static Status build_with(const BootInfo& boot, Bytes image) {
    guest_build::KernelImage kernel = TRY(guest_build::parse_kernel(image, "dom0"));
    const option::Values& o = option::values();
    Size size = decide_size(o.dom0_mem, memory::free_pages());
    option::publish_dom0_memory(size.pages << kPageShift, size.max_pages << kPageShift);
    Domain& d = TRY(make_domain(o, size.max_pages));
    TRY(make_vcpus(d, o.dom0_vcpus_pin));
    Banks banks = TRY(allocate_banks(d, size.pages));
    TRY(give_devices(d, boot::tree()));
    TRY(construct(d, boot, kernel, banks));
    for (usize i = 0; i < boot.module_count && i < 2; ++i) give_back(boot.modules[i]);
    for (const Bank& b : banks) log_info("dom0: %lu MiB at %#lx", b.pages >> 8, address_of(b.first).raw());
    log_info("dom0: %lu MiB, %u vCPUs, entry %#lx, device tree %#lx", d.tot_pages >> 8, d.max_vcpus, d.vcpus[0]->arch.regs.pc,
             d.vcpus[0]->arch.regs.x[0]);
    sched::set_down(*d.vcpus[0], false);
    return {};
}

Status build(const BootInfo& boot) {
    if (boot.module_count == 0) {
        log_error("no dom0 kernel: the boot loader passed no module");
        return Errno::noent;
    }
    auto unpacked = TRY(guest_build::unpack_kernel(bytes_of(boot.modules[0]), "dom0"));
    Status built = build_with(boot, unpacked.kernel);
    image::release(unpacked);
    return built;
}

}  // namespace xen::dom0
