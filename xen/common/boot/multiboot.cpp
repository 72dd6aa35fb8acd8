// SPDX-License-Identifier: MIT
// What the two protocols share, and multiboot 1 (Multiboot Specification 0.6.96, 3.3).
#include <xen/multiboot.hpp>

#include "common/boot/multiboot2.hpp"

namespace xen::multiboot {
namespace {

constexpr u32 kHasMemory = 1 << 0, kHasCmdline = 1 << 2, kHasModules = 1 << 3, kHasMap = 1 << 6, kHasLoader = 1 << 9;
constexpr u64 kMaxString = 4096;

struct [[gnu::packed]] Info1 {
    u32 flags, mem_lower, mem_upper, boot_device, cmdline, mods_count, mods_addr, syms[4], mmap_length, mmap_addr,
        drives_length, drives_addr, config_table, loader_name;
};
struct [[gnu::packed]] Module1 {
    u32 start, end, string, reserved;
};
struct [[gnu::packed]] MapEntry1 {
    u32 size;   // of what follows
    u64 start, bytes;
    u32 type;
};

// A string of a page at most that ends with a NUL.
Str string_at(Reader read, u32 address) {
    if (!address) return {};
    u64 n = 0;
    while (n < kMaxString) {
        auto* c = static_cast<const char*>(read(Paddr{address + n}, 1));
        if (!c || !*c) break;
        ++n;
    }
    return n ? Str{static_cast<const char*>(read(Paddr{address}, n)), n} : Str{};
}

void read_map(const Info1& info, Reader read, BootInfo& out) {
    u64 at = info.mmap_addr, end = at + info.mmap_length;
    while (at + sizeof(MapEntry1) <= end) {
        auto* e = static_cast<const MapEntry1*>(read(Paddr{at}, sizeof(MapEntry1)));
        if (!e || e->size < sizeof(MapEntry1) - sizeof(u32)) break;
        boot::add_range(out, Paddr{e->start}, e->bytes, memory_type(e->type));
        at += u64{e->size} + sizeof(u32);
    }
}

void read_modules(const Info1& info, Reader read, StringPool& strings, BootInfo& out) {
    for (u32 i = 0; i < info.mods_count && out.module_count < BootInfo::kMaxModules; ++i) {
        auto* m = static_cast<const Module1*>(read(Paddr{info.mods_addr + u64{i} * sizeof(Module1)}, sizeof(Module1)));
        if (!m || m->end < m->start) break;
        Str line = without_image_name(string_at(read, m->string), out.loader);
        out.modules[out.module_count++] = {Paddr{m->start}, u64{m->end} - m->start, strings.keep(line)};
    }
}

Status parse1(Paddr at, Reader read, StringPool& strings, BootInfo& out) {
    auto* info = static_cast<const Info1*>(read(at, sizeof(Info1)));
    if (!info) return Errno::inval;
    if (info->flags & kHasLoader) out.loader = strings.keep(string_at(read, info->loader_name));
    if (info->flags & kHasCmdline)
        out.cmdline = strings.keep(without_image_name(string_at(read, info->cmdline), out.loader));
    if (info->flags & kHasMap) read_map(*info, read, out);
    if (!out.memory_count && (info->flags & kHasMemory)) {
        boot::add_range(out, Paddr{0}, u64{info->mem_lower} << 10, MemoryType::ram);
        boot::add_range(out, Paddr{0x100000}, u64{info->mem_upper} << 10, MemoryType::ram);
    }
    if (info->flags & kHasModules) read_modules(*info, read, strings, out);
    return {};
}

}  // namespace

Str StringPool::keep(Str s) {
    if (!left_) return {};
    usize n = copy_string(at_, left_, s);
    Str kept{at_, n};
    at_ += n + 1;
    left_ -= n + 1;
    return kept;
}

MemoryType memory_type(u32 raw) {
    return raw >= 1 && raw <= 5 ? static_cast<MemoryType>(raw) : MemoryType::reserved;
}

Str without_image_name(Str line, Str loader) {
    auto skip = [&](bool spaces) {
        usize n = 0;
        while (n < line.size() && (line[n] == ' ') == spaces) ++n;
        line = line.substr(n);
    };
    skip(true);
    bool grub2 = loader.starts_with("GRUB ") && loader.size() > 5 && loader[5] != '0';
    if (grub2) return line;
    skip(false);
    skip(true);
    return line;
}

Status parse(u32 magic, Paddr info, Reader read, StringPool& strings, BootInfo& out) {
    if (magic == kMagic1) TRY(parse1(info, read, strings, out));
    else if (magic == kMagic2) TRY(parse2(info, read, strings, out));
    else return Errno::inval;
    boot::normalise(out);
    if (!out.memory_count) return Errno::nodata;
    return {};
}

}  // namespace xen::multiboot
