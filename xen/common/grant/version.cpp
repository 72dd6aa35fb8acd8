// SPDX-License-Identifier: MIT
// Changing the table's version, which keeps only the entries that the toolstack fills in; and swapping entries.
#include <xen/hypercall.hpp>
#include <xen/log.hpp>

#include "common/grant/table.hpp"

namespace xen::grant {

namespace {

constexpr u32 kReserved = GNTTAB_NR_RESERVED_ENTRIES;
constexpr u16 kMarks = GTF_reading | GTF_writing;

struct Reserved {
    grant_entry_v1 entries[kReserved];
};

void read_v1(const Table& t, Reserved& kept) REQUIRES_SHARED(t.lock) {
    for (u32 i = 0; i < kReserved; ++i) {
        SharedEntry e = t.shared(i);
        kept.entries[i] = {};
        if (!e) continue;
        u32 header = e.load();
        kept.entries[i] = {flags_of(header), domid_of(header).raw(), static_cast<u32>(e.frame())};
    }
}

// Errno::range for an entry that version 1 cannot say.
Status read_v2(const Table& t, Reserved& kept) REQUIRES_SHARED(t.lock) {
    for (u32 i = 0; i < kReserved; ++i) {
        SharedEntry e = t.shared(i);
        kept.entries[i] = {};
        if (!e) continue;
        u32 header = e.load();
        u64 frame = e.frame();
        u16 kind = flags_of(header) & GTF_type_mask;
        if (kind == GTF_transitive || (kind == GTF_permit_access && frame >> 32)) return Errno::range;
        if (kind != GTF_permit_access) continue;
        u16 flags = static_cast<u16>(flags_of(header) | shared_load(*e.status));
        kept.entries[i] = {flags, domid_of(header).raw(), static_cast<u32>(frame)};
    }
    return {};
}

void write(Table& t, const Reserved& kept) REQUIRES(t.lock) {
    for (u32 i = 0; i < kReserved; ++i) {
        SharedEntry e = t.shared(i);
        if (!e) continue;
        const grant_entry_v1& k = kept.entries[i];
        u32 flags = k.flags;
        if (e.v2) {
            shared_store(*e.status, static_cast<u16>(k.flags & kMarks));
            shared_store(reinterpret_cast<grant_entry_v2*>(e.header)->full_page.frame, u64{k.frame});
            flags &= ~u32{kMarks};
        } else {
            shared_store(reinterpret_cast<grant_entry_v1*>(e.header)->frame, k.frame);
        }
        shared_store(*e.header, flags | u32{k.domid} << 16);
    }
}

Status change(Domain& d, Table& t, u32 version) REQUIRES(t.lock) {
    if (t.any_in_use_from(kReserved)) return Errno::busy;
    Reserved kept;
    if (version == 2) {
        TRY(t.add_status_pages(d));
        read_v1(t, kept);
    } else {
        TRY(read_v2(t, kept));
        TRY(t.drop_status_pages(d));
    }
    t.clear_shared();
    t.set_version(version);
    write(t, kept);
    return {};
}

Status try_change(Domain& d, u32 version) {
    Table& t = *d.grants;
    if (version != 1 && version != 2) return Errno::inval;
    if (version > t.max_version) return Errno::nosys;   // ABI: as if the operation did not exist
    if (t.version() == version) return {};
    WriteGuard g{t.lock};
    if (t.version() == version) return {};
    return change(d, t, version);
}

s16 swap(Table& t, u32 a, u32 b) {
    WriteGuard g{t.lock};
    if (a >= t.entries() || b >= t.entries()) return GNTST_bad_gntref;
    if (a == b) return GNTST_okay;
    for (u32 ref : {a, b}) {
        const ActiveEntry* active = t.active_if_any(ref);
        if (active && active->pins) return GNTST_eagain;
    }
    SharedEntry ea = t.shared(a), eb = t.shared(b);
    if (!ea || !eb) return GNTST_okay;   // nothing was ever written there
    usize words = (ea.v2 ? sizeof(grant_entry_v2) : sizeof(grant_entry_v1)) / sizeof(u32);
    for (usize i = 0; i < words; ++i) {
        u32 word = shared_load(ea.header[i]);
        shared_store(ea.header[i], shared_load(eb.header[i]));
        shared_store(eb.header[i], word);
    }
    if (!ea.v2) return GNTST_okay;
    u16 marks = shared_load(*ea.status);
    shared_store(*ea.status, shared_load(*eb.status));
    shared_store(*eb.status, marks);
    return GNTST_okay;
}

}  // namespace

Status set_version(GuestInOut<gnttab_set_version> uop) {
    gnttab_set_version op = TRY(uop.copy_in());
    Domain& d = current_domain();
    Status changed = try_change(d, op.version);
    op.version = d.grants->version();   // ABI: told even when the change was refused
    TRY(uop.copy_out(op));
    return changed;
}

Result<u32> swap_grant_refs(GuestInOut<gnttab_swap_grant_ref> uop, u32 count) {
    for (u32 i = 0; i < count; ++i) {
        if (i && hypercall::preempt_due()) return i;
        gnttab_swap_grant_ref op = TRY(uop.copy_in(i));
        op.status = swap(*current_domain().grants, op.ref_a, op.ref_b);
        TRY(GuestInOut<gnttab_swap_grant_ref>{uop.raw() + i * sizeof(op)}.copy_field_out(
            op, &gnttab_swap_grant_ref::status));
    }
    return count;
}

}  // namespace xen::grant
