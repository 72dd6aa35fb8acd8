// SPDX-License-Identifier: MIT
// Builds a PV domain's first memory, tables and registers from a kernel image: dom0's and those of partitions. The
// domain exists with its vCPUs, paused; start_info is its caller's to write. Boot CPU, before the first guest runs.
#pragma once

#include "arch/x86/pv_build/tables.hpp"

namespace xen::pv_build {

// A boot module, where it lies.
struct File {
    Mfn first{};
    u64 bytes = 0;
    bool given = false;          // the domain may have its pages: nobody else needs them
    u64 pages() const { return pages_for(bytes); }
};

struct Image {
    const char* name;            // for the log
    const image::Elf& kernel;
    File ramdisk{};
    File file{};                 // the kernel's, when its pages are given
    u64 nr_pages = 0;
    u32 features = 0;            // XENFEAT_* beyond what every PV domain has
    bool console = false;        // a page for the ring of a PV console
    u64 given_pages() const { return file.given ? file.pages() : 0; }
};
Status check_kernel(const Image& i);
inline bool takes_in_place(const Image& i) {
    return i.ramdisk.bytes && i.ramdisk.given && i.kernel.notes.module_unmapped;
}

struct Built {
    Plan plan{};
    P2mFrames p2m{};
    u64 ramdisk_pfn = 0;         // where the kernel takes it by frame
    u64 file_pages = 0;          // of a given kernel's file, from its first on
    Mfn start_info{}, console{};
};
Result<Built> construct(Domain& d, const Image& i);

// What every PV domain's start_info says, on a cleared page.
struct StartInfo {
    Mfn shared_info{};
    u64 nr_pages = 0, ramdisk_bytes = 0;
    u32 flags = 0;               // SIF_*
};
void write_start_info(const Built& b, const StartInfo& s);

}  // namespace xen::pv_build
