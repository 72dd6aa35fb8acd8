// SPDX-License-Identifier: MIT
// Setting a table up and asking about it: setup_table, query_size, get_status_frames, get_version.
#include <xen/guest_frames.hpp>
#include <xen/security.hpp>

#include "common/grant/table.hpp"

namespace xen::grant {

namespace {

constexpr u32 kBatch = 32;   // frames told between two lookups: no guest copy under the table's lock

// The domain that a request names, with the right to set its table up.
s16 find_target(u16 domid, security::Op op, DomainRef& out) {
    auto d = domain::find_or_self(DomId{domid});
    if (!d || !d.value()->grants) return GNTST_bad_domain;
    if (!security::may(op, *d.value())) return GNTST_permission_denied;
    out = std::move(d).take();
    return GNTST_okay;
}

s16 grow_to(Domain& d, u32 frames) {
    Table& t = *d.grants;
    WriteGuard g{t.lock};
    if (frames > t.max_frames) return GNTST_general_error;
    return t.grow(d, frames) ? GNTST_okay : GNTST_general_error;
}

// ABI: a list that cannot be written is reported in the status, after the rest was tried.
template <class T, class FrameAt>
s16 tell_frames(Domain& d, GuestOut<T> list, u32 count, FrameAt frame_at) {
    s16 status = GNTST_okay;
    for (u32 first = 0; first < count; first += kBatch) {
        T frames[kBatch];
        u32 n = count - first < kBatch ? count - first : kBatch;
        {
            Table& t = *d.grants;
            ReadGuard g{t.lock};
            // ABI: where a translated domain has mapped its table is its own knowledge.
            for (u32 i = 0; i < n; ++i) frames[i] = GuestFrames::kTranslated ? ~u64{0} : frame_at(t, first + i).raw();
        }
        if (!list.copy_array_out(frames, first, n)) status = GNTST_bad_virt_addr;
    }
    return status;
}

s16 setup(const gnttab_setup_table& op) {
    DomainRef d;
    if (s16 s = find_target(op.dom, security::Op::grant_setup, d); s != GNTST_okay) return s;
    if (s16 s = grow_to(*d, op.nr_frames); s != GNTST_okay) return s;
    return tell_frames(*d, guest_out(op.frame_list), op.nr_frames,
                       [](const Table& t, u32 i) NO_THREAD_SAFETY_ANALYSIS { return t.shared_mfn(i); });  // locked by the caller
}

s16 status_frames(const gnttab_get_status_frames& op) {
    DomainRef d;
    if (s16 s = find_target(op.dom, security::Op::grant_setup, d); s != GNTST_okay) return s;
    {
        Table& t = *d->grants;
        ReadGuard g{t.lock};
        if (op.nr_frames > t.status_frames()) return GNTST_general_error;
    }
    // A change to version 1 meanwhile takes the pages away: what is not there is told as frame 0.
    return tell_frames(*d, guest_out(op.frame_list), op.nr_frames,
                       [](const Table& t, u32 i) NO_THREAD_SAFETY_ANALYSIS {  // locked by the caller
                           return i < t.status_frames() ? t.status_mfn(i) : Mfn{0};
                       });
}

}  // namespace

Status setup_table(GuestInOut<gnttab_setup_table> uop) {
    gnttab_setup_table op = TRY(uop.copy_in());
    auto list = guest_out(op.frame_list);
    if (!arch::guest_range_ok(list.raw(), 0)) return Errno::fault;  // the rest shows when it is written
    op.status = setup(op);
    return uop.copy_field_out(op, &gnttab_setup_table::status);
}

Status query_size(GuestInOut<gnttab_query_size> uop) {
    gnttab_query_size op = TRY(uop.copy_in());
    DomainRef d;
    op.status = find_target(op.dom, security::Op::grant_query, d);
    if (op.status == GNTST_okay) {
        op.nr_frames = d->grants->frames();
        op.max_nr_frames = d->grants->max_frames;
    }
    return uop.copy_out(op);
}

Status get_status_frames(GuestInOut<gnttab_get_status_frames> uop) {
    gnttab_get_status_frames op = TRY(uop.copy_in());
    if (!arch::guest_range_ok(guest_out(op.frame_list).raw(), 0)) return Errno::fault;
    op.status = status_frames(op);
    return uop.copy_field_out(op, &gnttab_get_status_frames::status);
}

Status get_version(GuestInOut<gnttab_get_version> uop) {
    gnttab_get_version op = TRY(uop.copy_in());
    DomainRef d = TRY(domain::find_or_self(DomId{op.dom}));
    TRY(security::may(security::Op::grant_query, *d));
    if (!d->grants) return Errno::srch;
    op.version = d->grants->version();
    return uop.copy_field_out(op, &gnttab_get_version::version);
}

}  // namespace xen::grant
