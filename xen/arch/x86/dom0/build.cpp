// SPDX-License-Identifier: MIT
// The steps of building a PV dom0.
#include <public/features.h>
#include <xen/cpumask.hpp>
#include <xen/device_tree.hpp>
#include <xen/dom0.hpp>
#include <xen/image.hpp>
#include <xen/log.hpp>
#include <xen/memory.hpp>
#include <xen/sched.hpp>

#include "arch/x86/dom0/privileges.hpp"
#include "common/dom0/size.hpp"
#include "arch/x86/dom0/start_info.hpp"

namespace xen::dom0 {
namespace {

Status make_vcpus(Domain& d, bool pin) {
    for (u32 i = 0; i < d.max_vcpus; ++i) {
        Vcpu& v = TRY(domain::create_vcpu(d, VcpuId{i}));
        usize cpu = i;
        if (pin && cpu_online.test(cpu)) TRY(sched::set_hard_affinity(v, mask_of(CpuId{static_cast<u32>(cpu)})));
    }
    return {};
}

Result<Domain&> make_domain(const option::Values& o, u64 max_pages) {
    domain::CreateInfo info;
    info.max_vcpus = decide_vcpus(o.dom0_max_vcpus_min, o.dom0_max_vcpus_max, static_cast<u32>(cpu_online.count()));
    if (info.max_vcpus > kMaxVcpus) info.max_vcpus = kMaxVcpus;
    info.privileged = info.hardware = true;
    Domain& d = TRY(domain::create(info));
    d.max_pages = max_pages;
    d.vm_assist = u64{1} << VMASST_TYPE_m2p_strict;  // as Xen starts it; the kernel may change its mind
    return d;
}

pv_build::File file_of(const BootModule& m) { return {frame_of(m.start), m.bytes, true}; }

Bytes bytes_of(const BootModule& m) { return {static_cast<const u8*>(arch::direct_map(m.start)), m.bytes}; }

}  // namespace

// The second is its ramdisk, unless it is a description of domains.
usize modules_used(const BootInfo& boot) {
    return boot.module_count > 1 && !device_tree::Tree::size(bytes_of(boot.modules[1])) ? 2 : 1;
}

Status build(const BootInfo& boot) {
    if (boot.module_count == 0) {
        log_error("no dom0 kernel: the boot loader passed no module");
        return Errno::noent;
    }
    image::Unpacked unpacked = TRY(image::unpack(bytes_of(boot.modules[0])));
    image::Elf kernel = TRY(image::parse_elf(unpacked.kernel));
    pv_build::Image image{.name = "dom0", .kernel = kernel, .features = 1u << XENFEAT_dom0};
    TRY(pv_build::check_kernel(image));
    image.file = file_of(boot.modules[0]);
    if (modules_used(boot) > 1) image.ramdisk = file_of(boot.modules[1]);
    bool adopted = pv_build::takes_in_place(image);

    const option::Values& o = option::values();
    Size size = decide_size(o.dom0_mem, memory::free_pages() + image.file.pages() + (adopted ? image.ramdisk.pages() : 0));
    option::publish_dom0_memory(size.pages << kPageShift, size.max_pages << kPageShift);
    Domain& d = TRY(make_domain(o, size.max_pages));
    TRY(make_vcpus(d, o.dom0_vcpus_pin));
    TRY(grant_privileges(d));
    image.nr_pages = size.pages;
    pv_build::Built built = TRY(pv_build::construct(d, image));
    write_start_info(boot, built, {*d.arch.shared_info_mfn, size.pages, image.ramdisk.bytes, SIF_PRIVILEGED | SIF_INITDOMAIN});
    image::release(unpacked);
    if (image.ramdisk.bytes && !adopted) memory::add_free_range(image.ramdisk.first, image.ramdisk.pages());
    sched::set_down(*d.vcpus[0], false);
    return {};
}

}  // namespace xen::dom0
