// SPDX-License-Identifier: MIT
// What weights.hpp is for x86, for A64: the dear instructions, and the guest's marks. ARM DDI 0487 C4.1 has the encodings;
// the weights are orders of magnitude and frozen.
#pragma once
#include "weights.hpp"
#include <cstring>

namespace bench::arm64 {

struct Dear {
    u32 mask, value, weight;
};

// The first that fits counts.
constexpr Dear kDear[] = {
    {0xffffffe0, 0xd50b7420, 0},        // DC ZVA is a store
    {0xfff8f000, 0xd5088000, 150},      // TLBI (SYS, CRn 8)
    {0xfff8fb00, 0xd5087100, 100},      // IC
    {0xfff8f000, 0xd5087000, 30},       // AT, DC
    {0xfffff0ff, 0xd503309f, 30},       // DSB
    {0xfffff0ff, 0xd50330df, 30},       // ISB
    {0xfffff0ff, 0xd50330bf, 10},       // DMB
    {0xffffffff, 0xd69f03e0, 40},       // ERET
    {0xffe0001f, 0xd4000001, 40},       // SVC
    {0xffe0001f, 0xd4000002, 40},       // HVC
    {0xffe0001f, 0xd4000003, 40},       // SMC
    {0xffdff800, 0xd51cc800, 20},       // MRS, MSR of ICC_SRE_EL2, ICH_*
    {0xffdff800, 0xd518c800, 20},       // and of ICC_*
    {0x3fc00000, 0x08000000, 20},       // STXR, STLXR, STXP
    {0x3fa07c00, 0x08a07c00, 20},       // CAS
    {0x3fbffc00, 0x38bfc000, 0},        // LDAPR, a load
    {0x3f200c00, 0x38200000, 20},       // LDADD and its like, SWP
};

inline u32 weight(u32 insn) {
    for (const Dear& dear : kDear)
        if ((insn & dear.mask) == dear.value) return dear.weight;
    return 0;
}

// HINT with a number that means nothing: a NOP (C6.2.92).
inline Mark mark(u32 insn) {
    if ((insn & 0xfffff01f) != 0xd503201f) return Mark::none;
    switch (insn >> 5 & 0x7f) {
    case 0x70: return Mark::begin;
    case 0x71: return Mark::point;
    case 0x72: return Mark::end;
    case 0x73: return Mark::whole_row;
    case 0x74: return Mark::point_row;
    case 0x75: return Mark::bare_row;
    default: return Mark::none;
    }
}

inline Classified classify(const u8* bytes, std::size_t size) {
    u32 insn = 0;
    if (size >= sizeof(insn)) std::memcpy(&insn, bytes, sizeof(insn));
    return {weight(insn), mark(insn), false};
}

} // namespace bench::arm64
