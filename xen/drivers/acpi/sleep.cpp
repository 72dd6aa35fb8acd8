// SPDX-License-Identifier: MIT
// The sleep types in the byte code of the DSDT: Name (\_S5_, Package {a, b, ...}), found by its pattern (20.2.5.1,
// 20.2.5.4) without an interpreter. Tables that compute it are not understood; the hardware domain brings its values.
#include "drivers/acpi/bytes.hpp"

namespace xen::acpi {
namespace {

constexpr u8 kNameOp = 0x08, kPackageOp = 0x12, kZero = 0x00, kOne = 0x01, kByte = 0x0a, kWord = 0x0b, kDword = 0x0c,
             kOnes = 0xff;
constexpr u8 kRootChar = '\\';

class Cursor {
public:
    Cursor(Bytes b, usize at) : b_{b}, at_{at} {}
    Maybe<u8> next() {
        if (at_ >= b_.size()) return nothing;
        return b_[at_++];
    }
    void skip(usize n) { at_ += n; }

private:
    Bytes b_;
    usize at_;
};

// PkgLength: the top two bits of the first byte say how many follow.
bool skip_package_length(Cursor& c) {
    Maybe<u8> lead = c.next();
    if (!lead) return false;
    c.skip(*lead >> 6);
    return true;
}

// Three bits are all that the register takes; a wider constant has them in its first byte.
Maybe<u8> constant(Cursor& c) {
    Maybe<u8> op = c.next();
    if (!op) return nothing;
    if (*op == kZero || *op == kOne) return *op;
    if (*op == kOnes) return u8{7};
    usize rest = *op == kByte ? 0 : *op == kWord ? 1 : *op == kDword ? 3 : 4;
    if (rest == 4) return nothing;
    Maybe<u8> v = c.next();
    c.skip(rest);
    if (!v) return nothing;
    return static_cast<u8>(*v & 7);
}

Maybe<SleepType> package(Bytes aml, usize at) {
    Cursor c{aml, at};
    Maybe<u8> op = c.next();
    if (!op || *op != kPackageOp || !skip_package_length(c)) return nothing;
    Maybe<u8> elements = c.next();
    if (!elements || *elements == 0) return nothing;
    Maybe<u8> a = constant(c);
    if (!a) return nothing;
    if (*elements == 1) return SleepType{*a, *a};
    Maybe<u8> b = constant(c);
    if (!b) return nothing;
    return SleepType{*a, *b};
}

}  // namespace

Maybe<SleepType> find_sleep_type(Bytes aml, u8 state) {
    const u8 name[4] = {'_', 'S', static_cast<u8>('0' + state), '_'};
    for (usize at = 1; at + 4 < aml.size(); ++at) {
        if (aml[at] != '_' || memcmp(aml.data() + at, name, 4) != 0) continue;
        bool named = aml[at - 1] == kNameOp || (at >= 2 && aml[at - 1] == kRootChar && aml[at - 2] == kNameOp);
        if (!named) continue;
        if (Maybe<SleepType> t = package(aml, at + 4)) return t;
    }
    return nothing;
}

}  // namespace xen::acpi
