// SPDX-License-Identifier: MIT
// The arithmetic of emulated read-modify-write stores: a result and the flags it leaves (SDM volume 1, 3.4.3.1).
#pragma once

#include "arch/x86/guest/pv/decode.hpp"

namespace xen::pv {

// ADD..CMP: numbers as in opcodes 0x00-0x3f bits 3-5 and in group 1.
enum class Alu : u8 { add, or_, adc, sbb, and_, sub, xor_, cmp, inc, dec, not_, neg, mov, bts, btr, btc };

inline constexpr u64 kCarry = 1 << 0, kParity = 1 << 2, kAdjust = 1 << 4, kZero = 1 << 6, kSign = 1 << 7, kOverflow11 = 1 << 11;
inline constexpr u64 kArithmetic = kCarry | kParity | kAdjust | kZero | kSign | kOverflow11;

struct AluResult {
    u64 value;
    u64 flags;   // rflags with the arithmetic bits replaced
};

namespace detail {

constexpr u64 common_flags(u64 v, unsigned bytes) {
    u64 sign = u64{1} << (8 * bytes - 1);
    bool odd = __builtin_popcountll(v & 0xff) & 1;
    return (v == 0 ? kZero : 0) | (v & sign ? kSign : 0) | (odd ? 0 : kParity);
}

constexpr AluResult sum(u64 a, u64 b, u64 carry, unsigned bytes, u64 rflags) {
    u64 mask = size_mask(bytes), sign = u64{1} << (8 * bytes - 1);
    u64 v = (a + b + carry) & mask;
    bool out = v < a || (carry && v == a);
    bool overflow = (a ^ v) & (b ^ v) & sign;
    u64 f = common_flags(v, bytes) | (out ? kCarry : 0) | (overflow ? kOverflow11 : 0) | ((a ^ b ^ v) & kAdjust);
    return {v, (rflags & ~kArithmetic) | f};
}

constexpr AluResult difference(u64 a, u64 b, u64 borrow, unsigned bytes, u64 rflags) {
    u64 mask = size_mask(bytes), sign = u64{1} << (8 * bytes - 1);
    u64 v = (a - b - borrow) & mask;
    bool out = a < b || (borrow && a == b);
    bool overflow = (a ^ b) & (a ^ v) & sign;
    u64 f = common_flags(v, bytes) | (out ? kCarry : 0) | (overflow ? kOverflow11 : 0) | ((a ^ b ^ v) & kAdjust);
    return {v, (rflags & ~kArithmetic) | f};
}

constexpr AluResult logic(u64 v, unsigned bytes, u64 rflags) {
    return {v, (rflags & ~kArithmetic) | common_flags(v, bytes)};
}

constexpr AluResult bit_op(u64 a, u64 v, u64 bit, u64 rflags) {
    return {v, (rflags & ~kCarry) | (a & bit ? kCarry : 0)};
}

// INC and DEC leave the carry as it was.
constexpr AluResult keep_carry(AluResult r, u64 rflags) { return {r.value, (r.flags & ~kCarry) | (rflags & kCarry)}; }

}  // namespace detail

// a: the destination; b: the source, for bit operations the bit's number within the operand.
constexpr AluResult compute(Alu op, u64 a, u64 b, unsigned bytes, u64 rflags) {
    u64 mask = size_mask(bytes);
    a &= mask;
    u64 bit = u64{1} << (b & (8 * bytes - 1));
    b &= mask;
    u64 carry = rflags & kCarry ? 1 : 0;
    switch (op) {
    case Alu::add: return detail::sum(a, b, 0, bytes, rflags);
    case Alu::adc: return detail::sum(a, b, carry, bytes, rflags);
    case Alu::or_: return detail::logic(a | b, bytes, rflags);
    case Alu::and_: return detail::logic(a & b, bytes, rflags);
    case Alu::xor_: return detail::logic(a ^ b, bytes, rflags);
    case Alu::sub:
    case Alu::cmp: return detail::difference(a, b, 0, bytes, rflags);
    case Alu::sbb: return detail::difference(a, b, carry, bytes, rflags);
    case Alu::inc: return detail::keep_carry(detail::sum(a, 1, 0, bytes, rflags), rflags);
    case Alu::dec: return detail::keep_carry(detail::difference(a, 1, 0, bytes, rflags), rflags);
    case Alu::neg: return detail::difference(0, a, 0, bytes, rflags);
    case Alu::not_: return {~a & mask, rflags};
    case Alu::bts: return detail::bit_op(a, a | bit, bit, rflags);
    case Alu::btr: return detail::bit_op(a, a & ~bit, bit, rflags);
    case Alu::btc: return detail::bit_op(a, a ^ bit, bit, rflags);
    case Alu::mov: break;
    }
    return {b, rflags};
}

static_assert(compute(Alu::and_, 0x67, 0xfd, 1, 0).value == 0x65);
static_assert(compute(Alu::add, 0xff, 1, 1, 0).flags == (kCarry | kZero | kParity | kAdjust));

}  // namespace xen::pv
