// SPDX-License-Identifier: MIT
#include "arch/x86/pv_build/tables.hpp"

#include <asm/mm.hpp>
#include <xen/assert.hpp>

#include "lib/string.hpp"

namespace xen::pv_build {
namespace {

using arch::Pte;

constexpr u64 kTable = Pte::kPresent | Pte::kWrite | Pte::kUser | Pte::kAccessed | Pte::kDirty;
constexpr u64 kLeaf = Pte::kPresent | Pte::kWrite | Pte::kAccessed | Pte::kDirty;

// Maps single pages below one root; new tables are the pseudo-physical frames from `next` on.
class Builder {
public:
    Builder(const Frames& frames, Mfn root, u64 next, u64 end) : frames_{frames}, root_{root}, next_{next}, end_{end} {}

    void map(u64 va, Mfn frame, bool writable) {
        Mfn table = root_;
        for (unsigned level = 4; level > 1; --level) table = below(table, arch::index_of(va, level));
        MappedPage<Pte> leaf{table};
        leaf[arch::index_of(va, 1)] = Pte::make(frame, writable ? kLeaf : kLeaf & ~Pte::kWrite);
    }

private:
    Mfn below(Mfn table, unsigned index) {
        MappedPage<Pte> map{table};
        if (!map[index].present()) {
            bug_if(next_ == end_);
            map[index] = Pte::make(new_table(frames_, next_++), kTable);
        }
        return map[index].mfn();
    }

public:
    static Mfn new_table(const Frames& frames, u64 pfn) {
        Mfn f = frames.at(pfn);
        memset(MappedPage<u8>{f}.get(), 0, kPageSize);
        return f;
    }

private:
    const Frames& frames_;
    Mfn root_;
    u64 next_, end_;
};

}  // namespace

P2mFrames p2m_frames(const Plan& plan) {
    P2mFrames p;
    if (!plan.p2m_apart) return p;
    p.list_pages = pages_for(plan.p2m_end - plan.p2m);
    p.table_pages = tables_for(plan.p2m, plan.p2m_end, 2) + tables_for(plan.p2m, plan.p2m_end, 3) +
                    tables_for(plan.p2m, plan.p2m_end, 4);
    return p;
}

Status build_tables(const Frames& frames, const Plan& plan, const P2mFrames& p2m) {
    u64 first = plan.pfn_of(plan.page_tables);
    u64 last = first + plan.page_table_count;
    Mfn root = Builder::new_table(frames, first);
    Builder main{frames, root, first + 1, last};
    for (u64 pfn = 0; pfn < plan.mapped_pages(); ++pfn)
        main.map(plan.va_of_pfn(pfn), frames.at(pfn), pfn < first || pfn >= last);

    u64 tables = p2m.first_pfn + p2m.list_pages;
    Builder list{frames, root, tables, tables + p2m.table_pages};
    for (u64 i = 0; i < p2m.list_pages; ++i) list.map(plan.p2m + i * kPageSize, frames.at(p2m.first_pfn + i), true);
    return {};
}

void write_p2m(const Frames& frames, const Plan& plan, const P2mFrames& p2m) {
    u64 list_pfn = plan.p2m_apart ? p2m.first_pfn : plan.pfn_of(plan.p2m);
    constexpr u64 kPerPage = kPageSize / sizeof(u64);
    frames.for_each([&](u64 pfn, Mfn f) {
        mm::set_m2p(f, pfn);
        MappedPage<u64> page{frames.at(list_pfn + pfn / kPerPage)};
        page[pfn % kPerPage] = f.raw();
    });
}

}  // namespace xen::pv_build
