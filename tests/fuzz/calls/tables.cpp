// SPDX-License-Identifier: MIT
// Page tables of PV guests, and descriptor tables.
#include <asm/mm.hpp>

#include "world.hpp"

namespace xen::fuzz {
namespace {

u16 foreign(Caller& c) { return c.in.below(4) ? u16{DOMID_SELF} : c.dom(); }

void fill(Caller& c, mmuext_op_t& op) {
    op.cmd = c.in.one_in(16) ? c.in.below(24) : c.in.one_in(2) ? c.in.below(6) : c.in.below(19);
    switch (op.cmd) {
    case MMUEXT_INVLPG_LOCAL:
    case MMUEXT_INVLPG_MULTI:
    case MMUEXT_INVLPG_ALL: op.arg1.linear_addr = c.va(); break;
    case MMUEXT_SET_LDT: op.arg1.linear_addr = c.va() & ~u64{c.in.one_in(8) ? 0u : 4095u}; break;
    default: op.arg1.mfn = op.cmd == MMUEXT_NEW_USER_BASEPTR && c.in.one_in(3) ? 0 : c.frame(); break;
    }
    switch (op.cmd) {
    case MMUEXT_TLB_FLUSH_MULTI:
    case MMUEXT_INVLPG_MULTI: {
        auto* mask = c.make<u64>(2);
        mask[0] = c.in.take<u8>();
        op.arg2.vcpumask.p = c.pointer(mask);
        break;
    }
    case MMUEXT_SET_LDT: op.arg2.nr_ents = c.in.one_in(8) ? c.in.take<u32>() : c.in.below(9000); break;
    case MMUEXT_COPY_PAGE: op.arg2.src_mfn = c.frame(); break;
    default: break;
    }
}

void fill(Caller& c, mmu_update_t& op) {
    op.ptr = c.entry() | (c.in.one_in(4) ? c.in.below(8) : 0);
    op.val = (op.ptr & 7) == MMU_MACHPHYS_UPDATE ? c.number() : c.pte();
}

template <class Op>
void list(Caller& c, u32 number) {
    unsigned n = c.in.one_in(4) ? c.in.below(40) : 1 + c.in.below(3);
    Op* ops = c.make<Op>(n + 1);
    for (unsigned i = 0; i < n; ++i) fill(c, ops[i]);
    u32 who = foreign(c);
    if (c.in.one_in(8)) who |= static_cast<u32>(c.other() + 1) << 16;
    c.call(number, c.pointer(ops), c.in.one_in(64) ? c.in.take<u32>() : n, c.in.one_in(2) ? nullptr : c.pointer(c.make<u32>()), who);
}

u64 flush_flags(Caller& c) {
    if (c.in.one_in(8)) {
        auto* mask = c.make<u64>();
        *mask = c.in.take<u8>();
        return reinterpret_cast<u64>(mask) | c.in.below(3);
    }
    return c.in.one_in(16) ? c.in.take<u64>() : c.in.below(12);
}

u64 descriptor(Caller& c) {
    if (c.in.one_in(4)) return c.in.take<u64>();
    constexpr u64 kSome[] = {0, 0x00affa000000ffff, 0x00cff2000000ffff, 0x00cf9a000000ffff, 0x0000ec0000e00000, 0x0000890000000067};
    return c.in.of(kSome) ^ (u64{c.in.one_in(4)} << c.in.below(64));
}

// A page of the caller's that is its own to write, or nullptr.
u64* own_words(Caller& c) {
    Mfn f{c.frame_of(c.domain())};
    if (f.raw() < 256) return nullptr;
    PageInfo& p = page_of(f);
    if (p.owner() != &c.domain() || (p.type_uses() && p.page_type() != PageType::writable)) return nullptr;
    return static_cast<u64*>(arch::direct_map(f));
}

constexpr Operation kOperations[] = {
    [](Caller& c) { list<mmu_update_t>(c, __HYPERVISOR_mmu_update); },
    [](Caller& c) { list<mmu_update_t>(c, __HYPERVISOR_mmu_update); },
    [](Caller& c) { list<mmuext_op_t>(c, __HYPERVISOR_mmuext_op); },
    [](Caller& c) { list<mmuext_op_t>(c, __HYPERVISOR_mmuext_op); },
    [](Caller& c) { c.call(__HYPERVISOR_update_va_mapping, c.va(), c.pte(), flush_flags(c)); },
    [](Caller& c) { c.call(__HYPERVISOR_update_va_mapping_otherdomain, c.va(), c.pte(), flush_flags(c), c.dom()); },
    [](Caller& c) {   // pin from the top, which makes the rest reachable
        u32 n = c.domain().page_list;
        unsigned skip = 0;
        while (n && frame_table[n].next && skip++ < 300) n = frame_table[n].next;   // the first page that it got
        auto* op = c.make<mmuext_op_t>();
        op->cmd = c.in.below(2) ? MMUEXT_PIN_L4_TABLE : MMUEXT_NEW_BASEPTR;
        op->arg1.mfn = n;
        c.call(__HYPERVISOR_mmuext_op, op, 1, 0, DOMID_SELF);
    },
    [](Caller& c) {
        unsigned n = c.in.below(17);
        auto* frames = c.make<xen_ulong_t>(16);
        for (unsigned i = 0; i < 16; ++i) frames[i] = c.frame();
        c.call(__HYPERVISOR_set_gdt, c.pointer(frames), c.in.one_in(16) ? c.in.take<u32>() : n * 512);
    },
    [](Caller& c) { c.call(__HYPERVISOR_update_descriptor, (c.frame() << kPageShift) + 8 * c.in.below(512), descriptor(c)); },
    [](Caller& c) {   // descriptors or entries in it
        u64* words = own_words(c);
        if (!words) return;
        unsigned at = c.in.below(512), kind = c.in.below(4);
        for (unsigned n = c.in.below(4); n <= 4; ++n, ++at)
            words[at % 512] = kind == 0 ? descriptor(c) : kind == 1 ? c.number() : c.pte();
    },
    [](Caller& c) {   // one entry, many times
        u64* words = own_words(c);
        if (!words) return;
        u64 entry = c.pte();
        unsigned first = c.in.below(512), n = c.in.one_in(2) ? 512 : c.in.below(64);
        for (unsigned i = first; i < first + n; ++i)
            if (i % 512 < arch::kFirstXenSlot || i % 512 > arch::kLastXenSlot) words[i % 512] = entry;
    },
};

}  // namespace

Operations table_operations() { return kOperations; }

}  // namespace xen::fuzz
