// SPDX-License-Identifier: MIT
// The per-domain top-level slot: one L3 and one L2 for each domain, an L1 for each 16 vCPUs. Pages of the
// hypervisor's own, in no PageInfo type. They come with the first need, so that a domain which nobody has filled yet
// goes without: the upper two with its first root, an L1 with the first context of one of its vCPUs.
#include <asm/mm.hpp>
#include <xen/memory.hpp>

#include "lib/string.hpp"

namespace xen::mm {
namespace {

constexpr u64 kTableFlags = Pte::kPresent | Pte::kWrite | Pte::kAccessed | Pte::kDirty;

Pte* new_table() {
    void* page = memory::allocate_heap_pages(Order{0});
    if (page) memset(page, 0, kPageSize);
    return static_cast<Pte*>(page);
}

// A page of zeroes that all domains share; it lives as long as the hypervisor.
Mfn blank{};

Status make_blank() {
    if (blank != Mfn{}) return {};
    void* page = new_table();
    if (!page) return Errno::nomem;
    blank = arch::direct_map_mfn(page);
    return {};
}

Pte* table_at(Pte e) { return static_cast<Pte*>(arch::direct_map(e.mfn())); }

}  // namespace

Pte empty_descriptors() { return Pte::make(blank, Pte::kPresent | Pte::kAccessed | Pte::kNoExecute); }

namespace {

void link(Pte* slot, const Pte* table) { store_pte(slot, Pte::make(arch::direct_map_mfn(table), kTableFlags)); }

constexpr unsigned kVcpusOfTable = arch::kEntries / (arch::kGdtPages + arch::kLdtPages);

// An L1 whose vCPUs have no descriptors yet.
Pte* new_slots() {
    Pte* table = new_table();
    if (!table) return nullptr;
    for (unsigned v = 0; v < kVcpusOfTable; ++v)
        for (unsigned i = 0; i < arch::kGuestGdtPages; ++i)
            store_pte(&table[v * (arch::kGdtPages + arch::kLdtPages) + i], empty_descriptors());
    return table;
}

Pte* root_of(const Domain& d) { return reinterpret_cast<Pte*>(d.arch.perdomain_l3); }

}  // namespace

Status init_perdomain(Domain& d) {
    if (d.arch.perdomain_l3) return {};
    TRY(make_blank());
    Pte* l3 = new_table();
    Pte* l2 = l3 ? new_table() : nullptr;
    if (!l2) {
        memory::free_heap_pages(l3, Order{0});
        return Errno::nomem;
    }
    link(&l3[0], l2);
    d.arch.perdomain_l3_pa = arch::direct_map_paddr(l3).raw();
    d.arch.perdomain_l3 = reinterpret_cast<u64*>(l3);
    return {};
}

Status init_perdomain_vcpu(Vcpu& v) {
    u64 gdt = arch::gdt_address(v.id.raw());
    if (perdomain_slot(*v.domain, gdt)) return {};
    TRY(init_perdomain(*v.domain));
    Pte* l1 = new_slots();
    if (!l1) return Errno::nomem;
    link(&table_at(root_of(*v.domain)[0])[arch::index_of(gdt, 2)], l1);
    return {};
}

Pte* perdomain_slot(const Domain& d, u64 address) {
    if (!d.arch.perdomain_l3) return nullptr;
    Pte* l2 = table_at(root_of(d)[0]);
    Pte e = l2[arch::index_of(address, 2)];
    return e.present() ? &table_at(e)[arch::index_of(address, 1)] : nullptr;
}

void free_perdomain(Domain& d) {
    Pte* l3 = root_of(d);
    if (!l3) return;
    if (l3[0].present()) {
        Pte* l2 = table_at(l3[0]);
        for (unsigned i = 0; i < arch::kEntries; ++i)
            if (l2[i].present()) memory::free_heap_pages(table_at(l2[i]), Order{0});
        memory::free_heap_pages(l2, Order{0});
    }
    memory::free_heap_pages(l3, Order{0});
    d.arch.perdomain_l3 = nullptr;
}

}  // namespace xen::mm
