// SPDX-License-Identifier: MIT
// The top-level tables that a vCPU runs on: one for its kernel, one for its user mode.
#include <asm/mm.hpp>
#include <xen/log.hpp>
#include <xen/tlb.hpp>

namespace xen::mm {
namespace {

void give_back(Maybe<Mfn> l4) {
    if (!l4) return;
    if (!put_typed(page_of(*l4))) defer(current(), page_of(*l4));
}

}  // namespace

void load_base(Vcpu& v) {
    Maybe<Mfn> table = v.arch.in_kernel ? v.arch.guest_table : v.arch.guest_table_user;
    v.arch.cr3 = address_of(*table).raw();
    tlb::switch_root(v.arch.cr3, v.arch.in_kernel ? tlb::Space::kernel : tlb::Space::user);
}

namespace {

// Another address space: the global entries of user pages must go, too.
void load_new_base(Vcpu& v) {
    load_base(v);
    tlb::flush_local();
}

}  // namespace

Status set_kernel_base(Vcpu& v, Mfn l4) {
    if (v.arch.guest_table == Maybe<Mfn>{l4}) {
        load_new_base(v);
        return {};
    }
    Status s = get_page_and_type_of(l4, *v.domain, PageType::l4);
    if (!s) {
        if (s.error() != Errno::restart)
            log_guest("d%uv%u: %#lx cannot be its page table root", v.domain->id.raw(), v.id.raw(), l4.raw());
        return s;
    }
    show_m2p(l4);
    Maybe<Mfn> old = v.arch.guest_table;
    v.arch.guest_table = l4;
    load_new_base(v);
    give_back(old);
    return {};
}

Status set_user_base(Vcpu& v, Maybe<Mfn> l4) {
    if (v.arch.guest_table_user == l4) return {};
    if (l4) {
        TRY(get_page_and_type_of(*l4, *v.domain, PageType::l4));
        hide_m2p(*l4, *v.domain);
    }
    Maybe<Mfn> old = v.arch.guest_table_user;
    v.arch.guest_table_user = l4;
    tlb::forget_user_space();
    give_back(old);
    return {};
}

Status drop_base_pointers(Vcpu& v) {
    for (Maybe<Mfn>* table : {&v.arch.guest_table, &v.arch.guest_table_user}) {
        Maybe<Mfn> old = *table;
        *table = nothing;
        if (!old) continue;
        TRY(put_typed(page_of(*old)));
    }
    return {};
}

}  // namespace xen::mm
