// SPDX-License-Identifier: MIT
// The start of day (public/xen.h, struct start_info): what the domain builder promises a PV dom0.
#include "page.hpp"
#include "test.hpp"

extern "C" char _end[]; // link.ld

namespace {

void start_page() {
    check("magic", starts_with(boot_info->magic, "xen-3.0-x86_64"));
    value("flags", boot_info->flags & (SIF_PRIVILEGED | SIF_INITDOMAIN | SIF_MULTIBOOT_MOD));
    check("shared_info.aligned", (boot_info->shared_info & (kPageSize - 1)) == 0);
    value("mod_start", boot_info->mod_start);
    value("mod_len", boot_info->mod_len);
    value("store_evtchn", boot_info->store_evtchn);
    value("console.info_size", boot_info->console.dom0.info_size);
    check("console.info_off", boot_info->console.dom0.info_off == sizeof(start_info));
    value("nr_pages.tracks_p2m", mfn_of_pfn(total_pages() - 1) != 0);
}

// After the kernel, in this order: p2m, start info, page tables, stack; the mapping ends on 4 MiB.
void layout() {
    const u64 end = address(_end);
    const u64 info = address(boot_info);
    check("p2m.after_image", boot_info->mfn_list >= end && boot_info->mfn_list < end + kPageSize);
    check("info.after_p2m", info >= boot_info->mfn_list + boot_info->nr_pages * 8);
    value("tables.after_info", (boot_info->pt_base - (info & ~(kPageSize - 1))) / kPageSize);
    value("nr_pt_frames", boot_info->nr_pt_frames);
    const u64 mapped_end = kVirtBase + 0x400000;
    check("mapped.to_4mb", (entry_of(at<u8>(mapped_end - kPageSize), 1) & kPresent) != 0);
    check("not_mapped.after_4mb", (entry_of(at<u8>(mapped_end), 2) & kPresent) == 0);
    check("tables.read_only", (entry_of(at<u8>(boot_info->pt_base), 1) & kWrite) == 0);
    check("image.writable", (entry_of(at<u8>(kVirtBase + 0x100000), 1) & kWrite) != 0);
}

// Both directions of the frame translation agree for every page, and no frame occurs twice.
void translation() {
    bool agree = true;
    for (u64 pfn = 0; pfn < total_pages(); ++pfn)
        agree = agree && pfn_of_mfn(mfn_of_pfn(pfn)) == pfn;
    check("p2m_and_m2p_agree", agree);
    const Fault f = catch_fault([] { *at<volatile u64>(MACH2PHYS_VIRT_START) = 0; });
    fault("m2p.write", f);
    check("root.is_cr3_of_vcpu0", pfn_of_mfn(root_mfn()) == pfn_of(at<u8>(boot_info->pt_base)));
}

void shared_page() {
    check("shared.wallclock_even", (shared->wc_version & 1) == 0 && shared->wc_version > 0);
    check("shared.wallclock_set", shared->wc_sec != 0);
    const vcpu_time_info& time = shared->vcpu_info[0].time;
    check("shared.time_even", (time.version & 1) == 0 && time.version > 0);
    check("shared.time_scale", time.tsc_to_system_mul != 0);
    u64 pending = 0;
    for (u64 word : shared->evtchn_pending) pending |= word;
    value("shared.pending", pending);
    u64 masked = ~u64{0};
    for (u64 word : shared->evtchn_mask) masked &= word;
    value("shared.mask", masked);
    value("shared.upcall_mask.vcpu1", shared->vcpu_info[1].evtchn_upcall_mask);
}

void registers() {
    u64 flags = 0;
    asm volatile("pushfq; popq %0" : "=r"(flags));
    value("rflags", flags & 0x3200); // IF and IOPL
    u16 cs = 0;
    u16 ss = 0;
    asm volatile("mov %%cs, %0; mov %%ss, %1" : "=r"(cs), "=r"(ss));
    value("cs", cs);
    value("ss", ss);
    fault("port", catch_fault([] { asm volatile("inb $0x61, %%al" : : : "eax"); }));
    value("upcall_pending", shared->vcpu_info[0].evtchn_upcall_pending);
}

} // namespace

void test_start() {
    start_page();
    layout();
    translation();
    shared_page();
    registers();
}
