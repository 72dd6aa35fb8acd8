// SPDX-License-Identifier: MIT
// The steps of building a PV domain.
#include "arch/x86/pv_build/build.hpp"

#include <asm/hypercall_page.hpp>
#include <asm/mm.hpp>
#include <public/features.h>
#include <public/xen.h>
#include <xen/log.hpp>
#include <xen/memory.hpp>

#include "lib/string.hpp"

namespace xen::pv_build {
namespace {

using image::Elf;

Status load_kernel(const Image& i, const Frames& frames, const Plan& plan) {
    const Elf& k = i.kernel;
    for (usize n = 0; n < k.segment_count; ++n) {
        const image::Segment& s = k.segments[n];
        u64 at = plan.pfn_of(k.virt_of(s) & kPageMask) << kPageShift | page_offset(k.virt_of(s));
        frames.write(at, k.file.data() + s.offset, s.file_bytes);
        frames.clear(at + s.file_bytes, s.memory_bytes - s.file_bytes);
    }
    if (!k.notes.hypercall_page) return {};
    u64 va = *k.notes.hypercall_page;
    if (page_offset(va) || va < plan.virt_base || va >= plan.end) {
        log_error("%s's kernel wants its hypercall page at %#lx, outside of itself", i.name, va);
        return Errno::noexec;
    }
    arch::fill_hypercall_page(MappedPage<u8>{frames.at(plan.pfn_of(va))}.get());
    return {};
}

// The whole of it is validated as any guest's tables are, then pinned.
Status adopt_root(Domain& d, const char* name, Vcpu& v, Mfn root) {
    Guard g{d.arch.tables_lock};
    TRY(mm::init_perdomain_vcpu(v));
    for (unsigned uses = 0; uses < 2; ++uses) {  // the vCPU's, the pin's
        Status s;
        do s = mm::get_page_and_type_of(root, d, PageType::l4);
        while (!s && s.error() == Errno::restart);
        if (!s) {
            log_error("%s's first page tables do not pass validation: errno %u", name, static_cast<unsigned>(s.error()));
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

// Pseudo-physical memory: the mapped region, the ramdisk where it lies, the p2m list with its tables, a given kernel's file where
// it lies, the rest. Boot loaders put the file low: what stays free is better high, so that dom0's DMA buffers come from memory
// that it had before.
Status populate(Frames& frames, const Image& i, Built& b) {
    TRY(frames.allocate(b.plan.mapped_pages()));
    if (i.ramdisk.bytes && !b.plan.ramdisk) {
        b.ramdisk_pfn = frames.count();
        if (i.ramdisk.given) TRY(frames.adopt(i.ramdisk.first, i.ramdisk.pages()));
        else TRY(frames.allocate(i.ramdisk.pages()));
    }
    b.p2m = p2m_frames(b.plan);
    b.p2m.first_pfn = b.plan.p2m_apart ? frames.count() : 0;
    TRY(frames.allocate(b.p2m.count()));
    if (frames.count() > i.nr_pages) {
        log_error("%s has %lu MiB, but its kernel, ramdisk and p2m list need %lu MiB: give it more", i.name, i.nr_pages >> 8,
                  frames.count() >> 8);
        return Errno::nomem;
    }
    u64 rest = i.nr_pages - frames.count();
    b.file_pages = rest < i.given_pages() ? rest : i.given_pages();
    TRY(frames.adopt(i.file.first, b.file_pages));
    return frames.allocate(i.nr_pages - frames.count());
}

// What the domain does not need of its kernel's file is free.
void give_back_file(const Image& i, const Built& b) {
    u64 left = i.given_pages() - b.file_pages;
    if (left) memory::add_free_range(i.file.first + b.file_pages, left);
}

void log_kernel(const Domain& d, const Image& i) {
    log_info("%s: %.*s, %lu MiB, %u vCPUs, entry %#lx", i.name, static_cast<int>(i.kernel.notes.guest_os.size()),
             i.kernel.notes.guest_os.data(), i.nr_pages >> 8, d.max_vcpus, i.kernel.notes.entry);
}

void copy_ramdisk(const Image& i, const Frames& frames, const Built& b) {
    if (!i.ramdisk.bytes || takes_in_place(i)) return;
    u64 pfn = b.plan.ramdisk ? b.plan.pfn_of(b.plan.ramdisk) : b.ramdisk_pfn;
    frames.write(pfn << kPageShift, arch::direct_map(i.ramdisk.first), i.ramdisk.bytes);
}

}  // namespace

Status check_kernel(const Image& i) {
    if (!i.kernel.notes.has_xen_note) {
        log_error("%s's kernel has no Xen notes: it was built without support for Xen PV", i.name);
        return Errno::noexec;
    }
    u32 provided = i.features | 1u << XENFEAT_pae_pgdir_above_4gb | 1u << XENFEAT_writable_page_tables;
    if (u32 missing = i.kernel.notes.required_features & ~provided) {
        log_error("%s's kernel requires features %#x that a PV domain of its kind does not have", i.name, missing);
        return Errno::noexec;
    }
    return {};
}

Result<Built> construct(Domain& d, const Image& i) {
    Built b;
    b.plan = TRY(plan_layout(i.kernel, {i.nr_pages, i.ramdisk.bytes, i.console, i.name}));
    Frames frames{d, i.name};
    TRY(populate(frames, i, b));
    TRY(load_kernel(i, frames, b.plan));
    log_kernel(d, i);            // its words are in the file
    give_back_file(i, b);
    copy_ramdisk(i, frames, b);
    TRY(build_tables(frames, b.plan, b.p2m));
    write_p2m(frames, b.plan, b.p2m);
    b.start_info = frames.at(b.plan.pfn_of(b.plan.start_info));
    memset(MappedPage<u8>{b.start_info}.get(), 0, kPageSize);
    if (b.plan.console) {
        b.console = frames.at(b.plan.pfn_of(b.plan.console));
        memset(MappedPage<u8>{b.console}.get(), 0, kPageSize);
    }
    Vcpu& v = *d.vcpus[0];
    TRY(adopt_root(d, i.name, v, frames.at(b.plan.pfn_of(b.plan.page_tables))));
    set_registers(v, i.kernel, b.plan);
    return b;
}

void write_start_info(const Built& b, const StartInfo& s) {
    MappedPage<start_info> si{b.start_info};
    copy_string(si->magic, sizeof(si->magic), "xen-3.0-x86_64");
    si->nr_pages = s.nr_pages;
    si->shared_info = address_of(s.shared_info).raw();
    si->flags = s.flags;
    si->pt_base = b.plan.page_tables;
    si->nr_pt_frames = b.plan.page_table_count;
    si->mfn_list = b.plan.p2m;
    si->first_p2m_pfn = b.p2m.first_pfn;
    si->nr_p2m_frames = b.p2m.count();
    if (!s.ramdisk_bytes) return;
    si->mod_start = b.plan.ramdisk ? b.plan.ramdisk : b.ramdisk_pfn;
    si->mod_len = s.ramdisk_bytes;
    if (!b.plan.ramdisk) si->flags |= SIF_MOD_START_PFN;
}

}  // namespace xen::pv_build
