// SPDX-License-Identifier: MIT
// Descriptor tables of PV guests. A GDT or LDT page holds only descriptors that give no privilege, is typed
// seg_desc so that nobody can write it, and is mapped in the per-domain slot where the processor reads it.
#include <asm/desc.hpp>
#include <asm/mm.hpp>
#include <xen/log.hpp>
#include <xen/memory.hpp>

#include "arch/x86/mm/walk.hpp"

namespace xen::mm {
namespace {

using arch::kGuestGdtPages;
constexpr unsigned kPerPage = kPageSize / 8;

constexpr u64 kTypeShift = 40, kSystemBit = u64{1} << 44, kDplShift = 45, kDplMask = u64{3} << kDplShift,
              kPresentBit = u64{1} << 47,
              kCodeBit = u64{8} << kTypeShift, kConforming = u64{4} << kTypeShift;
constexpr u64 kSlotFlags = Pte::kPresent | Pte::kWrite | Pte::kAccessed | Pte::kDirty;

void set_slot(const Domain& d, u64 address, Mfn f) {
    if (Pte* slot = perdomain_slot(d, address)) store_pte(slot, Pte::make(f, kSlotFlags));
}

u64 gdt_page(const Vcpu& v, unsigned i) { return arch::gdt_address(v.id.raw()) + i * kPageSize; }
u64 ldt_page(const Vcpu& v, unsigned i) { return arch::ldt_address(v.id.raw()) + i * kPageSize; }

bool is_gate(u64 raw) { return (raw & (u64{0xf} << kTypeShift)) == u64{0xc} << kTypeShift; }

}  // namespace

// SDM 3A 3.4.5. Rules: not present is anything; code and data segments get DPL 3 (a conforming code segment
// none below 1 matters not); a call gate must lead outside ring 0; other system descriptors are refused.
bool descriptor_ok(u64 raw, u64* out) {
    *out = raw;
    if (!(raw & kPresentBit)) return true;
    if (!(raw & kSystemBit)) {
        if (!is_gate(raw) || (raw & (u64{0x1f} << 32))) return false;  // a call gate without parameters
        u16 selector = static_cast<u16>(raw >> 16);
        *out = raw & ~kDplMask;  // nobody gets through: its use faults
        if ((selector & 3) == 0) *out |= u64{3} << 16;
        return ((selector >> 3) / kPerPage) < kGuestGdtPages || (selector & 4) || (selector & ~3u) >= 0xe000;
    }
    if ((raw >> kDplShift & 3) == 0) *out = raw | u64{3} << kDplShift;
    if ((raw & kCodeBit) && (raw & kConforming) && (raw >> kDplShift & 3) == 0) return false;
    return true;
}

Status validate_descriptors(Mfn f) {
    MappedPage<u64> page{f};
    for (unsigned i = 0; i < kPerPage; ++i) {
        u64 adjusted;
        if (!descriptor_ok(page[i], &adjusted)) return Errno::inval;
        if (adjusted != page[i]) shared_store(page[i], adjusted);
    }
    return {};
}

// Slots without a page of the guest show empty descriptors: loading one is the guest's fault, not a hole of ours.
void drop_gdt(Vcpu& v) {
    v.arch.gdt_entries = 0;
    bool changed = false;
    for (unsigned i = 0; i < kGuestGdtPages; ++i) {
        Maybe<Mfn> f = v.arch.gdt_frames[i];
        if (!f) continue;
        store_pte(perdomain_slot(*v.domain, gdt_page(v, i)), empty_descriptors());
        changed = true;
        v.arch.gdt_frames[i] = nothing;
        put_page_and_type(page_of(*f));
    }
    if (changed && &v == &current()) arch::flush_own_slots();
}

Status install_gdt(Vcpu& v, const Mfn* frames, unsigned pages, u32 entries) {
    TRY(init_perdomain_vcpu(v));
    for (unsigned i = 0; i < pages; ++i) {
        if (get_page_and_type_of(frames[i], *v.domain, PageType::seg_desc)) continue;
        while (i-- > 0) put_page_and_type(page_of(frames[i]));
        return Errno::inval;
    }
    drop_gdt(v);
    v.arch.gdt_entries = entries;
    for (unsigned i = 0; i < pages; ++i) {
        v.arch.gdt_frames[i] = frames[i];
        set_slot(*v.domain, gdt_page(v, i), frames[i]);
    }
    return {};
}

Result<s64> set_gdt(GuestIn<xen_ulong_t> frames, u32 entries) {
    if (entries > kGuestGdtPages * kPerPage) return Errno::inval;
    unsigned pages = (entries + kPerPage - 1) / kPerPage;
    Mfn list[kGuestGdtPages];
    for (unsigned i = 0; i < pages; ++i) list[i] = Mfn{TRY(frames.copy_in(i))};
    Vcpu& v = current();
    Guard g{v.domain->arch.tables_lock};
    TRY(install_gdt(v, list, pages, entries));
    arch::load_gdt(v);
    return 0;
}

Result<s64> update_descriptor(u64 address, u64 descriptor) {
    u64 value;
    if ((address & 7) || !descriptor_ok(descriptor, &value)) return Errno::inval;
    PageRef page = TRY(PageRef::get(frame_of(Paddr{address}), current_domain()));
    PageType as = page->type_uses() && page->page_type() == PageType::seg_desc ? PageType::seg_desc : PageType::writable;
    if (!get_type(*page, as)) return Errno::inval;
    shared_store(MappedPage<u64>{page.mfn()}[page_offset(address) / 8], value);
    (void)put_type(*page).ok();  // never a table
    return 0;
}

void drop_ldt_pages(Vcpu& v) {
    if (!v.arch.ldt_mapped) return;
    for (unsigned i = 0; i < arch::kLdtPages; ++i) {
        Pte* slot = perdomain_slot(*v.domain, ldt_page(v, i));
        if (!slot || !slot->present()) continue;
        Mfn f = slot->mfn();
        store_pte(slot, Pte{});
        put_page_and_type(page_of(f));
    }
    v.arch.ldt_mapped = false;
    if (&v == &current()) arch::flush_own_slots();
}

void load_ldt(Vcpu& v) { arch::load_ldt(v.arch.ldt_entries ? arch::ldt_address(v.id.raw()) : 0, v.arch.ldt_entries); }

bool map_ldt_page(Vcpu& v, unsigned page) {
    if (u64{page} * kPerPage >= v.arch.ldt_entries) return false;
    auto found = find_l1(v, v.arch.ldt_base + page * kPageSize);
    if (!found || !found.value().value.present()) return false;
    Mfn f = found.value().value.mfn();
    if (!get_page_and_type_of(f, *v.domain, PageType::seg_desc)) return false;
    set_slot(*v.domain, ldt_page(v, page), f);
    v.arch.ldt_mapped = true;
    return true;
}

}  // namespace xen::mm
