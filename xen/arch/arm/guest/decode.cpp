// SPDX-License-Identifier: MIT
#include "arch/arm/guest/decode.hpp"

namespace xen::guest {
namespace {

constexpr u32 bits(u32 v, unsigned high, unsigned low) { return v >> low & ((u32{1} << (high - low + 1)) - 1); }
constexpr s32 signed_bits(u32 v, unsigned high, unsigned low) {
    unsigned width = high - low + 1;
    return static_cast<s32>(bits(v, high, low) << (32 - width)) >> (32 - width);
}

// size in 31:30, opc in 23:22: store, load, load signed to 64 bits, load signed to 32 bits (C6.2 LDRB to STUR).
bool set_kind(Transfer& t, u32 i) {
    u32 size = bits(i, 31, 30), opc = bits(i, 23, 22);
    if (opc >= 2 && size + opc >= 5) return false;   // prefetches and what is unallocated
    t.bytes = static_cast<u8>(1u << size);
    t.write = opc == 0;
    t.sign_extends = opc >= 2;
    t.wide = opc == 2 || (opc == 1 && size == 3);
    return true;
}

// "Load/store register" in its immediate, unscaled, unprivileged and register-offset forms.
Maybe<Transfer> single(u32 i) {
    Transfer t;
    if (!set_kind(t, i)) return nothing;
    t.rt = static_cast<u8>(bits(i, 4, 0));
    t.rn = static_cast<u8>(bits(i, 9, 5));
    if (bits(i, 24, 24)) return t;                   // unsigned offset
    if (bits(i, 21, 21)) {
        if (bits(i, 11, 10) != 2) return nothing;    // atomics, and loads with authentication
        return t;
    }
    u32 form = bits(i, 11, 10);                      // 0 unscaled, 1 post, 2 unprivileged, 3 pre
    t.write_back = form == 1 || form == 3;
    if (t.write_back) t.offset = signed_bits(i, 20, 12);
    return t;
}

// "Load/store register pair": opc in 31:30 0 (32 bits), 1 (LDPSW), 2 (64 bits).
Maybe<Transfer> pair(u32 i) {
    u32 opc = bits(i, 31, 30), form = bits(i, 24, 23);   // 0 no-allocate, 1 post, 2 offset, 3 pre
    bool load = bits(i, 22, 22);
    if (opc == 3 || (opc == 1 && (!load || form == 0))) return nothing;
    Transfer t;
    t.bytes = opc == 2 ? 8 : 4;
    t.write = !load;
    t.sign_extends = opc == 1;
    t.wide = opc != 0;
    t.rt = static_cast<u8>(bits(i, 4, 0));
    t.rt2 = static_cast<u8>(bits(i, 14, 10));
    t.rn = static_cast<u8>(bits(i, 9, 5));
    t.write_back = form == 1 || form == 3;
    if (t.write_back) t.offset = signed_bits(i, 21, 15) * t.bytes;
    return t;
}

}  // namespace

Maybe<Transfer> decode_transfer(u32 i) {
    if (bits(i, 26, 26)) return nothing;             // SIMD and floating point
    if (bits(i, 29, 27) == 7 && bits(i, 25, 25) == 0) return single(i);
    if (bits(i, 29, 27) == 5 && bits(i, 25, 25) == 0) return pair(i);
    return nothing;
}

}  // namespace xen::guest
