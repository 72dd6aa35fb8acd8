// SPDX-License-Identifier: MIT
// Kernel images: what they are and how they want to be started. Pure readers over bytes; every error is logged as
// one line that says what is wrong with the image.
#pragma once

#include <array>

#include "lib/bytes.hpp"
#include "lib/maybe.hpp"
#include "lib/string.hpp"

namespace xen::image {

// A 64-bit ELF executable for this machine, its loadable parts and its Xen notes (public/elfnote.h).
struct Segment {
    u64 paddr = 0, vaddr = 0;
    u64 file_bytes = 0, memory_bytes = 0;
    u64 offset = 0;
};

struct PvNotes {
    u64 virt_base = 0;
    u64 paddr_offset = 0;
    u64 entry = 0;
    Maybe<u64> hypercall_page{};
    Maybe<u64> p2m_base{};
    u64 hv_start_low = 0;
    bool module_unmapped = false;      // XEN_ELFNOTE_MOD_START_PFN
    bool has_xen_note = false;         // any note that makes it a PV kernel
    u32 supported_features = 0;        // XENFEAT_* bits
    u32 required_features = 0;
    Str guest_os{}, guest_version{}, xen_version{}, loader{};
};

struct Elf {
    static constexpr usize kMaxSegments = 16;
    Bytes file{};
    std::array<Segment, kMaxSegments> segments{};
    usize segment_count = 0;
    u64 entry = 0;
    PvNotes notes{};
    u64 virt_start = 0, virt_end = 0;  // of all segments, by paddr - paddr_offset + virt_base
    u64 virt_of(const Segment& s) const { return s.paddr - notes.paddr_offset + notes.virt_base; }
};

Result<Elf> parse_elf(Bytes file);

// The kernel inside a boot file: the file itself when it is ELF, else the payload of a bzImage (xz, gzip, zstd, lz4 or
// not packed) or a gzip file, unpacked into pages that `unpacked` owns until release(). Boot CPU, before the first
// guest: the decoders use vector registers. Errno::noexec for what is no kernel, damaged or cut short; Errno::nomem.
struct Unpacked {
    Bytes kernel{};
    void* pages = nullptr;
    u64 page_count = 0;
};
Result<Unpacked> unpack(Bytes file);
// The same of a file that is packed with gzip, whatever is in it.
Result<Unpacked> unpack_gzip(Bytes file);
void release(Unpacked& u);

// By the first bytes.
enum class Packing : u8 { unknown, elf, gzip, xz, zstd, lz4, bzip2, lzma, lzo };
Packing packing_of(Bytes payload);
const char* name_of(Packing p);        // "gzip"

}  // namespace xen::image
