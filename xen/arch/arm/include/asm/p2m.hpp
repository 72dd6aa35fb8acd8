// SPDX-License-Identifier: MIT
// A domain's physical memory as it sees it: stage 2. Each leaf has a type, which says who holds the page under it. RAM of the
// domain's own borrows the allocation's reference, which the domain drops only when leaf and TLB entries are gone; grant,
// foreign and shared leaves own one reference, which map_page() takes over; device leaves own nothing.
// Any context but an interrupt's; no lock below LockRank::p2m is held.
#pragma once

#include <xen/page.hpp>

namespace xen::p2m {

enum class Type : u8 {
    none,
    ram, ram_read_only,
    grant, grant_read_only,
    foreign, foreign_read_only,
    shared,              // a page of the hypervisor's: shared_info, grant table
    device,              // nGnRE whatever the guest asks for
    device_as_mapped,    // by the guest's own stage 1 attributes: for the hardware domain
};

constexpr bool is_ram(Type t) { return t == Type::ram || t == Type::ram_read_only; }
constexpr bool is_writable(Type t) {
    return t != Type::none && t != Type::ram_read_only && t != Type::grant_read_only && t != Type::foreign_read_only;
}

struct Entry {
    Mfn mfn{};               // of the frame that was asked for
    Type type = Type::none;
    Order order{};           // of the leaf
};

Status init(Domain& d);                     // an empty map; Errno::nomem, Errno::nospc without a VMID
void destroy(Domain& d);                    // the rest of its memory: after relinquish(), or where creation failed
Status relinquish(Domain& d);               // of a dying domain: leaves and tables; Errno::restart between batches

u64 vttbr(const Domain& d);                 // VTTBR_EL2 for its vCPUs
u64 vtcr();                                 // VTCR_EL2, the same on every CPU
unsigned ipa_bits();                        // guest-physical addresses are below 2^this

// Own RAM and device memory. What was there is gone. Errno::inval: beyond the address space; Errno::nomem: nothing changed.
Status map(Domain& d, Gfn at, Mfn first, u64 frames, Type type);
Status map_mmio(Domain& d, Paddr guest, Paddr machine, u64 bytes, Type type = Type::device);
// One page whose reference (for Type::grant with the writable type) the leaf takes over. The caller keeps it when this fails.
Status map_page(Domain& d, Gfn at, Mfn page, Type type);
Status unmap(Domain& d, Gfn at, u64 frames);
// The same for one page, if it is still that one, of one of the two types: and then the caller has the leaf's reference.
// Errno::noent: it is not.
Status take_page(Domain& d, Gfn at, Mfn page, Type a, Type b);

// Errno::noent: a hole.
Result<Entry> lookup(const Domain& d, Gfn at);
// Its RAM or shared page at `at`, with a reference, whoever owns it.
Result<PageRef> page_at(const Domain& d, Gfn at, Entry& entry);
// A stage 2 fault there had its cause in a change that was under way: the guest tries the access again.
bool is_mapped(const Domain& d, Gaddr at, bool write);
// The same for a translation that the processor was asked for: again, while no change is under way.
u64 settled(const Domain& d, u64 (*translate)(u64 address, bool write), u64 address, bool write);
Gfn behind_hole(const Domain& d, Gfn at);   // the next frame that may be mapped; `at` itself when it is
Gfn highest(const Domain& d);               // highest frame that was ever mapped

// XEN_DOMCTL_{get,set}_paging_mempool_size: how many pages its tables may have. Errno::busy: it has more already.
u64 table_limit(const Domain& d);
Status set_table_limit(Domain& d, u64 pages);

}  // namespace xen::p2m
