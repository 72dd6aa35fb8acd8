// SPDX-License-Identifier: MIT
// The steps of building dom0 on Arm.
#include <asm/cache.hpp>
#include <asm/p2m.hpp>
#include <asm/trap.hpp>
#include <xen/boot_tree.hpp>
#include <xen/cpumask.hpp>
#include <xen/dom0.hpp>
#include <xen/log.hpp>
#include <xen/memory.hpp>
#include <xen/option.hpp>
#include <xen/rangeset.hpp>
#include <xen/sched.hpp>

#include "arch/arm/control/board.hpp"
#include "arch/arm/dom0/devices.hpp"
#include "arch/arm/dom0/kernel.hpp"
#include "arch/arm/dom0/tree.hpp"
#include "common/dom0/size.hpp"
#include "lib/string.hpp"

namespace xen::dom0 {
namespace {

constexpr u64 kTreeRoom = 64 << 10;   // more than the machine's own

Bytes bytes_of(const BootModule& m) { return {static_cast<const u8*>(arch::direct_map(m.start)), m.bytes}; }

Result<Domain&> make_domain(const option::Values& o, u64 max_pages) {
    domain::CreateInfo info;
    info.max_vcpus = decide_vcpus(o.dom0_max_vcpus_min, o.dom0_max_vcpus_max, static_cast<u32>(cpu_online.count()));
    if (info.max_vcpus > kMaxVcpus) info.max_vcpus = kMaxVcpus;
    constexpr u32 kMostV2Vcpus = 8;
    if (board::version() == vgic::Version::v2 && info.max_vcpus > kMostV2Vcpus) info.max_vcpus = kMostV2Vcpus;
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

// Into dom0's memory, which lies where its addresses say; dom0 reads it with its caches off.
void write(u64 address, const void* from, u64 bytes) {
    auto* source = static_cast<const u8*>(from);
    while (bytes) {
        u64 offset = page_offset(address), n = kPageSize - offset < bytes ? kPageSize - offset : bytes;
        MappedPage<u8> page{frame_of(Paddr{address})};
        memcpy(page.get() + offset, source, n);
        arch::clean_invalidate_cache(page.get() + offset, n);
        address += n;
        source += n;
        bytes -= n;
    }
}


// The first bank in which all of it fits.
Result<Places> find_places(const Banks& banks, const KernelImage& kernel, u64 ramdisk_bytes, u64 tree_bytes) {
    for (const Bank& b : banks) {
        Places p = place(address_of(b.first).raw(), kernel, ramdisk_bytes, tree_bytes);
        if (p.end <= address_of(b.end()).raw()) return p;
    }
    log_error("dom0: its kernel and ramdisk need %lu MiB in one piece: give it more with dom0_mem=",
              (kernel.bytes + ramdisk_bytes + tree_bytes) >> 20);
    return Errno::nomem;
}

// Address space for the grant table: that of the hypervisor's own image, which is nobody else's.
Bank grant_space(const BootInfo& boot) { return {frame_of(boot.image_start), option::values().gnttab_max_frames}; }

void enter_at(Vcpu& v, const Places& p) {
    v.arch.regs.pc = p.kernel;
    v.arch.regs.x[0] = p.tree;
    v.initialised = true;
}

Status construct(Domain& d, const BootInfo& boot, const KernelImage& kernel, const Banks& banks) {
    const device_tree::Tree& machine = boot::tree();
    Bytes ramdisk;
    if (boot.module_count > 1) ramdisk = bytes_of(boot.modules[1]);
    u64 room = machine.bytes().size() + kTreeRoom;
    Places places = TRY(find_places(banks, kernel, ramdisk.size(), room));

    TreeFacts facts;
    facts.vcpus = d.max_vcpus;
    facts.command_line = boot.modules[0].cmdline;
    if (!ramdisk.empty()) {
        facts.ramdisk_start = places.ramdisk;
        facts.ramdisk_end = places.ramdisk + ramdisk.size();
    }
    facts.banks = banks;
    facts.grants = grant_space(boot);
    facts.spaces = free_space(banks, facts.grants);
    facts.event_ppi = board::kHardwareEventPpi;
    auto space = TRY(Array<u8>::create(room));
    auto tree = write_tree(machine, facts, {space.data(), space.size()});
    if (!tree) {
        log_error("dom0's device tree cannot be written: errno %u", static_cast<unsigned>(tree.error()));
        return tree.error();
    }
    write(places.kernel, kernel.file.data(), kernel.file.size());
    write(places.ramdisk, ramdisk.data(), ramdisk.size());
    write(places.tree, tree.value().data(), tree.value().size());
    enter_at(*d.vcpus[0], places);
    return {};
}

void give_back(const BootModule& m) { memory::add_free_range(frame_of(m.start), pages_for(m.bytes)); }

}  // namespace

Status build(const BootInfo& boot) {
    if (boot.module_count == 0) {
        log_error("no dom0 kernel: the boot loader passed no module");
        return Errno::noent;
    }
    KernelImage kernel = TRY(parse_kernel(bytes_of(boot.modules[0])));
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

}  // namespace xen::dom0
