// SPDX-License-Identifier: MIT
// The hypervisor's top-level slots in every guest root, written when the root is validated.
#include <asm/idle_table.hpp>
#include <asm/mm.hpp>
#include <public/xen.h>

namespace xen::mm {

namespace {

constexpr unsigned kM2pSlot = arch::kFirstXenSlot;

bool strict(const Domain& d) { return d.vm_assist >> VMASST_TYPE_m2p_strict & 1; }

}  // namespace

// Strict domains (public/xen.h VMASST_TYPE_m2p_strict) see the table in kernel roots only: user mode could read it
// otherwise. Whoever loads a root says what it is for.
void show_m2p(Mfn l4) { store_pte(&MappedPage<Pte>{l4}[kM2pSlot], arch::idle_root()[kM2pSlot]); }

void hide_m2p(Mfn l4, const Domain& d) {
    if (strict(d)) store_pte(&MappedPage<Pte>{l4}[kM2pSlot], Pte{});
}

void fill_xen_slots(Pte* l4, const Domain& d) {
    const Pte* ours = arch::idle_root();
    for (unsigned i = arch::kFirstXenSlot; i <= arch::kLastXenSlot; ++i) store_pte(&l4[i], ours[i]);
    if (strict(d)) store_pte(&l4[kM2pSlot], Pte{});
    Pte perdomain{};
    if (d.arch.perdomain_l3)
        perdomain = Pte::make(frame_of(Paddr{d.arch.perdomain_l3_pa}),
                              Pte::kPresent | Pte::kWrite | Pte::kAccessed | Pte::kDirty);
    store_pte(&l4[arch::index_of(arch::kPerDomain, 4)], perdomain);
}

}  // namespace xen::mm
