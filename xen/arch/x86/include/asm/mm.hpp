// SPDX-License-Identifier: MIT
// PV memory management: page types of page tables, updates of their entries, base pointers. Guests own their
// tables and write them through us, so that no table ever maps a table writable.
//
// Locking: types of a domain's page tables change, and its tables are written, only under that domain's
// PvTables lock; writable references are counted without it. Long work yields with Errno::restart and leaves a
// *partial* page: type count 1 and one general reference held by the state itself, entries [0, done) counted.
// Validation and devalidation both continue from there.
#pragma once

#include <asm/pte.hpp>
#include <xen/domain.hpp>
#include <xen/guest_access.hpp>

namespace xen::mm {

using arch::Pte;

// Which domain's tables are written, and whose frames the new entries name.
struct UpdateContext {
    Domain& table_owner;
    Domain& page_owner;
    bool preserve_ad = false;
};

// -- page types (page_type.cpp). The owner's tables lock is held for the four table types.
Status get_type(PageInfo& p, PageType type);             // may be Errno::restart for tables
Status put_type(PageInfo& p);                            // Errno::restart: p is now partial
Status get_page_and_type_of(Mfn f, Domain& owner, PageType type);
Status put_typed(PageInfo& p);                   // Errno::restart: the references are the partial state's
Status abandon_partial(PageInfo& p);                     // undoes a partial page

// -- table contents (table.cpp)
Status validate_table(PageInfo& p, PageType type);       // from p.table.done
Status devalidate_table(PageInfo& p, PageType type);     // down from p.table.done
// An entry of a live table: with references of its own. Behind `done` of one that stopped half-way there are none yet,
// or none any more.
inline bool is_counted(const PageInfo& table, unsigned index) {
    return (table.type.load(std::memory_order_acquire) & PageInfo::kValidated) || index < table.table.done;
}
// In use as an L1 table, with an entry at `index` that is counted: from one look at its type.
[[gnu::always_inline]] inline bool is_live_l1(const PageInfo& p, unsigned index) {
    u64 word = p.type.load(std::memory_order_acquire);
    if (word >> PageInfo::kTypeShift != static_cast<u64>(PageType::l1) || !(word & PageInfo::kTypeCountMask)) return false;
    return (word & PageInfo::kValidated) || index < p.table.done;
}
Status validate_descriptors(Mfn f);                      // GDT/LDT page (descriptor.cpp)
bool descriptor_ok(u64 raw, u64* adjusted);              // one that a guest may load; `adjusted` is how
void fill_xen_slots(Pte* l4, const Domain& d);
void show_m2p(Mfn l4);                                   // the root becomes a kernel's
void hide_m2p(Mfn l4, const Domain& d);                  // the root becomes user mode's, in a strict domain

// -- one entry (entry.cpp)
// The entry as it may be installed: device memory is uncached, and some of it read-only.
Result<Pte> get_l1_target(Pte e, Domain& table_owner, Domain& page_owner);
void put_l1_target(Pte e, Domain& table_owner);
Status get_table_target(Pte e, unsigned level, Mfn table, Domain& owner);
Status put_table_target(Pte e, unsigned level, Mfn table);
// 64-bit PV kernels run in ring 3: their pages need USER too, and bit 52 remembers which they are. The guest's
// user pages are global, so that a switch between its kernel and user tables keeps them in the TLB.
inline Pte adjusted(Pte e, unsigned level) {
    if (!e.present()) return e;
    if (level == 4) return e.with(Pte::kUser | Pte::kAccessed);  // as if the processor had used it at once
    if (level > 1) return e.with(Pte::kUser);
    if (!e.has(Pte::kUser)) return e.with(Pte::kGuestKernel | Pte::kUser);
    return e.has(Pte::kGuestKernel) ? e : e.with(Pte::kGlobal);
}

// -- updates (update.cpp; of L1 entries arch/x86/mm/update_l1.hpp)
Status update_entry(PageInfo& table, Pte* slot, Pte value, unsigned level, const UpdateContext& c);

// -- base pointers (base_pointer.cpp)
Status set_kernel_base(Vcpu& v, Mfn l4);
Status set_user_base(Vcpu& v, Maybe<Mfn> l4);
void load_base(Vcpu& v);                                  // CR3 of the current vCPU for its mode
Status drop_base_pointers(Vcpu& v);                       // at death; Errno::restart

// Work that a vCPU left when it had to yield in the middle of giving a table up; takes the owner's tables lock.
Status finish_deferred_table(Vcpu& v);
inline Status finish_deferred(Vcpu& v) {
    if (!v.arch.deferred_table) [[likely]] return {};
    return finish_deferred_table(v);
}
void defer(Vcpu& v, PageInfo& partial);

// -- machine-to-phys (m2p.cpp)
void set_m2p(Mfn f, u64 pfn);
u64 get_m2p(Mfn f);
inline constexpr u64 kInvalidM2p = ~u64{0};

// -- the per-domain slot: GDT and LDT pages of each vCPU (perdomain.cpp)
Status init_perdomain(Domain& d);
Status init_perdomain_vcpu(Vcpu& v);                      // its page of slots exists from here on
void free_perdomain(Domain& d);
Pte empty_descriptors();                                  // what GDT slots hold that the guest has no page for
Pte* perdomain_slot(const Domain& d, u64 address);        // nullptr where no vCPU has slots

// -- descriptor tables (descriptor.cpp)
Result<s64> set_gdt(GuestIn<xen_ulong_t> frames, u32 entries);
Result<s64> update_descriptor(u64 address, u64 descriptor);
Status install_gdt(Vcpu& v, const Mfn* frames, unsigned pages, u32 entries);  // counts the pages as descriptor pages
void drop_gdt(Vcpu& v);
void drop_ldt_pages(Vcpu& v);
void load_ldt(Vcpu& v);                                   // the LDT register of the current vCPU
bool map_ldt_page(Vcpu& v, unsigned page);                // on a fault in the LDT area; false: the guest's mistake

// All that a dying domain's tables hold; Errno::restart between batches.
Status relinquish(Domain& d);

// A fault of the guest on a page of its own tables: emulated writes (ptwr.cpp). The entry at `address` changes from
// `old` to `value` if it still is `old` (compare) or at once.
struct EntryWrite {
    u64 address;
    u64 value;
    u64 expected;
    unsigned bytes;
    bool compare;
};
bool is_writable_table_fault(Vcpu& v, u64 address);       // maps a page table read-only, with a write fault
Result<bool> emulated_write(Vcpu& v, const EntryWrite& w, u64* seen);

// Hypercalls.
Result<s64> mmu_update(GuestIn<mmu_update_t> requests, u32 count, GuestInOut<unsigned> done, u32 foreign);
Result<s64> mmuext_op(GuestIn<mmuext_op_t> ops, u32 count, GuestInOut<unsigned> done, u32 foreign);
Result<s64> update_va_mapping(u64 va, u64 value, u64 flags);
Result<s64> update_va_mapping_otherdomain(u64 va, u64 value, u64 flags, u16 domid);

}  // namespace xen::mm
