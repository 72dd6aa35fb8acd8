// SPDX-License-Identifier: MIT
// The x86 part of memory_op: the machine's memory map, the machine-to-phys table, frames of PV guests.
#include <asm/m2p.hpp>
#include <asm/mm.hpp>
#include <xen/grant.hpp>
#include <xen/log_dirty.hpp>
#include <xen/memory.hpp>
#include <xen/rangeset.hpp>
#include <xen/security.hpp>

#include "common/memory/op/op.hpp"

namespace xen::arch {
namespace {

using memory::Arg;

constexpr u64 kM2pStep = 2 << 20;                    // the table is handed out in 2 MiB extents
constexpr u64 kM2pEnd = kRoM2p + (kSlotSize >> 1);   // MACH2PHYS_VIRT_END

struct [[gnu::packed]] E820Entry {                   // public/hvm/e820.h
    u64 addr, size;
    u32 type;
};

// Copies entries out; only counts them where the caller gave no buffer.
struct E820Writer {
    GuestOut<void> to;
    u32 room;
    u32 count = 0;
    Status put(u64 start, u64 end, u32 type) {
        if (!to.is_null()) TRY(store(start, end, type));
        ++count;
        return {};
    }

private:
    Status store(u64 start, u64 end, u32 type) const {
        if (count >= room) return Errno::nobufs;
        return guest::copy_out(to.raw() + count * sizeof(E820Entry), make(start, end, type).bytes, sizeof(E820Entry));
    }
    union Bytes {
        E820Entry e;
        u8 bytes[sizeof(E820Entry)];
    };
    static Bytes make(u64 start, u64 end, u32 type) { return {E820Entry{start, end - start, type}}; }
};

bool overlaps_map(u64 start, u64 end) {
    for (const MemoryRange& r : memory::machine_map())
        if (start < r.end().raw() && end > r.start.raw()) return true;
    return false;
}

// Frames that the caller may not map and that the firmware does not list (interrupt controllers) are reserved too.
Status put_withheld(E820Writer& w, const RangeSet& allowed) {
    for (usize i = 0; i + 1 < allowed.size(); ++i) {
        u64 start = (allowed.range(i).last + 1) << kPageShift;
        u64 end = allowed.range(i + 1).first << kPageShift;
        if (!overlaps_map(start, end)) TRY(w.put(start, end, static_cast<u32>(MemoryType::reserved)));
    }
    return {};
}

Result<s64> machine_memory_map(Arg arg) {
    TRY(security::may(security::Op::memory_map_firmware, current_domain()));
    auto m = TRY(arg.copy_in<xen_memory_map>());
    E820Writer w{GuestOut<void>{reinterpret_cast<u64>(m.buffer.p)}, m.nr_entries};
    if (!w.to.is_null() && w.room < memory::machine_map().size() + 1) return Errno::inval;
    for (const MemoryRange& r : memory::machine_map())
        TRY(w.put(r.start.raw(), r.end().raw(), static_cast<u32>(r.type)));
    TRY(put_withheld(w, *current_domain().io_memory));
    m.nr_entries = w.count;
    TRY(arg.copy_field_out(m, &xen_memory_map::nr_entries));
    return 0;
}

Result<s64> machphys_mfn_list(Arg arg) {
    auto x = TRY(arg.copy_in<xen_machphys_mfn_list>());
    u64 extents = (max_frame.raw() * sizeof(u64) + kM2pStep - 1) / kM2pStep;
    u32 n = 0;
    for (; n < extents && n < x.max_extents; ++n)
        TRY(guest_out(x.extent_start).copy_out(static_cast<xen_pfn_t>(m2p_frame(n * kM2pStep).raw()), n));
    x.nr_extents = n;
    TRY(arg.copy_field_out(x, &xen_machphys_mfn_list::nr_extents));
    return 0;
}

Result<s64> machphys_mapping(Arg arg) {
    xen_machphys_mapping x{};
    x.v_start = kRoM2p;
    x.v_end = kM2pEnd;
    // ABI: the domain with the devices hears where the machine's memory ends. It asks about their frames too, and Linux
    // takes a page fault for each that lies beyond.
    const u64 entries = current_domain().is_hardware ? max_frame.raw() : (kM2pEnd - kRoM2p) / sizeof(u64);
    x.max_mfn = entries - 1;
    TRY(arg.copy_out(x));
    return 0;
}

// Frames that a device needs mapped one to one. No IOMMU is in use, so nothing asks for any.
Result<s64> reserved_device_memory_map(Arg arg) {
    auto x = TRY(arg.copy_in<xen_reserved_device_memory_map>());
    if (!arch::guest_range_ok(reinterpret_cast<u64>(x.buffer.p), 0)) return Errno::fault;
    if (x.flags & ~u32{XENMEM_RDM_ALL}) return Errno::inval;
    x.nr_entries = 0;
    TRY(arg.copy_field_out(x, &xen_reserved_device_memory_map::nr_entries));
    return 0;
}

Result<s64> memory_map(Arg arg) {
    auto x = TRY(arg.copy_in<xen_memory_map>());
    Domain& d = current_domain();
    if (!d.arch.e820_count) return Errno::nosys;
    if (x.nr_entries < d.arch.e820_count) return Errno::inval;
    TRY(guest::copy_out(reinterpret_cast<u64>(x.buffer.p), d.arch.e820, d.arch.e820_count * sizeof(E820Entry)));
    x.nr_entries = d.arch.e820_count;
    TRY(arg.copy_field_out(x, &xen_memory_map::nr_entries));
    return 0;
}

Result<s64> set_memory_map(Arg arg) {
    auto x = TRY(arg.copy_in<xen_foreign_memory_map>());
    if (x.map.nr_entries > kMaxE820) return Errno::inval;
    DomainRef ref = TRY(memory::target(x.domid));
    TRY(security::may(security::Op::physmap_add, *ref));
    Domain& d = *ref;
    auto copy = TRY(Array<E820Entry>::create(kMaxE820));
    TRY(guest::copy_in(copy.data(), reinterpret_cast<u64>(x.map.buffer.p), x.map.nr_entries * sizeof(E820Entry)));
    if (!d.arch.e820) d.arch.e820 = heap::allocate(kMaxE820 * sizeof(E820Entry));
    if (!d.arch.e820) return Errno::nomem;
    __builtin_memcpy(d.arch.e820, copy.data(), x.map.nr_entries * sizeof(E820Entry));
    d.arch.e820_count = x.map.nr_entries;
    return 0;
}

}  // namespace

Result<s64> memory_op(u64 op, GuestInOut<void> arg) {
    switch (op) {
    case XENMEM_memory_map: return memory_map(arg);
    case XENMEM_set_memory_map: return set_memory_map(arg);
    case XENMEM_machine_memory_map: return machine_memory_map(arg);
    case XENMEM_machphys_mfn_list: return machphys_mfn_list(arg);
    case XENMEM_machphys_compat_mfn_list: return Errno::opnotsupp;  // the table of 32-bit guests
    case XENMEM_reserved_device_memory_map: return reserved_device_memory_map(arg);
    case XENMEM_machphys_mapping: return machphys_mapping(arg);
    case XENMEM_get_sharing_freed_pages:
    case XENMEM_get_sharing_shared_pages: return 0;
    default: return Errno::nosys;
    }
}

Status remove_page(Domain& d, Gfn gfn) {
    Mfn frame{gfn.raw()};
    if (!mfn_valid(frame) || !get_page(page_of(frame), d)) [[unlikely]] return Errno::inval;
    PageInfo& page = page_of(frame);
    if (page.type.fetch_and(~PageInfo::kPinned, std::memory_order_acq_rel) & PageInfo::kPinned) [[unlikely]] {
        Guard g{d.arch.tables_lock};
        if (!mm::put_typed(page)) mm::defer(current(), page);
    }
    mm::set_m2p(frame, mm::kInvalidM2p);
    memory::drop_allocation_and_reference(page);
    return {};
}

void note_page(Domain&, Mfn f, u64 gfn, unsigned order) {
    for (u64 i = 0; i < u64{1} << order; ++i) {
        mm::set_m2p(f + i, gfn == ~u64{0} ? gfn : gfn + i);
        log_dirty::written(page_of(f + i));
    }
}

}  // namespace xen::arch
