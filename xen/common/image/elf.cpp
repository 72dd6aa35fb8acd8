// SPDX-License-Identifier: MIT
// ELF64 (System V ABI, gabi 4.1) and the Xen notes in it.
#include <public/elfnote.h>
#include <xen/image.hpp>
#include <xen/log.hpp>

#include "common/image/notes.hpp"

namespace xen::image {
namespace {

struct Header {
    u8 ident[16];
    u16 type, machine;
    u32 version;
    u64 entry, phoff, shoff;
    u32 flags;
    u16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};
static_assert(sizeof(Header) == 64);

struct ProgramHeader {
    u32 type, flags;
    u64 offset, vaddr, paddr, filesz, memsz, align;
};
static_assert(sizeof(ProgramHeader) == 56);

constexpr u32 kLoad = 1, kNote = 4;
constexpr u16 kX86_64 = 62;
constexpr u64 kUserEnd = u64{1} << 47;

Errno bad(const char* why) {
    log_error("kernel image refused: %s", why);
    return Errno::noexec;
}

Status check(const Header& h) {
    static constexpr u8 kMagic[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};  // 64-bit, little-endian, version 1
    if (__builtin_memcmp(h.ident, kMagic, sizeof(kMagic)) != 0) return bad("not a 64-bit little-endian ELF file");
    if (h.machine != kX86_64) return bad("built for another machine");
    if (h.type != 2 && h.type != 3) return bad("not an executable");
    if (h.phentsize != sizeof(ProgramHeader) || h.phnum == 0) return bad("no program headers");
    return {};
}

Status add_segment(Elf& elf, const ProgramHeader& p) {
    if (p.memsz == 0) return {};
    if (elf.segment_count == Elf::kMaxSegments) return bad("too many segments");
    if (p.filesz > p.memsz || !slice(elf.file, p.offset, p.filesz)) return bad("truncated: a segment ends behind the file");
    if (p.paddr > kUserEnd || p.memsz > kUserEnd) return bad("a segment at an impossible address");
    elf.segments[elf.segment_count++] = {p.paddr, p.vaddr, p.filesz, p.memsz, p.offset};
    return {};
}

Status read_program_header(Elf& elf, const ProgramHeader& p) {
    if (p.type == kLoad) return add_segment(elf, p);
    if (p.type != kNote) return {};
    auto notes = slice(elf.file, p.offset, p.filesz);
    if (!notes) return bad("truncated: the notes end behind the file");
    read_notes(notes.value(), elf.notes);
    return {};
}

Status find_extent(Elf& elf) {
    u64 low = ~u64{0};
    u64 high = 0;
    for (usize i = 0; i < elf.segment_count; ++i) {
        const Segment& s = elf.segments[i];
        u64 start = elf.virt_of(s);
        if (start + s.memory_bytes < start) return bad("a segment wraps around the end of memory");
        if (start < low) low = start;
        if (start + s.memory_bytes > high) high = start + s.memory_bytes;
    }
    if (low >= high) return bad("nothing to load");
    elf.virt_start = low;
    elf.virt_end = high;
    return {};
}

}  // namespace

Result<Elf> parse_elf(Bytes file) {
    auto header = read_at<Header>(file, 0);
    if (!header) return bad("too short for an ELF header");
    const Header& h = header.value();
    TRY(check(h));
    Elf elf;
    elf.file = file;
    elf.entry = h.entry;
    elf.notes.entry = h.entry;
    for (u16 i = 0; i < h.phnum; ++i) {
        auto p = read_at<ProgramHeader>(file, h.phoff + u64{i} * sizeof(ProgramHeader));
        if (!p) return bad("truncated: the program headers end behind the file");
        TRY(read_program_header(elf, p.value()));
    }
    TRY(find_extent(elf));
    return elf;
}

}  // namespace xen::image
