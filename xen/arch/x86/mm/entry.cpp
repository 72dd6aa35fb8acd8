// SPDX-License-Identifier: MIT
// What one entry of a PV guest's table refers to, and the references it holds.
#include <asm/mm.hpp>
#include <xen/log.hpp>
#include <xen/log_dirty.hpp>
#include <xen/memory.hpp>
#include <xen/rangeset.hpp>
#include <xen/tlb.hpp>

namespace xen::mm {
namespace {

// Flags that no guest may set. L1 entries may carry cache attributes and GLOBAL; the upper levels no superpages.
constexpr u64 kUpperDisallowed = Pte::kSuper | Pte::kCacheDisable | Pte::kWriteThrough | Pte::kGlobal;
// Linear uses of one table, and of others by it, are counted in 16 bits.
constexpr s16 kMostLinear = 0x7fff;
constexpr PageType table_type(unsigned level) {
    return static_cast<PageType>(static_cast<unsigned>(PageType::l1) + level - 1);
}

// The first MiB is the firmware's and the devices', RAM or not; the allocator has none of it.
constexpr Mfn kLowEnd{0x100000 >> kPageShift};

bool is_io(Mfn f) {
    if (f >= max_frame) return true;
    const PageInfo& p = page_of(f);
    return p.owner_index == 0 ? f < kLowEnd || !memory::is_ram(f) : p.owner() == domain::dom_io;
}

// Write-back and the like on device memory could conflict with the attributes that others use: of all but
// write-combining it becomes uncached (SDM 3A 11.12.4, the PAT as the ABI fixes it).
Pte uncached(Pte e) {
    switch (e.raw & Pte::kCacheAttributes) {
    case 0:
    case Pte::kWriteThrough:
    case Pte::kWriteThrough | Pte::kPat:
        return e.without(Pte::kPat).with(Pte::kWriteThrough | Pte::kCacheDisable);
    default: return e;
    }
}

// Device memory and firmware tables: by permission, not by ownership.
Result<Pte> get_io_target(Pte e, Domain& table_owner, Domain& page_owner) {
    bool asked_for_io = &page_owner == domain::dom_io;
    Domain& permitted = asked_for_io ? table_owner : page_owner;
    if (!permitted.io_memory->contains(e.mfn().raw()) ||
        (&permitted != &table_owner && !table_owner.io_memory->contains(e.mfn().raw()))) {
        log_guest("d%u: may not map I/O frame %#lx", table_owner.id.raw(), e.mfn().raw());
        return Errno::perm;
    }
    if (e.writable() && memory::io_read_only(e.mfn())) e = e.without(Pte::kWrite);
    return uncached(e);
}

Errno refused(Pte e, const Domain& table_owner, const Domain* owner) {
    log_guest("d%u: L1 entry %#018lx refused: frame %#lx belongs to d%d, %s", table_owner.id.raw(), e.raw,
              e.mfn().raw(), owner ? owner->id.raw() : -1, e.writable() ? "or is no writable page" : "or is free");
    return Errno::busy;
}

// Whose reference to count: the named owner's, or, for a privileged mapper, the real one's.
Domain* countable_owner(PageInfo& p, Domain& table_owner, Domain& page_owner) {
    Domain* real = p.owner();
    if (real == &page_owner) [[likely]] return real;
    if (!real || &page_owner == &table_owner || !page_owner.is_privileged) return nullptr;
    return real;
}

// Levels 2 to 4: an entry that maps a table of its own level read-only (a linear page table). The target counts
// who uses it, the table counts that it uses others; no page may do both, so chains end.
Status get_linear(Pte e, unsigned level, Mfn table, Domain& owner) {
    if (e.writable()) return Errno::inval;
    if (e.mfn() == table) return {};
    PageInfo& from = page_of(table);
    if (from.table.linear > 0) return Errno::inval;
    PageRef target = TRY(PageRef::get(e.mfn(), owner));
    u64 word = target->type.load(std::memory_order_acquire);
    bool usable = static_cast<PageType>(word >> PageInfo::kTypeShift) == table_type(level) &&
                  (word & PageInfo::kValidated) && target->table.linear >= 0 && target->table.linear < kMostLinear;
    if (!usable) return Errno::inval;
    target->type.fetch_add(1, std::memory_order_acq_rel);
    ++target->table.linear;
    --from.table.linear;
    target.leak();
    return {};
}

}  // namespace

Result<Pte> get_l1_target(Pte e, Domain& table_owner, Domain& page_owner) {
    Mfn f = e.mfn();
    if (is_io(f)) return get_io_target(e, table_owner, page_owner);
    PageInfo& p = page_of(f);
    Domain* owner = countable_owner(p, table_owner, page_owner);
    if (!owner || !get_page(p, *owner)) {
        return refused(e, table_owner, p.owner());
    }
    if (e.writable() && !get_type(p, PageType::writable)) {
        put_page(p);
        return refused(e, table_owner, owner);
    }
    return e;
}

void put_l1_target(Pte e, Domain& table_owner) {
    if (!e.present()) return;
    Mfn f = e.mfn();
    if (f >= max_frame) return;
    PageInfo& p = page_of(f);
    if (p.owner_index == 0 || p.owner() == domain::dom_io) return;  // device memory holds no reference
    if (e.writable()) {
        // Before its owner makes a table of it the owner's CPUs are flushed, not those of who mapped it.
        if (p.owner() != &table_owner) [[unlikely]] tlb::flush_mask(table_owner.dirty_cpus);
        (void)put_type(p).ok();                                     // never a table: no restart
    } else if (e.has(Pte::kDirty)) {
        log_dirty::written(p);
    }
    put_page(p);
}

Status get_table_target(Pte e, unsigned level, Mfn table, Domain& owner) {
    if (e.raw & kUpperDisallowed) {
        log_guest("d%u: level %u entry %#018lx has flags that no table may have", owner.id.raw(), level, e.raw);
        return Errno::inval;
    }
    Status s = get_page_and_type_of(e.mfn(), owner, table_type(level - 1));
    if (!s && s.error() == Errno::inval && get_linear(e, level, table, owner)) return {};
    return s;
}

Status put_table_target(Pte e, unsigned level, Mfn table) {
    if (!e.present() || e.mfn() == table) return {};
    PageInfo& p = page_of(e.mfn());
    if (p.page_type() == table_type(level)) {  // linear
        --p.table.linear;
        ++page_of(table).table.linear;
    }
    return put_typed(p);
}

}  // namespace xen::mm
