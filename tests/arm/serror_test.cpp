// SPDX-License-Identifier: MIT
#include <asm/serror.hpp>

#include <catch2/catch.hpp>

using namespace xen;
using namespace xen::guest;

namespace {
constexpr u64 kAsynchronous = 0x11, kOwnEncoding = u64{1} << 24;
constexpr u64 syndrome(u64 severity) { return u64{0x2f} << 26 | severity << 10 | kAsynchronous; }
}  // namespace

TEST_CASE("an SError's severity is what the processor says of it") {
    CHECK(harm_of(syndrome(0)) == Harm::uncontained);
    CHECK(harm_of(syndrome(1)) == Harm::contained);
    CHECK(harm_of(syndrome(2)) == Harm::none);
    CHECK(harm_of(syndrome(3)) == Harm::contained);
    CHECK(harm_of(syndrome(6)) == Harm::none);
    for (u64 reserved : {4, 5, 7}) CHECK(harm_of(syndrome(reserved)) == Harm::uncontained);
    CHECK(harm_of(syndrome(6) | kOwnEncoding) == Harm::unknown);
    CHECK(harm_of(syndrome(6) & ~u64{0x3f}) == Harm::unknown);   // uncategorised
}

TEST_CASE("a guest is told of its own losses, and the hypervisor stops at any of its own") {
    for (Harm h : {Harm::none, Harm::contained, Harm::unknown, Harm::uncontained}) {
        SerrorAction guests = action_for(h, true), own = action_for(h, false);
        if (h == Harm::none) {
            CHECK(guests == SerrorAction::go_on);
            CHECK(own == SerrorAction::go_on);
            continue;
        }
        CHECK(guests == (h == Harm::uncontained ? SerrorAction::panic : SerrorAction::tell_guest));
        CHECK(own == SerrorAction::panic);
    }
}
