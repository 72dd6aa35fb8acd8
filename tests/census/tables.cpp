// SPDX-License-Identifier: MIT
// What live tables and descriptor pages may say: nothing of the hypervisor's, nothing of another domain's without a
// grant, its own slots as it made them.
#include <asm/idle_table.hpp>
#include <asm/mm.hpp>
#include <xen/memory.hpp>

#include <map>

#include "common/grant/table.hpp"
#include "count.hpp"

namespace xen::census {
namespace {

using arch::Pte;

// Mappings of others' frames: entries found, and those that grants account for.
struct Foreign {
    s32 readable = 0, writable = 0;
};
using ForeignMap = std::map<u64, Foreign>;   // mapper above the frame

u64 key(const Domain& d, u64 frame) { return u64{d.id.raw()} << 48 | frame; }

struct Checker {
    Findings& wrong;
    ForeignMap foreign{};

    void leaf(const Domain& d, Mfn table, unsigned i, Pte e) {
        if (!mfn_valid(e.mfn())) return;   // device memory: by permission
        const PageInfo& p = page_of(e.mfn());
        const Domain* owner = p.references() ? p.owner() : nullptr;
        unsigned frame = static_cast<unsigned>(e.mfn().raw()), t = static_cast<unsigned>(table.raw());
        if (!owner) {
            if (!memory::is_ram(e.mfn()) || e.mfn() < Mfn{0x100}) return;
            wrong.add("hypervisor-page", "d%u's L1 %u[%u] maps frame %u, which is %s", d.id.raw(), t, i, frame,
                      p.is_xen_heap() ? "the hypervisor's" : "free");
            return;
        }
        if (owner != &d && !d.is_privileged) ++(e.writable() ? foreign[key(d, frame)].writable : foreign[key(d, frame)].readable);
        if (!e.has(Pte::kUser)) wrong.add("entry-flags", "d%u's L1 %u[%u] is a supervisor page", d.id.raw(), t, i);
    }
    void upper(const Domain& d, Mfn table, unsigned i, Pte e) {
        if (e.raw & Pte::kSuper) wrong.add("entry-flags", "d%u's table %u[%u] has a superpage", d.id.raw(), static_cast<unsigned>(table.raw()), i);
    }
    // The hypervisor's slots of a root (arch/x86/mm/xen_slots.cpp).
    void slots(const Domain& d, const PageInfo& p) {
        MappedPage<Pte> l4{p.mfn()};
        const Pte* ours = arch::idle_root();
        unsigned perdomain = arch::index_of(arch::kPerDomain, 4);
        for (unsigned i = arch::kFirstXenSlot; i <= arch::kLastXenSlot; ++i) {
            bool good = i == perdomain ? l4[i].mfn() == frame_of(Paddr{d.arch.perdomain_l3_pa}) : l4[i] == ours[i] || (i == arch::kFirstXenSlot && !l4[i].raw);
            if (!good || l4[i].has(Pte::kPresent | Pte::kUser))
                wrong.add("xen-slots", "d%u's root %u: the hypervisor's slot %u is %#llx", d.id.raw(), static_cast<unsigned>(p.mfn().raw()), i,
                          static_cast<unsigned long long>(l4[i].raw));
        }
    }
    void table(const Domain& d, const PageInfo& p) {
        unsigned level = static_cast<unsigned>(p.page_type());
        unsigned n = counted_entries(p);
        if (level == 4 && (p.type.load() & PageInfo::kValidated)) slots(d, p);
        MappedPage<Pte> entries{p.mfn()};
        each_present(entries.get(), n, [&](unsigned i, Pte e) {
            if (is_xen_slot(level, i)) return;
            if (level == 1) leaf(d, p.mfn(), i, e);
            else upper(d, p.mfn(), i, e);
        });
    }
    void descriptors(const Domain& d, const PageInfo& p) {
        MappedPage<u64> page{p.mfn()};
        for (unsigned i = 0; i < kPageSize / sizeof(u64); ++i) {
            u64 adjusted;
            if (page[i] == 0) continue;
            if (!mm::descriptor_ok(page[i], &adjusted) || adjusted != page[i])
                wrong.add("descriptors", "d%u's descriptor page %u has %#llx at %u", d.id.raw(), static_cast<unsigned>(p.mfn().raw()),
                          static_cast<unsigned long long>(page[i]), i);
        }
    }
    // What the processor finds in the per-domain slots of a vCPU is what the vCPU was given.
    void vcpu(const Vcpu& v) {
        for (unsigned i = 0; i < arch::kGuestGdtPages; ++i) {
            const Pte* slot = mm::perdomain_slot(*v.domain, arch::gdt_address(v.id.raw()) + i * kPageSize);
            Maybe<Mfn> f = v.arch.gdt_frames[i];
            if (!slot && !f) continue;   // no context yet
            bool good = f ? slot && slot->present() && slot->mfn() == *f : *slot == mm::empty_descriptors();
            if (!good) wrong.add("gdt-slots", "d%uv%u: slot %u shows another page than its GDT has", v.domain->id.raw(), v.id.raw(), i);
        }
    }
    void grants_of(const Domain& d) {
        if (!d.grants) return;
        for (u32 h = 0; h < d.grants->maptrack.limit(); ++h) {
            const grant::Mapping& m = d.grants->maptrack.at(h);
            u32 flags = m.flags.load();
            if (!(flags & GNTMAP_host_map)) continue;
            Foreign& x = foreign[key(d, m.frame)];
            --(flags & GNTMAP_readonly ? x.readable : x.writable);
        }
    }
};

}  // namespace

void check_tables(Findings& wrong) {
    Checker c{wrong};
    for (Mfn f{0}; f < max_frame; ++f) {
        const PageInfo& p = page_of(f);
        if (!p.references() || !p.type_uses() || !p.owner_index) continue;
        if (p.page_type() == PageType::seg_desc) c.descriptors(*p.owner(), p);
        else if (is_table(p.page_type())) c.table(*p.owner(), p);
    }
    each_domain([&](Domain& d) {
        d.for_each_vcpu([&](Vcpu& v) { c.vcpu(v); });
        c.grants_of(d);
    });
    for (auto& [k, x] : c.foreign) {
        const Domain* d = domain::peek(DomId{static_cast<u16>(k >> 48)});
        if (d && d->is_dying()) continue;   // its grants go first, its tables follow
        if (x.readable > 0 || x.writable > 0)
            wrong.add("foreign-mapping", "d%u maps frame %llu of another domain %d times more (%d writable) than grants allow",
                      static_cast<unsigned>(k >> 48), static_cast<unsigned long long>(k & 0xffffffffffff), x.readable + x.writable, x.writable);
    }
}

}  // namespace xen::census
