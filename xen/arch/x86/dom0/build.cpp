// SPDX-License-Identifier: MIT
// The steps of building a PV dom0.
#include <asm/hypercall_page.hpp>
#include <asm/mm.hpp>
#include <public/features.h>
#include <xen/cpumask.hpp>
#include <xen/dom0.hpp>
#include <xen/image.hpp>
#include <xen/log.hpp>
#include <xen/memory.hpp>
#include <xen/sched.hpp>

#include "arch/x86/dom0/privileges.hpp"
#include "arch/x86/dom0/start_info.hpp"

namespace xen::dom0 {
namespace {

using image::Elf;

// A boot module, where it lies.
struct File {
    Mfn first{};
    u64 bytes = 0;
    u64 pages() const { return pages_for(bytes); }
};
using Ramdisk = File;

File file_of(const BootModule& m) { return {frame_of(m.start), m.bytes}; }

Status check_kernel(const Elf& k) {
    if (!k.notes.has_xen_note) {
        log_error("dom0's kernel has no Xen notes: it was built without support for Xen PV");
        return Errno::noexec;
    }
    constexpr u32 kProvided = 1u << XENFEAT_dom0 | 1u << XENFEAT_pae_pgdir_above_4gb | 1u << XENFEAT_writable_page_tables;
    if (u32 missing = k.notes.required_features & ~kProvided) {
        log_error("dom0's kernel requires features %#x that a PV dom0 does not have", missing);
        return Errno::noexec;
    }
    return {};
}

Status load_kernel(const Elf& k, const Frames& frames, const Plan& plan) {
    for (usize i = 0; i < k.segment_count; ++i) {
        const image::Segment& s = k.segments[i];
        u64 at = plan.pfn_of(k.virt_of(s) & kPageMask) << kPageShift | page_offset(k.virt_of(s));
        frames.write(at, k.file.data() + s.offset, s.file_bytes);
        frames.clear(at + s.file_bytes, s.memory_bytes - s.file_bytes);
    }
    if (!k.notes.hypercall_page) return {};
    u64 va = *k.notes.hypercall_page;
    if (page_offset(va) || va < plan.virt_base || va >= plan.end) {
        log_error("dom0's kernel wants its hypercall page at %#lx, outside of itself", va);
        return Errno::noexec;
    }
    arch::fill_hypercall_page(MappedPage<u8>{frames.at(plan.pfn_of(va))}.get());
    return {};
}

// The whole of it is validated as any guest's tables are, then pinned.
Status adopt_root(Domain& d, Vcpu& v, Mfn root) {
    Guard g{d.arch.tables_lock};
    TRY(mm::init_perdomain_vcpu(v));
    for (unsigned uses = 0; uses < 2; ++uses) {  // the vCPU's, the pin's
        Status s;
        do s = mm::get_page_and_type_of(root, d, PageType::l4);
        while (!s && s.error() == Errno::restart);
        if (!s) {
            log_error("dom0's first page tables do not pass validation: errno %u", static_cast<unsigned>(s.error()));
            return s;
        }
    }
    page_of(root).type.fetch_or(PageInfo::kPinned, std::memory_order_relaxed);
    mm::show_m2p(root);
    v.arch.guest_table = root;
    v.arch.cr3 = address_of(root).raw();
    return {};
}

void set_registers(Vcpu& v, const Elf& k, const Plan& plan) {
    arch::GuestRegs& r = v.arch.regs;
    r.rip = k.notes.entry;
    r.rsp = plan.stack + kPageSize;
    r.rsi = plan.start_info;
    r.cs = arch::kGuestCs64;
    r.ss = arch::kGuestSs;
    r.rflags = 0x202;  // IF and the bit that always is
    v.initialised = true;
}

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

// Pseudo-physical memory: the mapped region, the ramdisk where it lies, the p2m list with its tables, the kernel's file where
// it lies, the rest. Boot loaders put the file low: what stays free is better high, so that dom0's DMA buffers come from memory
// that it had before.
struct Layout {
    u64 ramdisk_pfn = 0;
    P2mFrames p2m;
    u64 file_pages = 0;   // of the kernel's file, from its first on
};
Result<Layout> populate(Frames& frames, const Plan& plan, const File& file, const Ramdisk& ramdisk, u64 nr_pages) {
    Layout l;
    TRY(frames.allocate(plan.mapped_pages()));
    if (ramdisk.bytes && !plan.ramdisk) {
        l.ramdisk_pfn = frames.count();
        TRY(frames.adopt(ramdisk.first, ramdisk.pages()));
    }
    l.p2m = p2m_frames(plan);
    l.p2m.first_pfn = plan.p2m_apart ? frames.count() : 0;
    TRY(frames.allocate(l.p2m.count()));
    if (frames.count() > nr_pages) {
        log_error("dom0 has %lu MiB, but its kernel, ramdisk and p2m list need %lu MiB: give it more with dom0_mem=",
                  nr_pages >> 8, frames.count() >> 8);
        return Errno::nomem;
    }
    u64 rest = nr_pages - frames.count();
    l.file_pages = rest < file.pages() ? rest : file.pages();
    TRY(frames.adopt(file.first, l.file_pages));
    TRY(frames.allocate(nr_pages - frames.count()));
    return l;
}

void give_back(Mfn first, u64 pages) {
    if (pages) memory::add_free_range(first, pages);
}

Status construct(Domain& d, const BootInfo& boot, const Elf& k, const Ramdisk& ramdisk, u64 nr_pages) {
    File file = file_of(boot.modules[0]);
    Plan plan = TRY(plan_layout(k, nr_pages, ramdisk.bytes));
    Frames frames{d};
    Layout l = TRY(populate(frames, plan, file, ramdisk, nr_pages));
    TRY(load_kernel(k, frames, plan));
    log_info("dom0: %.*s, %lu MiB, %u vCPUs, entry %#lx", static_cast<int>(k.notes.guest_os.size()),
             k.notes.guest_os.data(), nr_pages >> 8, d.max_vcpus, k.notes.entry);
    give_back(file.first + l.file_pages, file.pages() - l.file_pages);
    if (plan.ramdisk)
        frames.write(plan.pfn_of(plan.ramdisk) << kPageShift, arch::direct_map(ramdisk.first), ramdisk.bytes);
    TRY(build_tables(frames, plan, l.p2m));
    write_p2m(frames, plan, l.p2m);
    write_start_info({&boot, nr_pages, *d.arch.shared_info_mfn, ramdisk.bytes, l.ramdisk_pfn}, frames, plan, l.p2m);
    Vcpu& v = *d.vcpus[0];
    TRY(adopt_root(d, v, frames.at(plan.pfn_of(plan.page_tables))));
    set_registers(v, k, plan);
    return {};
}

Bytes bytes_of(const BootModule& m) { return {static_cast<const u8*>(arch::direct_map(m.start)), m.bytes}; }

}  // namespace

Status build(const BootInfo& boot) {
    if (boot.module_count == 0) {
        log_error("no dom0 kernel: the boot loader passed no module");
        return Errno::noent;
    }
    image::Unpacked unpacked = TRY(image::unpack(bytes_of(boot.modules[0])));
    Elf kernel = TRY(image::parse_elf(unpacked.elf));
    TRY(check_kernel(kernel));
    Ramdisk ramdisk;
    if (boot.module_count > 1) ramdisk = file_of(boot.modules[1]);
    bool adopted = ramdisk.bytes && kernel.notes.module_unmapped;

    const option::Values& o = option::values();
    Size size = decide_size(o.dom0_mem, memory::free_pages() + file_of(boot.modules[0]).pages() + (adopted ? ramdisk.pages() : 0));
    option::publish_dom0_memory(size.pages << kPageShift, size.max_pages << kPageShift);
    Domain& d = TRY(make_domain(o, size.max_pages));
    TRY(make_vcpus(d, o.dom0_vcpus_pin));
    TRY(grant_privileges(d));
    TRY(construct(d, boot, kernel, ramdisk, size.pages));
    image::release(unpacked);
    if (!adopted) give_back(ramdisk.first, ramdisk.pages());
    sched::set_down(*d.vcpus[0], false);
    return {};
}

}  // namespace xen::dom0
