// SPDX-License-Identifier: MIT
// HYPERVISOR_update_va_mapping (public/xen.h): the L1 entry of one address of the current space, and a flush.
#include <asm/mm.hpp>
#include <xen/hypercall.hpp>
#include <xen/security.hpp>
#include <xen/tlb.hpp>

#include "arch/x86/mm/walk.hpp"
#include "arch/x86/mm/owner.hpp"
#include "arch/x86/mm/update_l1.hpp"

namespace xen::mm {
namespace {

Status change(Vcpu& v, u64 va, Pte value, Domain& page_owner) {
    if (!finish_deferred(v)) return Errno::restart;
    Guard g{v.domain->arch.tables_lock};
    auto found = find_l1(v, va);
    if (!found) return Errno::inval;
    PageInfo& table = page_of(found.value().table);
    if (table.page_type() != PageType::l1 || !table.type_uses()) return Errno::inval;
    UpdateContext c{*v.domain, page_owner};
    MappedPage<Pte> map{found.value().table};
    return update_l1(&map[found.value().index], value, c, OwnPages{c.table_owner});
}

// flags: UVMF_* in the low bits; with UVMF_MULTI a pointer to a vCPU mask in the rest (0: this CPU, 2: all).
Status flush(Vcpu& v, u64 va, u64 flags) {
    u64 who = flags & ~u64{UVMF_FLUSHTYPE_MASK};
    u64 type = flags & UVMF_FLUSHTYPE_MASK;
    if (type != UVMF_TLB_FLUSH && type != UVMF_INVLPG) return {};
    bool one = type == UVMF_INVLPG;
    if (who == UVMF_LOCAL) {
        if (one) tlb::flush_local_one(va);
        else tlb::flush_local();
        return {};
    }
    CpuMask cpus = v.domain->dirty_cpus;
    if (who != UVMF_ALL) cpus = TRY(vcpu_cpus(*v.domain, GuestIn<u64>{who}));
    if (one) tlb::flush_mask_one(cpus, va);
    else tlb::flush_mask(cpus);
    return {};
}

Result<s64> update(u64 va, u64 value, u64 flags, Domain& page_owner) {
    Vcpu& v = current();
    Status s = change(v, va, Pte{value}, page_owner);
    if (!s && s.error() == Errno::restart) return hypercall::continue_with(va);
    Status f = flush(v, va, flags);
    if (!s) return s.error();
    if (!f) return f.error();
    return 0;
}

}  // namespace

Result<s64> update_va_mapping(u64 va, u64 value, u64 flags) { return update(va, value, flags, current_domain()); }

Result<s64> update_va_mapping_otherdomain(u64 va, u64 value, u64 flags, u16 domid) {
    auto owner = page_owner_of(domid);
    if (!owner) return Errno::srch;
    if (owner.value().get() != &current_domain()) TRY(security::may(security::Op::va_mapping_other, *owner.value()));
    return update(va, value, flags, *owner.value());
}

}  // namespace xen::mm
