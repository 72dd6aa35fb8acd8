// SPDX-License-Identifier: MIT
#include "common/grant/status.hpp"

namespace xen::grant {

namespace {

// The guest may change GTF_readonly at any time; one that changes the word more often than this only harms itself.
constexpr unsigned kAttempts = 5;

bool exchange(u32& word, u32& expected, u32 desired) {
    return __atomic_compare_exchange_n(&word, &expected, desired, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

bool allows(u32 header, const Use& use, bool v2) {
    u16 mask = GTF_type_mask | (use.mapping ? GTF_sub_page : 0);
    u16 kind = flags_of(header) & mask;
    bool kind_ok = kind == GTF_permit_access || (v2 && !use.mapping && kind == GTF_transitive);
    return kind_ok && domid_of(header) == use.by;
}

bool allows_writing(u32 header, const Use& use) { return use.read_only || !(flags_of(header) & GTF_readonly); }

s16 mark_v1(u32& header, const Use& use) {
    u32 marks = use.read_only ? GTF_reading : GTF_reading | GTF_writing;
    u32 now = shared_load(header);
    for (unsigned attempt = 0; attempt < kAttempts; ++attempt) {
        if ((!use.pinned && !allows(now, use, false)) || !allows_writing(now, use)) break;
        if (exchange(header, now, now | marks)) return GNTST_okay;
    }
    return GNTST_general_error;
}

s16 mark_v2(const SharedEntry& e, const Use& use) {
    u32 now = e.load();
    if ((!use.pinned && !allows(now, use, true)) || !allows_writing(now, use)) return GNTST_general_error;
    u16 marks = use.read_only ? GTF_reading : GTF_reading | GTF_writing;
    // Our mark is seen before flags are read again: either the guest sees it, or we see what the guest changed.
    __atomic_fetch_or(e.status, marks, __ATOMIC_SEQ_CST);
    now = e.load();
    if (use.pinned) {
        if (!(flags_of(now) & GTF_readonly)) return GNTST_okay;
        __atomic_fetch_and(e.status, static_cast<u16>(~GTF_writing), __ATOMIC_SEQ_CST);
        return GNTST_general_error;
    }
    if (allows(now, use, true) && allows_writing(now, use)) return GNTST_okay;
    __atomic_fetch_and(e.status, static_cast<u16>(~(GTF_reading | GTF_writing)), __ATOMIC_SEQ_CST);
    return GNTST_general_error;
}

}  // namespace

u64 SharedEntry::frame() const {
    if (v2) return shared_load(wide()->full_page.frame);
    return shared_load(reinterpret_cast<const grant_entry_v1*>(header)->frame);
}

s16 mark_used(const SharedEntry& e, const Use& use) { return e.v2 ? mark_v2(e, use) : mark_v1(*e.header, use); }

void mark_unused(const SharedEntry& e, const Pins& pins, bool wrote) {
    u16 marks = 0;
    if (wrote && !pins.has_writers()) marks |= GTF_writing;
    if (!pins) marks |= GTF_reading;
    if (marks) __atomic_fetch_and(e.status, static_cast<u16>(~marks), __ATOMIC_SEQ_CST);
}

bool commit_transfer(const SharedEntry& e, DomId by) {
    u32 now = e.load();
    for (unsigned attempt = 0; attempt < kAttempts; ++attempt) {
        if (flags_of(now) != GTF_accept_transfer || domid_of(now) != by) return false;
        if (exchange(*e.header, now, now | GTF_transfer_committed)) return true;
    }
    return false;
}

}  // namespace xen::grant
