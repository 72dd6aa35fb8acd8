// SPDX-License-Identifier: MIT
// HYPERVISOR_mmuext_op (public/xen.h): pins, base pointers, flushes, the LDT, whole-page work.
#include <asm/mm.hpp>
#include <xen/hypercall.hpp>
#include <xen/log.hpp>
#include <xen/rangeset.hpp>
#include <xen/security.hpp>
#include <xen/tlb.hpp>

#include "arch/x86/mm/batch.hpp"
#include "arch/x86/mm/owner.hpp"
#include "lib/string.hpp"

namespace xen::mm {
namespace {

constexpr unsigned kMaxLdtEntries = 8192;

Status pin(PageType type, Mfn f, Domain& owner) {
    auto ref = PageRef::get(f, owner);
    if (!ref) return Errno::inval;
    PageInfo& p = *ref.value();
    Guard g{owner.arch.tables_lock};
    if (Status s = get_type(p, type); !s) {
        if (s.error() != Errno::restart) log_guest("d%u: %#lx cannot be pinned", owner.id.raw(), f.raw());
        return s;
    }
    if (p.type.fetch_or(PageInfo::kPinned, std::memory_order_acq_rel) & PageInfo::kPinned) {
        log_guest("d%u: %#lx is pinned already", owner.id.raw(), f.raw());
        (void)put_type(p).ok();  // the pin's own use remains: never the last
        return Errno::inval;
    }
    ref.value().leak();
    return {};
}

Status unpin(Mfn f, Domain& owner) {
    auto ref = PageRef::get(f, owner);
    if (!ref) return Errno::inval;
    PageInfo& p = *ref.value();
    Guard g{owner.arch.tables_lock};
    if (!(p.type.fetch_and(~PageInfo::kPinned, std::memory_order_acq_rel) & PageInfo::kPinned)) {
        log_guest("d%u: %#lx is not pinned", owner.id.raw(), f.raw());
        return Errno::inval;
    }
    if (!put_typed(p)) defer(current(), p);  // the next round goes on with it
    return {};
}

bool canonical(u64 va) { return static_cast<s64>(va << 16) >> 16 == static_cast<s64>(va); }

// ABI: a mask that cannot be read is a wrong argument.
Result<CpuMask> cpus_in(const Domain& d, GuestIn<u64> mask) {
    auto cpus = vcpu_cpus(d, mask);
    if (!cpus) return Errno::inval;
    return cpus;
}

Status flush(const mmuext_op_t& op) {
    Domain& d = current_domain();
    u64 va = op.arg1.linear_addr;
    GuestIn<u64> mask{reinterpret_cast<u64>(op.arg2.vcpumask.p)};
    switch (op.cmd) {
    case MMUEXT_TLB_FLUSH_LOCAL: tlb::flush_local(); break;
    case MMUEXT_INVLPG_LOCAL:
        if (canonical(va)) tlb::flush_local_one(va);
        break;
    case MMUEXT_TLB_FLUSH_MULTI: tlb::flush_mask(TRY(cpus_in(d, mask))); break;
    case MMUEXT_INVLPG_MULTI: {
        CpuMask cpus = TRY(cpus_in(d, mask));
        if (canonical(va)) tlb::flush_mask_one(cpus, va);
        break;
    }
    case MMUEXT_TLB_FLUSH_ALL: tlb::flush_mask(d.dirty_cpus); break;
    default:
        if (canonical(va)) tlb::flush_mask_one(d.dirty_cpus, va);
        break;
    }
    return {};
}

Status flush_caches(bool everywhere) {
    Domain& d = current_domain();
    if (d.io_memory->empty() && d.io_ports->empty()) return Errno::acces;
    if (everywhere) tlb::flush_cache(cpu_online);
    else arch::wbinvd();
    return {};
}

Status clear(Mfn f, Domain& owner) {
    auto page = TypedPageRef<PageType::writable>::get(f, owner);
    if (!page) return Errno::inval;
    memset(MappedPage<u8>{f}.get(), 0, kPageSize);
    return {};
}

Status copy(Mfn to, Mfn from, Domain& owner) {
    auto source = PageRef::get(from, owner);
    if (!source) return Errno::inval;
    auto target = TypedPageRef<PageType::writable>::get(to, owner);
    if (!target) return Errno::inval;
    memcpy(MappedPage<u8>{to}.get(), MappedPage<u8>{from}.get(), kPageSize);
    return {};
}

Status set_ldt(u64 base, u32 entries) {
    if (page_offset(base) || entries > kMaxLdtEntries || !arch::guest_range_ok(base, u64{entries} * 8)) return Errno::inval;
    Vcpu& v = current();
    if (v.arch.ldt_base == base && v.arch.ldt_entries == entries) return {};
    drop_ldt_pages(v);
    v.arch.ldt_base = base;
    v.arch.ldt_entries = entries;
    load_ldt(v);
    return {};
}

Status own_operation(const mmuext_op_t& op) {
    Vcpu& v = current();
    switch (op.cmd) {
    case MMUEXT_NEW_BASEPTR: {
        Guard g{v.domain->arch.tables_lock};
        drop_ldt_pages(v);
        return set_kernel_base(v, Mfn{op.arg1.mfn});
    }
    case MMUEXT_NEW_USER_BASEPTR: {
        Guard g{v.domain->arch.tables_lock};
        return set_user_base(v, op.arg1.mfn ? Maybe<Mfn>{Mfn{op.arg1.mfn}} : Maybe<Mfn>{});
    }
    case MMUEXT_SET_LDT: return set_ldt(op.arg1.linear_addr, op.arg2.nr_ents);
    case MMUEXT_FLUSH_CACHE: return flush_caches(false);
    case MMUEXT_FLUSH_CACHE_GLOBAL: return flush_caches(true);
    default: return flush(op);
    }
}

Status one(const mmuext_op_t& op, Domain& owner) {
    switch (op.cmd) {
    case MMUEXT_PIN_L1_TABLE: return pin(PageType::l1, Mfn{op.arg1.mfn}, owner);
    case MMUEXT_PIN_L2_TABLE: return pin(PageType::l2, Mfn{op.arg1.mfn}, owner);
    case MMUEXT_PIN_L3_TABLE: return pin(PageType::l3, Mfn{op.arg1.mfn}, owner);
    case MMUEXT_PIN_L4_TABLE: return pin(PageType::l4, Mfn{op.arg1.mfn}, owner);
    case MMUEXT_UNPIN_TABLE: return unpin(Mfn{op.arg1.mfn}, owner);
    case MMUEXT_CLEAR_PAGE: return clear(Mfn{op.arg1.mfn}, owner);
    case MMUEXT_COPY_PAGE: return copy(Mfn{op.arg1.mfn}, Mfn{op.arg2.src_mfn}, owner);
    case MMUEXT_NEW_BASEPTR:
    case MMUEXT_NEW_USER_BASEPTR:
    case MMUEXT_TLB_FLUSH_LOCAL:
    case MMUEXT_INVLPG_LOCAL:
    case MMUEXT_TLB_FLUSH_MULTI:
    case MMUEXT_INVLPG_MULTI:
    case MMUEXT_TLB_FLUSH_ALL:
    case MMUEXT_INVLPG_ALL:
    case MMUEXT_FLUSH_CACHE:
    case MMUEXT_FLUSH_CACHE_GLOBAL:
    case MMUEXT_SET_LDT: return &owner == &current_domain() ? own_operation(op) : Errno::perm;
    case MMUEXT_MARK_SUPER:
    case MMUEXT_UNMARK_SUPER: return Errno::opnotsupp;
    default: return Errno::nosys;
    }
}

}  // namespace

Result<s64> mmuext_op(GuestIn<mmuext_op_t> ops, u32 count, GuestInOut<unsigned> done_out, u32 foreign) {
    Vcpu& v = current();
    if (!finish_deferred(v)) return hypercall::continue_with(ops.raw(), count);
    Batch all{count, done_out};
    if (!arch::guest_range_ok(ops.raw(), 0)) return Errno::fault;
    Domain* owner = v.domain;
    DomainRef other;                      // our own lives as long as we run
    if (foreign != DOMID_SELF) {
        other = TRY(page_owner_of(static_cast<u16>(foreign)));
        owner = other.get();
        if (owner != v.domain) TRY(security::may(security::Op::mmuext_foreign, *owner));
    }

    u32 done = 0;
    Status result;
    for (; done < all.count(); ++done) {
        if (v.arch.deferred_table || (done && hypercall::preempt_due())) {
            result = Errno::restart;
            break;
        }
        auto op = ops.copy_in(done);
        result = op ? one(op.value(), *owner) : Status{op.error()};
        if (!result) break;
    }
    return all.finish(ops, done, result);
}

}  // namespace xen::mm
