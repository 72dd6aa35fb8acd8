// SPDX-License-Identifier: MIT
// Multiboot2 (Multiboot2 Specification 2.0, 3.6): a list of tags behind a total size.
#include "common/boot/multiboot2.hpp"

#include "common/boot/efi_map.hpp"

namespace xen::multiboot {
namespace {

constexpr u64 kMaxInfo = 1 << 20;

enum TagType : u32 {
    kEnd = 0, kCmdline = 1, kLoader = 2, kModule = 3, kBasicMemory = 4, kMap = 6, kFramebuffer = 8, kEfi32 = 11,
    kEfi64 = 12, kRsdpOld = 14, kRsdpNew = 15, kEfiMap = 17,
};

struct Tag {
    u32 type, size;
};
struct ModuleTag {
    u32 type, size, start, end;
};
struct MapTag {
    u32 type, size, entry_size, entry_version;
};
struct MapEntry {
    u64 start, bytes;
    u32 type, reserved;
};
struct FramebufferTag {
    u32 type, size;
    u64 address;
    u32 pitch, width, height;
    u8 bpp, kind;
    u16 reserved;
};
struct Colours {   // behind it, for kind 1
    u8 red_pos, red_size, green_pos, green_size, blue_pos, blue_size;
};

// The bytes of one tag, header included.
struct Bytes {
    const u8* data;
    u64 size;
    // A copy: loaders' sizes may misalign it.
    template <class T>
    Maybe<T> as(u64 at = 0) const {
        if (at > size || size - at < sizeof(T)) return nothing;
        T v;
        memcpy(&v, data + at, sizeof(T));
        return v;
    }
    Str text(u64 at) const {
        u64 n = 0;
        while (at + n < size && data[at + n]) ++n;
        return at < size ? Str{reinterpret_cast<const char*>(data + at), n} : Str{};
    }
};

void read_map(Bytes tag, BootInfo& out) {
    auto head = tag.as<MapTag>();
    if (!head || head->entry_size < sizeof(MapEntry)) return;
    for (u64 at = sizeof(MapTag); auto e = tag.as<MapEntry>(at); at += head->entry_size)
        boot::add_range(out, Paddr{e->start}, e->bytes, memory_type(e->type));
}

void read_efi_map(Bytes tag, BootInfo& out) {
    auto head = tag.as<MapTag>();
    if (head) boot::read_efi_map({tag.data + sizeof(MapTag), tag.size - sizeof(MapTag)}, head->entry_size, out);
}

void read_framebuffer(Bytes tag, BootInfo& out) {
    auto f = tag.as<FramebufferTag>();
    if (!f) return;
    BootInfo::Framebuffer b{.address = Paddr{f->address}, .pitch = f->pitch, .width = f->width, .height = f->height,
                            .bpp = f->bpp, .kind = f->kind};
    if (auto c = tag.as<Colours>(sizeof(FramebufferTag)); c && f->kind == 1) {
        b.red_pos = c->red_pos, b.red_size = c->red_size;
        b.green_pos = c->green_pos, b.green_size = c->green_size;
        b.blue_pos = c->blue_pos, b.blue_size = c->blue_size;
    }
    out.framebuffer = b;
}

void read_module(Bytes tag, StringPool& strings, BootInfo& out) {
    auto m = tag.as<ModuleTag>();
    if (!m || m->end < m->start || out.module_count == BootInfo::kMaxModules) return;
    Str line = without_image_name(tag.text(sizeof(ModuleTag)), out.loader);
    out.modules[out.module_count++] = {Paddr{m->start}, u64{m->end} - m->start, strings.keep(line)};
}

// Calls f(type, bytes) for each well-formed tag up to the end.
template <class F>
void for_each_tag(Bytes all, F f) {
    for (u64 at = 8; auto tag = all.as<Tag>(at);) {
        if (tag->type == kEnd || tag->size < sizeof(Tag) || tag->size > all.size - at) return;
        f(tag->type, Bytes{all.data + at, tag->size});
        at += (u64{tag->size} + 7) & ~u64{7};
    }
}

// The RSDP itself is copied into the tag: the address that we keep is the copy's.
Paddr inside(Paddr info, Bytes all, Bytes tag) {
    return info + static_cast<u64>(tag.data - all.data) + sizeof(Tag);
}

template <class Pointer>
void read_efi(Maybe<Pointer> system_table, bool wide, BootInfo& out) {
    out.efi = true;
    out.efi_wide = wide;
    if (system_table) out.efi_system_table = Paddr{*system_table};
}

void read_tag(Paddr info, Bytes all, u32 type, Bytes tag, StringPool& strings, BootInfo& out) {
    switch (type) {
    case kCmdline: out.cmdline = strings.keep(without_image_name(tag.text(sizeof(Tag)), out.loader)); break;
    case kModule: read_module(tag, strings, out); break;
    case kMap: read_map(tag, out); break;
    case kFramebuffer: read_framebuffer(tag, out); break;
    case kEfi32: read_efi(tag.as<u32>(sizeof(Tag)), false, out); break;
    case kEfi64: read_efi(tag.as<u64>(sizeof(Tag)), true, out); break;
    case kRsdpOld:
        if (!out.rsdp) out.rsdp = inside(info, all, tag);
        break;
    case kRsdpNew: out.rsdp = inside(info, all, tag); break;
    default: break;
    }
}

}  // namespace

Status parse2(Paddr info, Reader read, StringPool& strings, BootInfo& out) {
    auto* total = static_cast<const u32*>(read(info, 8));
    if (!total || *total < 16 || *total > kMaxInfo) return Errno::inval;
    Bytes all{static_cast<const u8*>(read(info, *total)), *total};
    if (!all.data) return Errno::inval;
    // The loader's name decides how command lines are read, so it comes first.
    for_each_tag(all, [&](u32 type, Bytes tag) {
        if (type == kLoader) out.loader = strings.keep(tag.text(sizeof(Tag)));
    });
    for_each_tag(all, [&](u32 type, Bytes tag) { read_tag(info, all, type, tag, strings, out); });
    if (!out.memory_count)
        for_each_tag(all, [&](u32 type, Bytes tag) {
            if (type == kEfiMap) read_efi_map(tag, out);
        });
    return {};
}

}  // namespace xen::multiboot
