// SPDX-License-Identifier: MIT
// The words of a shared entry that guest and hypervisor change at the same time (public/grant_table.h), and the
// counts behind them. Pure: words only, so that tests can drive them without a domain. What a version 1 entry needs is in
// line: a call would cost more than the work, and make the caller keep its registers.
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
    // The uses that a mapping with these GNTMAP_* flags is: device_map 1, host_map 2, readonly 4.
    static constexpr u64 kUnits[8] = {0, kDeviceWrite, kHostWrite, kDeviceWrite + kHostWrite,
                                      0, kDeviceRead,  kHostRead,  kDeviceRead + kHostRead};
    static_assert(GNTMAP_device_map == 1 && GNTMAP_host_map == 2 && GNTMAP_readonly == 4);
    static constexpr u64 unit_of(u32 map_flags) { return kUnits[map_flags & 7]; }
};

// One entry in the shared table, whichever version.
struct SharedEntry {
    u32* header = nullptr;   // flags below, domid above
    u16* status = nullptr;   // where GTF_reading and GTF_writing are; v1: flags itself
    bool v2 = false;

    explicit operator bool() const { return header != nullptr; }
    u32 load() const { return shared_load(*header); }
    // Of permit_access and accept_transfer, without a sub-page too.
    u64 frame() const {
        if (v2) return shared_load(wide()->full_page.frame);
        return shared_load(reinterpret_cast<const grant_entry_v1*>(header)->frame);
    }
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

// The guest may change GTF_readonly at any time; one that changes the word more often than this only harms itself.
inline constexpr unsigned kAttempts = 5;

inline bool exchange_header(u32& header, u32& expected, u32 desired) {
    return __atomic_compare_exchange_n(&header, &expected, desired, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

[[gnu::always_inline]] inline bool allows(u32 header, const Use& use, bool v2) {
    u16 mask = GTF_type_mask | (use.mapping ? GTF_sub_page : 0);
    u16 kind = flags_of(header) & mask;
    bool kind_ok = kind == GTF_permit_access || (v2 && !use.mapping && kind == GTF_transitive);
    return kind_ok && domid_of(header) == use.by;
}

[[gnu::always_inline]] inline bool allows_writing(u32 header, const Use& use) {
    return use.read_only || !(flags_of(header) & GTF_readonly);
}

[[gnu::always_inline]] inline s16 mark_v1(u32& header, const Use& use) {
    u32 marks = use.read_only ? GTF_reading : GTF_reading | GTF_writing;
    u32 now = shared_load(header);
    for (unsigned attempt = 0; attempt < kAttempts; ++attempt) {
        if ((!use.pinned && !allows(now, use, false)) || !allows_writing(now, use)) break;
        if (exchange_header(header, now, now | marks)) [[likely]] return GNTST_okay;
    }
    return GNTST_general_error;
}

// By values: what is only passed on here stays in registers where it is not version 2.
s16 mark_v2(u32* header, u16* status, DomId by, bool read_only, bool mapping, bool pinned);

// Marks the entry as in use, if it allows that: GNTST_okay or GNTST_general_error.
[[gnu::always_inline]] inline s16 mark_used(const SharedEntry& e, const Use& use) {
    return e.v2 ? mark_v2(e.header, e.status, use.by, use.read_only, use.mapping, use.pinned) : mark_v1(*e.header, use);
}
// Takes back what no count stands for any more. `wrote`: the use that ended was (or would have been) for writing.
[[gnu::always_inline]] inline void mark_unused(const SharedEntry& e, const Pins& pins, bool wrote) {
    u16 marks = 0;
    if (wrote && !pins.has_writers()) marks |= GTF_writing;
    if (!pins) marks |= GTF_reading;
    if (marks) __atomic_fetch_and(e.status, static_cast<u16>(~marks), __ATOMIC_SEQ_CST);
}
// An entry that waits for a page from `by` is committed to it; false when it is not such an entry.
bool commit_transfer(const SharedEntry& e, DomId by);

}  // namespace xen::grant
