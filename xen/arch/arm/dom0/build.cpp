// SPDX-License-Identifier: MIT
// The steps of building dom0: an arm64 kernel image (Linux Documentation/arm64/booting) in memory of its own.
#include <asm/cache.hpp>
#include <asm/pagemap.hpp>
#include <xen/cpumask.hpp>
#include <xen/dom0.hpp>
#include <xen/log.hpp>
#include <xen/memory.hpp>
#include <xen/option.hpp>
#include <xen/sched.hpp>

#include "arch/arm/dom0/dom0.hpp"
#include "lib/string.hpp"

namespace xen::dom0 {
namespace {

constexpr u64 kAlign = 2 << 20, kTreeBytes = 2 << 20, kRamdiskGap = 128 << 20;
constexpr u64 kDefaultMemory = 512 << 20;

struct ImageHeader {
    u32 code[2];
    u64 text_offset, image_size, flags, reserved[3];
    u32 magic, pe;
};

Result<ImageHeader> read_header(const BootModule& m) {
    if (m.bytes < sizeof(ImageHeader)) return Errno::noexec;
    ImageHeader h;
    memcpy(&h, arch::direct_map(m.start), sizeof(h));
    if (h.magic != 0x644d5241) {
        log_error("dom0's kernel is no arm64 image");
        return Errno::noexec;
    }
    return h;
}

void copy_in(Paddr to, Paddr from, u64 bytes) {
    memcpy(arch::direct_map(to), arch::direct_map(from), bytes);
    arch::clean_cache(arch::direct_map(to), bytes);
}

Result<Places> place(const Banks& banks, const ImageHeader& h, u64 ramdisk_bytes) {
    u64 kernel = (h.text_offset + h.image_size + kAlign - 1) & ~(kAlign - 1);
    u64 need = kernel + kTreeBytes + ramdisk_bytes;
    for (const Bank& b : banks) {
        u64 start = (address_of(b.first).raw() + kAlign - 1) & ~(kAlign - 1), end = address_of(b.first + b.frames).raw();
        if (start + need > end) continue;
        Places p;
        p.kernel = Paddr{start + h.text_offset};
        u64 after = start + (need + kRamdiskGap < end - start && kernel < kRamdiskGap ? kRamdiskGap : kernel);
        p.tree = Paddr{after};
        p.ramdisk = Paddr{after + kTreeBytes};
        p.ramdisk_bytes = ramdisk_bytes;
        return p;
    }
    log_error("dom0's kernel and ramdisk find no room in one piece");
    return Errno::nomem;
}

u64 wanted_bytes(const option::Dom0Memory& m) { return (m.size && !m.size_relative ? *m.size : kDefaultMemory) & ~(kAlign - 1); }

Result<Domain&> make_domain() {
    const option::Values& o = option::values();
    domain::CreateInfo info;
    info.max_vcpus = static_cast<u32>(cpu_online.count());
    if (info.max_vcpus > o.dom0_max_vcpus_max) info.max_vcpus = o.dom0_max_vcpus_max;
    info.privileged = info.hardware = true;
    Domain& d = TRY(domain::create(info));
    for (u32 i = 0; i < d.max_vcpus; ++i) TRY(domain::create_vcpu(d, VcpuId{i}));
    return d;
}

}  // namespace

Status build(const BootInfo& boot) {
    if (boot.module_count == 0) {
        log_error("no dom0 kernel: the device tree names no module");
        return Errno::noent;
    }
    ImageHeader h = TRY(read_header(boot.modules[0]));
    u64 bytes = wanted_bytes(option::values().dom0_mem);
    option::publish_dom0_memory(bytes, bytes);
    Domain& d = TRY(make_domain());
    d.max_pages = bytes >> kPageShift;
    Banks banks;
    TRY(populate(d, bytes >> kPageShift, banks));
    Places p = TRY(place(banks, h, boot.module_count > 1 ? boot.modules[1].bytes : 0));
    TRY(give_devices(d));
    copy_in(p.kernel, boot.modules[0].start, boot.modules[0].bytes);
    if (p.ramdisk_bytes) copy_in(p.ramdisk, boot.modules[1].start, p.ramdisk_bytes);
    auto* tree = static_cast<u8*>(arch::direct_map(p.tree));
    TRY(write_tree(d, boot, banks, p, {tree, kTreeBytes}));
    arch::clean_cache(tree, kTreeBytes);
    Vcpu& v = *d.vcpus[0];
    v.arch.regs.pc = p.kernel.raw();
    v.arch.regs.x[0] = p.tree.raw();
    v.initialised = true;
    log_info("dom0: %lu MiB in %zu pieces, %u vCPUs, entry %#lx", bytes >> 20, banks.size(), d.max_vcpus, p.kernel.raw());
    sched::set_down(v, false);
    return {};
}

}  // namespace xen::dom0
