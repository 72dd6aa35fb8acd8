// SPDX-License-Identifier: MIT
// The machine-to-phys table: what each frame is to the guest that owns it. Guests read it in place.
#include <asm/layout.hpp>
#include <asm/m2p.hpp>
#include <asm/mm.hpp>
#include <xen/arch_memory.hpp>
#include <xen/log_dirty.hpp>

namespace xen::mm {

void set_m2p(Mfn f, u64 pfn) { __atomic_store_n(arch::m2p_entry(f), pfn, __ATOMIC_RELAXED); }
u64 get_m2p(Mfn f) { return __atomic_load_n(arch::m2p_entry(f), __ATOMIC_RELAXED); }

}  // namespace xen::mm

namespace xen::arch {

void note_frame(Mfn f, u64 number) {
    mm::set_m2p(f, number);
    log_dirty::written(page_of(f));   // the page with this number holds something else
}

u64 table_pages(const Domain&) { return 0; }

}  // namespace xen::arch
