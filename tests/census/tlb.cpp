// SPDX-License-Identifier: MIT
#include "tlb.hpp"

#include <asm/pte.hpp>

#include "count.hpp"

namespace xen::census {
namespace {

constexpr u64 kNobody = 0, kHypervisor = 1;

u64 owner_of(const PageInfo& p) {
    u64 count = p.count.load();
    if ((count & PageInfo::kCountMask) && p.owner_index) return u64{p.owner_index} << 1;
    // A page that was shared and that its guest gave up waits with a stamp: whoever takes it next flushes.
    return (count & PageInfo::kXenHeap) && !p.tlb_stamp ? kHypervisor : kNobody;
}

}  // namespace

Tlb::Tlb(unsigned cpus) : cpus_(cpus), owners_(max_frame.raw()) {
    for (Cpu& c : cpus_) {
        c.frames.resize(max_frame.raw());
        c.seen.resize(max_frame.raw());
    }
}

void Tlb::Cpu::clear() {
    for (u32 f : list) frames[f] = {};
    list.clear();
}

void Tlb::use(CpuId cpu, const Vcpu& v) {
    follow_owners();
    Cpu& c = cpus_[cpu.raw()];
    for (Maybe<Mfn> root : {v.arch.guest_table, v.arch.guest_table_user})
        if (root) walk(c, *root, 4, true);
    for (u32 f : c.walked) c.seen[f] = 0;
    c.walked.clear();
}

void Tlb::walk(Cpu& c, Mfn table, unsigned level, bool writable) {
    u8 bit = static_cast<u8>(1u << (level - 1 + (writable ? 4 : 0)));
    u8& seen = c.seen[table.raw()];
    if (seen & bit) return;
    if (!seen) c.walked.push_back(static_cast<u32>(table.raw()));
    seen = static_cast<u8>(seen | bit);
    MappedPage<arch::Pte> entries{table};
    each_present(entries.get(), arch::kEntries, [&](unsigned i, arch::Pte e) {
        if (is_xen_slot(level, i) || e.mfn() >= max_frame) return;
        bool write = writable && e.writable();
        if (level > 1) return walk(c, e.mfn(), level - 1, write);
        Cached& x = c.frames[e.mfn().raw()];
        if (!x.here) {
            c.list.push_back(static_cast<u32>(e.mfn().raw()));
            x = {owners_[e.mfn().raw()].life, true, write};
        }
        x.writable |= write;
    });
}

void Tlb::follow_owners() {
    for (u32 f = 0; f < owners_.size(); ++f) {
        u64 now = owner_of(frame_table[f]);
        if (now == owners_[f].who) continue;
        if (now != kNobody) ++owners_[f].life;
        owners_[f].who = now;
    }
}

void Tlb::check_frame(unsigned cpu, u32 frame, const Cached& x, Findings& wrong) const {
    const PageInfo& p = frame_table[frame];
    if (owners_[frame].who != kNobody && owners_[frame].life != x.life)
        wrong.add("tlb-owner", "CPU %u can still %s frame %u, which has changed hands", cpu, x.writable ? "write" : "read", frame);
    else if (x.writable && p.owner_index && p.type_uses() && (is_table(p.page_type()) || p.page_type() == PageType::seg_desc))
        wrong.add("tlb-type", "CPU %u can still write frame %u, which has become %s", cpu, frame,
                  is_table(p.page_type()) ? "a page table" : "a descriptor page");
}

void Tlb::check(Findings& wrong) {
    follow_owners();
    for (unsigned cpu = 0; cpu < cpus_.size(); ++cpu)
        for (u32 f : cpus_[cpu].list) check_frame(cpu, f, cpus_[cpu].frames[f], wrong);
}

}  // namespace xen::census
