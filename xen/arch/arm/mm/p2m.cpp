// SPDX-License-Identifier: MIT
#include <asm/p2m.hpp>

#include <asm/stage2.hpp>
#include <asm/tlb.hpp>
#include <xen/arch_memory.hpp>
#include <xen/hypercall.hpp>
#include <xen/memory.hpp>
#include <xen/refusal.hpp>

#include "arch/arm/mm/map.hpp"
#include "arch/arm/mm/vmid.hpp"
#include "lib/string.hpp"

namespace xen::p2m {
namespace {

using pt::Stage2;

constexpr unsigned kVmidShift = 48, kGuestBits = 40;   // GUEST_RAM1 ends there (public/arch-arm.h)
constexpr unsigned kBatch = 256;                       // leaves taken down between two yields

// ID_AA64MMFR0_EL1.PARange; more than 48 bits need larger pages.
constexpr unsigned kRangeBits[] = {32, 36, 40, 42, 44, 48, 48};
constexpr u64 kRange48 = 5;

u64 range() {
    u64 r = arch::physical_range();
    return r < kRange48 ? r : kRange48;
}

// Wide enough for guests and, since the hardware domain has its memory where the machine has it, for all RAM.
Stage2 format() {
    unsigned bits = kGuestBits, most = kRangeBits[range()];
    while (bits < most && max_frame.raw() >> (bits - kPageShift)) ++bits;
    return Stage2{bits < most ? bits : most};
}

Stage2::Attributes attributes_of(Type t) {
    Stage2::Attributes a;
    a.type = static_cast<u8>(t);
    a.write = is_writable(t);
    a.execute = is_ram(t);
    if (t == Type::device) a.memory = pt::MemoryAttribute::device_nGnRE;
    return a;
}

Type type_of(u64 entry) { return static_cast<Type>(Stage2::attributes(entry).type); }

// What a leaf holds of the page under it.
void put_leaf(u64 entry, u64, unsigned height) {
    Type t = type_of(entry);
    if (t < Type::grant || t > Type::shared) return;
    PageInfo& page = page_of(frame_of(Stage2::address(entry, height)));
    if (t == Type::grant) put_page_and_type(page);
    else put_page(page);
}

void keep_leaf(u64, u64, unsigned) {}

u64 bytes_of(u64 frames) { return frames << kPageShift; }
u64 address(Gfn g) { return g.raw() << kPageShift; }

bool fits(const Map& m, Gfn at, u64 frames) {
    constexpr u64 kMost = u64{1} << (Stage2::kMostBits - kPageShift);
    return at.raw() < kMost && frames <= kMost && m.table.holds(address(at), bytes_of(frames));
}

Status map_leaves(Map& m, Gfn at, Mfn first, u64 frames, Type type) {
    if (!fits(m, at, frames) || (first.raw() + frames) >> (Stage2::kMostBits - kPageShift))
        return refuse(Errno::inval, "frame %#lx: guest frames end at %#lx", at.raw(), u64{1} << (ipa_bits() - kPageShift));
    WriteGuard g{m.lock};
    m.drained = false;
    if (!m.table.map(address(at), address_of(first), bytes_of(frames), attributes_of(type), put_leaf))
        return refuse(Errno::nomem, "frame %#lx: no memory for its tables, %lu of %lu pages in use", at.raw(), m.tables.pages,
                      m.tables.limit);
    arch::publish_tables();
    if (Gfn last = at + (frames - 1); frames && last > m.highest) m.highest = last;
    return {};
}

}  // namespace

Maybe<Paddr> Tables::allocate() {
    if (pages >= limit) return nothing;
    void* page = memory::allocate_heap_pages(Order{0});
    if (!page) return nothing;
    arch::wipe_page(page);
    ++pages;
    return arch::direct_map_paddr(page);
}

void Tables::release(Paddr p) {
    memory::free_heap_pages(table(p), Order{0});
    --pages;
}

void Tables::flush(u64 in, u64 bytes) {
    if (bytes == kPageSize) tlb::flush_guest_ipa(vmid_, Gaddr{in});
    else tlb::flush_guest(vmid_);
}

Map::Map(u16 id, Mfn first_table, Stage2 f) : vmid{id}, root{first_table}, tables{id}, table{f, tables, address_of(first_table)} {}

Status init(Domain& d) {
    auto id = vmid::take();
    if (!id) return refuse(Errno::nospc, "the processor tells %u domains apart, and has them", vmid::wide() ? 65535 : 255);
    Stage2 f = format();
    Order order{static_cast<u8>(f.root_order())};
    void* root = memory::allocate_heap_pages(order);
    if (root) {
        memset(root, 0, kPageSize << order.raw());
        auto map = Box<Map>::make(*id, arch::direct_map_mfn(root), f);
        d.arch.p2m = map.leak();
    }
    if (d.arch.p2m) return {};
    memory::free_heap_pages(root, order);
    vmid::give(*id);
    return Errno::nomem;
}

void destroy(Domain& d) {
    Map* m = std::exchange(d.arch.p2m, nullptr);
    if (!m) return;
    {
        WriteGuard g{m->lock};
        unsigned all = ~0u;
        if (!m->drained) m->table.drain(all, put_leaf);
    }
    memory::free_heap_pages(m->tables.table(address_of(m->root)), Order{static_cast<u8>(m->table.format().root_order())});
    tlb::flush_guest(m->vmid);
    vmid::give(m->vmid);
    Box<Map>::adopt(m).reset();
}

// No vCPU of it runs any more.
Status relinquish(Domain& d) {
    Map& m = *d.arch.p2m;
    for (bool flushed = false;; flushed = true) {
        unsigned budget = kBatch;
        {
            WriteGuard g{m.lock};
            if (!flushed) tlb::flush_guest(m.vmid);
            if (m.drained || m.table.drain(budget, put_leaf)) {
                m.drained = true;
                return {};
            }
        }
        if (hypercall::preempt_due()) return Errno::restart;
    }
}

u64 vttbr(const Domain& d) { return address_of(d.arch.p2m->root).raw() | u64{d.arch.p2m->vmid} << kVmidShift; }
u64 vtcr() { return format().control(range(), vmid::wide()); }
unsigned ipa_bits() { return format().input_bits(); }

Status map(Domain& d, Gfn at, Mfn first, u64 frames, Type type) { return map_leaves(*d.arch.p2m, at, first, frames, type); }

Status map_mmio(Domain& d, Paddr guest, Paddr machine, u64 bytes, Type type) {
    u64 frames = pages_for(page_offset(guest.raw()) + bytes);
    if (page_offset(guest.raw()) != page_offset(machine.raw())) return Errno::inval;
    return map_leaves(*d.arch.p2m, Gfn{guest.raw() >> kPageShift}, frame_of(machine), frames, type);
}

Status map_page(Domain& d, Gfn at, Mfn page, Type type) { return map_leaves(*d.arch.p2m, at, page, 1, type); }

Status unmap(Domain& d, Gfn at, u64 frames) {
    Map& m = *d.arch.p2m;
    if (!fits(m, at, frames)) return Errno::inval;
    WriteGuard g{m.lock};
    return m.table.unmap(address(at), bytes_of(frames), put_leaf);
}

Status take_page(Domain& d, Gfn at, Mfn page, Type a, Type b) {
    Map& m = *d.arch.p2m;
    if (!fits(m, at, 1)) return Errno::inval;
    WriteGuard g{m.lock};
    auto found = m.table.find(address(at));
    if (found.kind != pt::EntryKind::leaf || frame_of(found.at) != page) return Errno::noent;
    if (Type t = type_of(found.entry); t != a && t != b) return Errno::noent;
    return m.table.unmap(address(at), kPageSize, keep_leaf);
}

namespace {

// REQUIRES(m.lock), shared.
Result<Entry> find(const Map& m, Gfn at) {
    if (!fits(m, at, 1)) return Errno::noent;
    auto found = m.table.find(address(at));
    if (found.kind != pt::EntryKind::leaf) return Errno::noent;
    return Entry{frame_of(found.at), type_of(found.entry), Order{static_cast<u8>(found.height * pt::kIndexBits)}};
}

}  // namespace

Result<Entry> lookup(const Domain& d, Gfn at) {
    const Map& m = *d.arch.p2m;
    ReadGuard g{m.lock};
    return find(m, at);
}

Gfn behind_hole(const Domain& d, Gfn at) {
    const Map& m = *d.arch.p2m;
    if (!fits(m, at, 1)) return at + 1;
    ReadGuard g{m.lock};
    auto found = m.table.find(address(at));
    if (found.kind == pt::EntryKind::leaf) return at;
    u64 within = (u64{1} << (found.height * pt::kIndexBits)) - 1;
    return Gfn{at.raw() | within} + 1;
}

Result<PageRef> page_at(const Domain& d, Gfn at, Entry& entry) {
    const Map& m = *d.arch.p2m;
    ReadGuard g{m.lock};
    entry = TRY(find(m, at));
    if (entry.type >= Type::device || !mfn_valid(entry.mfn)) return Errno::inval;
    Domain* owner = page_of(entry.mfn).owner();   // it stays while the leaf holds the page
    if (!owner || !get_page(page_of(entry.mfn), *owner)) return Errno::inval;
    return PageRef::adopt(page_of(entry.mfn));
}

bool is_mapped(const Domain& d, Gaddr at, bool write) {
    auto e = lookup(d, frame_of(at));
    return e && (!write || is_writable(e.value().type));
}

u64 settled(const Domain& d, u64 (*translate)(u64, bool), u64 address, bool write) {
    ReadGuard g{d.arch.p2m->lock};
    return translate(address, write);
}

Gfn highest(const Domain& d) { return d.arch.p2m->highest; }
u64 table_limit(const Domain& d) { return d.arch.p2m->tables.limit; }

Status set_table_limit(Domain& d, u64 pages) {
    Map& m = *d.arch.p2m;
    WriteGuard g{m.lock};
    if (pages < m.tables.pages) return refuse(Errno::busy, "its tables have %lu pages already", m.tables.pages);
    m.tables.limit = pages;
    return {};
}

}  // namespace xen::p2m

namespace xen::arch {

u64 table_pages(const Domain& d) { return d.arch.p2m ? d.arch.p2m->tables.pages : 0; }

}  // namespace xen::arch
