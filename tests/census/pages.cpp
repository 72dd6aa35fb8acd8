// SPDX-License-Identifier: MIT
// The frame table against the uses that were found.
#include <xen/memory.hpp>

#include "count.hpp"

namespace xen::census {
namespace {

int owner_id(const PageInfo& p) {
    const Domain* d = p.owner();
    return d ? d->id.raw() : -1;
}

const char* name_of(PageType t) {
    constexpr const char* kNames[] = {"untyped", "L1", "L2", "L3", "L4", "descriptors", "writable", "shared"};
    return static_cast<unsigned>(t) < 8 ? kNames[static_cast<unsigned>(t)] : "no type";
}

// What the uses that were found make of the frame.
PageType kind_of(const Found& x) {
    if (x.writable) return PageType::writable;
    if (x.descriptors) return PageType::seg_desc;
    return static_cast<PageType>(__builtin_ctz(x.levels));
}

void check_kind(const PageInfo& p, const Found& x, Findings& wrong) {
    unsigned f = static_cast<unsigned>(p.mfn().raw());
    int d = owner_id(p);
    if (x.writable && x.tables) wrong.add("writable-table", "frame %u of d%d is a page table and mapped writable %u times", f, d, x.writable);
    if (x.writable && x.descriptors)
        wrong.add("writable-descriptors", "frame %u of d%d holds descriptors and is mapped writable %u times", f, d, x.writable);
    if ((x.levels & (x.levels - 1)) || (x.tables && x.descriptors))
        wrong.add("one-type", "frame %u of d%d is a table of several kinds (levels %#x)", f, d, x.levels);
    if (x.uses() && kind_of(x) != p.page_type())
        wrong.add("type", "frame %u of d%d is in use as %s, its type is %s", f, d, name_of(kind_of(x)), name_of(p.page_type()));
}

void check_state(const PageInfo& p, Findings& wrong) {
    u64 word = p.type.load();
    unsigned f = static_cast<unsigned>(p.mfn().raw());
    u64 uses = word & PageInfo::kTypeCountMask;
    bool validated = word & PageInfo::kValidated, partial = word & PageInfo::kPartial;
    if (uses && !validated && !partial) wrong.add("validated", "frame %u is in use as %s without having been validated", f, name_of(type_of(word)));
    if (partial && (validated || uses != 1 || !is_table(type_of(word))))
        wrong.add("partial", "frame %u is half done as %s with %llu uses", f, name_of(type_of(word)), static_cast<unsigned long long>(uses));
    if ((word & PageInfo::kPinned) && (partial || !uses)) wrong.add("pinned", "frame %u is pinned without being a valid table", f);
    if (word & PageInfo::kPageLocked) wrong.add("page-locked", "frame %u is locked after the operation", f);
}

}  // namespace

void check_pages(const Uses& uses, Findings& wrong) {
    for (Mfn f{0}; f < max_frame; ++f) {
        const PageInfo& p = page_of(f);
        const Found& x = uses[f.raw()];
        if (!p.owner_index || !p.references()) {
            if (x.references) wrong.add("free-in-use", "frame %u is nobody's and referred to %u times", static_cast<unsigned>(f.raw()), x.references);
            continue;
        }
        if (p.references() != x.references)
            wrong.add("page-references", "frame %u of d%d: %u counted, %u found", static_cast<unsigned>(f.raw()), owner_id(p),
                      static_cast<unsigned>(p.references()), x.references);
        if (p.type_uses() != x.uses())
            wrong.add("type-uses", "frame %u of d%d as %s: %u counted, %u found", static_cast<unsigned>(f.raw()), owner_id(p),
                      name_of(p.page_type()), static_cast<unsigned>(p.type_uses()), x.uses());
        check_kind(p, x, wrong);
        check_state(p, wrong);
    }
}

}  // namespace xen::census
