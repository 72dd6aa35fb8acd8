// SPDX-License-Identifier: MIT
#include "common/grant/status.hpp"

namespace xen::grant {

s16 mark_v2(u32* header, u16* status, DomId by, bool read_only, bool mapping, bool pinned) {
    const SharedEntry e{header, status, true};
    const Use use{by, read_only, mapping, pinned};
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

bool commit_transfer(const SharedEntry& e, DomId by) {
    u32 now = e.load();
    for (unsigned attempt = 0; attempt < kAttempts; ++attempt) {
        if (flags_of(now) != GTF_accept_transfer || domid_of(now) != by) return false;
        if (exchange_header(*e.header, now, now | GTF_transfer_committed)) return true;
    }
    return false;
}

}  // namespace xen::grant
