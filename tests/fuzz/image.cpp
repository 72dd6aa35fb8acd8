// SPDX-License-Identifier: MIT
// A boot file: unpacked, and what comes out read as a kernel. Nothing of the heap may stay behind.
#include <sim/machine.hpp>
#include <xen/image.hpp>
#include <xen/memory.hpp>

#include <vector>

#include "targets.hpp"

namespace xen::fuzz {
namespace {

void look_at(const image::Elf& elf) {
    if (elf.segment_count > elf.segments.size()) broken("more segments than there is room for");
    for (usize i = 0; i < elf.segment_count; ++i) {
        const image::Segment& s = elf.segments[i];
        if (s.offset > elf.file.size() || s.file_bytes > elf.file.size() - s.offset) broken("a segment outside of its file");
        if (s.file_bytes > s.memory_bytes) broken("a segment that is larger in the file than in memory");
    }
    for (Str text : {elf.notes.guest_os, elf.notes.guest_version, elf.notes.xen_version, elf.notes.loader})
        for (usize i = 0; i < text.size(); ++i)
            if (text.data()[i] == '\0') broken("a note's text with a NUL in it");
}

}  // namespace

void run_image(Input in) {
    sim::start({.memory_mib = 512});
    u64 free = memory::free_pages();
    Bytes raw = in.rest();
    std::vector<u8> file{raw.begin(), raw.end()};   // its end is the end of its block
    if (auto direct = image::parse_elf(Bytes{file})) look_at(direct.value());
    if (auto unpacked = image::unpack(Bytes{file})) {
        if (auto elf = image::parse_elf(unpacked.value().kernel)) look_at(elf.value());
        image::release(unpacked.value());
    }
    if (memory::free_pages() != free) broken("pages of an image stay behind");
}

}  // namespace xen::fuzz
