// SPDX-License-Identifier: MIT
// AMD's container: a table that gives processors short names, then sections, each a patch with its header. Containers may
// follow each other, one for each family.
#include "arch/x86/microcode/container.hpp"

namespace xen::microcode {
namespace {

constexpr u32 kMagic = 0x00414d44;   // "DMA"
constexpr u32 kNameTable = 0, kPatchSection = 1;

struct Name {
    u32 signature, errata_mask, errata_compare;
    u16 name, reserved;
};
static_assert(sizeof(Name) == 16);

struct Header {
    u32 date, revision;
    u16 data_id;
    u8 data_length, init_flag;
    u32 checksum, north_bridge, south_bridge;
    u16 processor;
    u8 north_revision, south_revision, bios_version, reserved[3];
    u32 match[8];
};
static_assert(sizeof(Header) == 64);

template <class T>
Maybe<T> take(Bytes& b) {
    if (b.size() < sizeof(T)) return nothing;
    T v;
    __builtin_memcpy(&v, b.data(), sizeof(T));
    b = b.subspan(sizeof(T));
    return v;
}

u32 family_of(u32 signature) {
    u32 family = signature >> 8 & 0xf;
    return family == 0xf ? family + (signature >> 20 & 0xff) : family;
}

// The most that the processors of a family load.
u32 most_bytes(u32 family) {
    switch (family) {
    case 0x14: return 1824;
    case 0x15: return 4096;
    case 0x16: return 3458;
    case 0x17: return 3200;
    case 0x19: return 5568;
    default: return 2048;
    }
}

// In the table: the short name of the processor; 0 when it is not listed.
u16 name_in(Bytes table, u32 signature) {
    while (Maybe<Name> n = take<Name>(table)) {
        if (n->signature == 0) return 0;
        if (n->signature == signature) return n->name;
    }
    return 0;
}

struct Search {
    const Processor& processor;
    Patch best{};
    bool any = false;
};

Status look_at(Search& s, u16 name, Bytes patch) {
    Bytes rest = patch;
    Maybe<Header> h = take<Header>(rest);
    if (!h) return Errno::inval;
    if (!name || h->processor != name) return {};
    if (patch.size() > most_bytes(family_of(s.processor.signature))) return Errno::inval;
    // A patch that names a chip set belongs to one that is not looked for here.
    if (h->north_bridge || h->south_bridge) return {};
    s.any = true;
    if (h->revision > (s.best.bytes.empty() ? s.processor.revision : s.best.revision)) s.best = {patch, h->revision};
    return {};
}

// A section's bytes, of that kind.
Result<Bytes> section(Bytes& b, u32 kind) {
    Maybe<u32> found = take<u32>(b), bytes = take<u32>(b);
    if (!found || !bytes || *found != kind || *bytes > b.size()) return Errno::inval;
    Bytes s = b.subspan(0, *bytes);
    b = b.subspan(*bytes);
    return s;
}

bool starts_with(Bytes b, u32 word) {
    Maybe<u32> first = take<u32>(b);
    return first && *first == word;
}

Status search_one(Search& s, Bytes& b) {
    if (Maybe<u32> magic = take<u32>(b); !magic || *magic != kMagic) return Errno::inval;
    Bytes table = TRY(section(b, kNameTable));
    u16 name = name_in(table, s.processor.signature);
    while (!b.empty() && !starts_with(b, kMagic)) {
        Bytes patch = TRY(section(b, kPatchSection));
        TRY(look_at(s, name, patch));
    }
    return {};
}

}  // namespace

Result<Patch> find_amd(Bytes container, const Processor& p) {
    Search s{p};
    if (container.empty()) return Errno::inval;
    while (!container.empty()) TRY(search_one(s, container));
    if (!s.any) return Errno::noent;
    if (s.best.bytes.empty()) return Errno::exist;
    return s.best;
}

}  // namespace xen::microcode
