// SPDX-License-Identifier: MIT
#include "common/image/notes.hpp"

#include <public/elfnote.h>
#include <public/features.h>

#include "lib/words.hpp"

namespace xen::image {
namespace {

struct NoteHeader {
    u32 name_bytes, data_bytes, type;
};

constexpr u64 rounded(u64 n) { return (n + 3) & ~u64{3}; }

u64 number_of(Bytes d) {
    if (d.size() == 8) return read_at<u64>(d, 0).value_or(0);
    return d.size() == 4 ? read_at<u32>(d, 0).value_or(0) : 0;
}

Str string_of(Bytes d) {
    usize n = 0;
    while (n < d.size() && d[n]) ++n;
    return {reinterpret_cast<const char*>(d.data()), n};
}

struct FeatureName {
    const char* name;
    unsigned bit;
};
constexpr FeatureName kFeatures[] = {
    {"writable_page_tables", XENFEAT_writable_page_tables},
    {"writable_descriptor_tables", XENFEAT_writable_descriptor_tables},
    {"auto_translated_physmap", XENFEAT_auto_translated_physmap},
    {"supervisor_mode_kernel", XENFEAT_supervisor_mode_kernel},
    {"pae_pgdir_above_4gb", XENFEAT_pae_pgdir_above_4gb},
    {"dom0", XENFEAT_dom0},
};

// "a|!b|c": supported names, those behind ! required.
void read_features(Str list, PvNotes& out) {
    for (Str one : Words{list, '|'}) {
        bool required = !one.empty() && one[0] == '!';
        if (required) one = one.substr(1);
        for (const FeatureName& f : kFeatures) {
            if (one != Str{f.name}) continue;
            out.supported_features |= u32{1} << f.bit;
            if (required) out.required_features |= u32{1} << f.bit;
        }
    }
}

void read_note(u32 type, Bytes d, PvNotes& out) {
    out.has_xen_note = true;
    switch (type) {
    case XEN_ELFNOTE_ENTRY: out.entry = number_of(d); break;
    case XEN_ELFNOTE_HYPERCALL_PAGE: out.hypercall_page = number_of(d); break;
    case XEN_ELFNOTE_VIRT_BASE: out.virt_base = number_of(d); break;
    case XEN_ELFNOTE_PADDR_OFFSET: out.paddr_offset = number_of(d); break;
    case XEN_ELFNOTE_INIT_P2M: out.p2m_base = number_of(d); break;
    case XEN_ELFNOTE_HV_START_LOW: out.hv_start_low = number_of(d); break;
    case XEN_ELFNOTE_MOD_START_PFN: out.module_unmapped = number_of(d) != 0; break;
    case XEN_ELFNOTE_SUPPORTED_FEATURES: out.supported_features |= static_cast<u32>(number_of(d)); break;
    case XEN_ELFNOTE_FEATURES: read_features(string_of(d), out); break;
    case XEN_ELFNOTE_GUEST_OS: out.guest_os = string_of(d); break;
    case XEN_ELFNOTE_GUEST_VERSION: out.guest_version = string_of(d); break;
    case XEN_ELFNOTE_XEN_VERSION: out.xen_version = string_of(d); break;
    case XEN_ELFNOTE_LOADER: out.loader = string_of(d); break;
    default: break;
    }
}

}  // namespace

void read_notes(Bytes notes, PvNotes& out) {
    for (u64 at = 0;;) {
        auto h = read_at<NoteHeader>(notes, at);
        if (!h) return;
        u64 name_at = at + sizeof(NoteHeader);
        u64 data_at = name_at + rounded(h.value().name_bytes);
        auto name = slice(notes, name_at, h.value().name_bytes);
        auto data = slice(notes, data_at, h.value().data_bytes);
        if (!name || !data) return;
        if (string_of(name.value()) == Str{"Xen"}) read_note(h.value().type, data.value(), out);
        at = data_at + rounded(h.value().data_bytes);
    }
}

}  // namespace xen::image
