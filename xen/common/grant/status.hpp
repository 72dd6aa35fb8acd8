// SPDX-License-Identifier: MIT
// The words of a shared entry that guest and hypervisor change at the same time (public/grant_table.h), and the
// counts behind them. Pure: words only, so that tests can drive them without a domain.
//
// v1: flags and domid are one 32-bit word, changed together by compare-and-exchange; GTF_reading and GTF_writing
// stand in flags. v2: those two stand in a status word of their own; we set it first and then look whether flags
// still allow the use, the guest does the same in the other order.
#pragma once

#include <xen/page.hpp>

#include <public/grant_table.h>

namespace xen::grant {

// How often an active entry is in use, as four 16-bit counts. Not zero: the granter cannot take it back.
struct Pins {
    static constexpr u64 kHostWrite = 1, kHostRead = u64{1} << 16, kDeviceWrite = u64{1} << 32, kDeviceRead = u64{1} << 48;
    static constexpr u64 kWriters = 0xffff * (kHostWrite + kDeviceWrite);
    u64 counts = 0;

    explicit operator bool() const { return counts != 0; }
    bool has_writers() const { return counts & kWriters; }
    // One more of each count in `unit` (each 0 or 1) would come near the field's end.
    bool full_for(u64 unit) const { return counts & (unit << 15); }
    // The uses that a mapping with these GNTMAP_* flags is.
    static constexpr u64 unit_of(u32 map_flags) {
        bool read_only = map_flags & GNTMAP_readonly;
        return (map_flags & GNTMAP_device_map ? (read_only ? kDeviceRead : kDeviceWrite) : 0) +
               (map_flags & GNTMAP_host_map ? (read_only ? kHostRead : kHostWrite) : 0);
    }
};

// One entry in the shared table, whichever version.
struct SharedEntry {
    u32* header = nullptr;   // flags below, domid above
    u16* status = nullptr;   // where GTF_reading and GTF_writing are; v1: flags itself
    bool v2 = false;

    explicit operator bool() const { return header != nullptr; }
    u32 load() const { return shared_load(*header); }
    u64 frame() const;       // of permit_access and accept_transfer, without a sub-page too
    const grant_entry_v2* wide() const { return reinterpret_cast<const grant_entry_v2*>(header); }
};

constexpr u16 flags_of(u32 header) { return static_cast<u16>(header); }
constexpr DomId domid_of(u32 header) { return DomId{static_cast<u16>(header >> 16)}; }

struct Use {
    DomId by;
    bool read_only;
    bool mapping;   // else copying, which sub-page and transitive grants allow too
    bool pinned;    // somebody (the same domain) uses the entry already
};

// Marks the entry as in use, if it allows that: GNTST_okay or GNTST_general_error.
s16 mark_used(const SharedEntry& e, const Use& use);
// Takes back what no count stands for any more. `wrote`: the use that ended was (or would have been) for writing.
void mark_unused(const SharedEntry& e, const Pins& pins, bool wrote);
// An entry that waits for a page from `by` is committed to it; false when it is not such an entry.
bool commit_transfer(const SharedEntry& e, DomId by);

}  // namespace xen::grant
