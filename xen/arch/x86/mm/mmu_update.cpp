// SPDX-License-Identifier: MIT
// HYPERVISOR_mmu_update (public/xen.h): a list of (pointer, value) writes to page tables or to the machine-to-phys
// table. Requests are copied in by batches, each batch done under one hold of the table owner's lock.
#include <asm/mm.hpp>
#include <xen/hypercall.hpp>
#include <xen/log.hpp>
#include <xen/security.hpp>

#include "arch/x86/mm/batch.hpp"
#include "arch/x86/mm/owner.hpp"
#include "arch/x86/mm/update_l1.hpp"

namespace xen::mm {
namespace {

constexpr unsigned kBatch = 32;

struct Owners {
    DomainRef table, page;
};

Result<Owners> owners_of(u32 foreign) {
    u16 page_dom = static_cast<u16>(foreign);
    u16 table_dom = static_cast<u16>(foreign >> 16);
    Domain& self = current_domain();
    Owners o;
    if (table_dom) {
        auto r = domain::find(DomId{static_cast<u16>(table_dom - 1)});
        if (!r) return Errno::srch;
        o.table = std::move(r).take();
    } else {
        o.table = domain::ref(self);
    }
    o.page = TRY(page_owner_of(page_dom));
    if (o.table.get() != &self || o.page.get() != &self) {
        TRY(security::may(security::Op::mmu_foreign, *o.page));
        TRY(security::may(security::Op::mmu_foreign, *o.table));
    }
    return o;
}

// A plain write to a page that is no table.
Status write_data(PageInfo& p, u64 address, u64 value) {
    TRY(get_type(p, PageType::writable));
    MappedPage<u64> page{p.mfn()};
    shared_store(page[page_offset(address) / sizeof(u64)], value);
    return put_type(p);
}

// A table of an upper level, one that has stopped half-way, or a page that is no table. Its reference is the caller's.
[[gnu::noinline]] Status write_other(PageInfo& page, u64 address, u64 value, const UpdateContext& c) {
    PageType type = page.page_type();
    bool table = page.type_uses() && type >= PageType::l1 && type <= PageType::l4;
    if (!table) return write_data(page, address, value);
    if (type != PageType::l1 && !(page.type.load(std::memory_order_acquire) & PageInfo::kValidated)) return Errno::inval;
    MappedPage<Pte> map{page.mfn()};
    unsigned level = static_cast<unsigned>(type) - static_cast<unsigned>(PageType::l1) + 1;
    return update_entry(page, &map[page_offset(address) / sizeof(Pte)], Pte{value}, level, c);
}

// `page` is that of the request before, which mostly names the same table: its reference serves again, for 20 instructions
// less. What the page is in use as is looked at each time.
[[gnu::always_inline]] inline Status write_table(u64 address, u64 value, const UpdateContext& c, const OwnPages& own, PageRef& page) {
    Mfn frame = frame_of(Paddr{address});
    if (!mfn_valid(frame)) [[unlikely]] return Errno::inval;
    if (page.get() != &page_of(frame)) {
        if (!get_page(page_of(frame), c.table_owner)) [[unlikely]] return Errno::inval;
        page = PageRef::adopt(page_of(frame));
    }
    unsigned index = static_cast<unsigned>(page_offset(address) / sizeof(Pte));
    if (!is_live_l1(*page, index)) [[unlikely]] return write_other(*page, address, value, c);
    return update_l1(&MappedPage<Pte>{frame}[index], Pte{value}, c, own);
}

[[gnu::noinline]] Status write_m2p(u64 address, u64 pfn, const UpdateContext& c) {
    if (&c.table_owner != &current_domain()) return Errno::perm;
    PageRef page = TRY(PageRef::get(frame_of(Paddr{address}), c.page_owner));
    set_m2p(page.mfn(), pfn);
    log_dirty::written(*page);   // the page with this number holds something else
    return {};
}

[[gnu::always_inline]] inline Status one(const mmu_update_t& r, UpdateContext& c, const OwnPages& own, PageRef& page) {
    u64 address = r.ptr & ~u64{sizeof(Pte) - 1};
    switch (r.ptr & (sizeof(Pte) - 1)) {
    case MMU_NORMAL_PT_UPDATE:
    case MMU_PT_UPDATE_NO_TRANSLATE:
    case MMU_PT_UPDATE_PRESERVE_AD:
        c.preserve_ad = (r.ptr & (sizeof(Pte) - 1)) == MMU_PT_UPDATE_PRESERVE_AD;
        return write_table(address, r.val, c, own, page);
    case MMU_MACHPHYS_UPDATE: return write_m2p(address, r.val, c);
    default: return Errno::nosys;
    }
}

struct Progress {
    u32 done = 0;
    Status result;
};

// At least the first one is done.
Progress run_batch(const mmu_update_t* requests, unsigned n, UpdateContext& c) {
    Vcpu& v = current();
    Guard g{c.table_owner.arch.tables_lock};
    const OwnPages own{c.table_owner};
    PageRef page;
    for (unsigned i = 0; i < n; ++i) {
        if (v.arch.deferred_table || (i && hypercall::preempt_due())) return {i, Errno::restart};
        if (Status s = one(requests[i], c, own, page); !s) return {i, s.error()};
    }
    return {n, {}};
}

Result<s64> run(const Batch& all, GuestIn<mmu_update_t> requests, UpdateContext c) {
    u32 done = 0;
    Status result;
    while (done < all.count()) {
        mmu_update_t batch[kBatch];
        unsigned n = all.count() - done < kBatch ? all.count() - done : kBatch;
        if (!requests.copy_array_in(batch, done, n)) {
            // What can be read is done; the first that cannot fails.
            n = 1;
            result = requests.copy_array_in(batch, done, n);
            if (!result) break;
        }
        if (done && hypercall::preempt_due()) {   // copying has taken its time, too
            result = Errno::restart;
            break;
        }
        Progress p = run_batch(batch, n, c);
        done += p.done;
        if (!p.result) {
            result = p.result.error();
            break;
        }
        if (done < all.count() && hypercall::preempt_due()) {
            result = Errno::restart;
            break;
        }
    }
    return all.finish(requests, done, result);
}

}  // namespace

Result<s64> mmu_update(GuestIn<mmu_update_t> requests, u32 count, GuestInOut<unsigned> done_out, u32 foreign) {
    Vcpu& v = current();
    if (!finish_deferred(v)) return hypercall::continue_with(requests.raw(), count);
    Batch all{count, done_out};
    if (!arch::guest_range_ok(requests.raw(), 0)) return Errno::fault;
    if (foreign == DOMID_SELF) [[likely]] return run(all, requests, {*v.domain, *v.domain});
    Owners owners = TRY(owners_of(foreign));
    return run(all, requests, {*owners.table, *owners.page});
}

}  // namespace xen::mm
