// SPDX-License-Identifier: MIT
// The instruction words are what GNU as gives for the text beside them.
#include <catch2/catch.hpp>

#include "arch/arm/guest/decode.hpp"

using namespace xen;
using guest::decode_transfer;

TEST_CASE("loads and stores with write-back are decoded") {
    auto t = decode_transfer(0xb8404420);   // ldr w0, [x1], #4
    REQUIRE(t);
    CHECK((t->bytes == 4 && !t->write && !t->wide && t->rt == 0 && t->rn == 1 && t->write_back && t->offset == 4));
    t = decode_transfer(0xf81f8c62);        // str x2, [x3, #-8]!
    REQUIRE(t);
    CHECK((t->bytes == 8 && t->write && t->rt == 2 && t->rn == 3 && t->write_back && t->offset == -8));
    t = decode_transfer(0x38801424);        // ldrsb x4, [x1], #1
    REQUIRE(t);
    CHECK((t->bytes == 1 && t->sign_extends && t->wide && t->offset == 1));
    t = decode_transfer(0xb9400be5);        // ldr w5, [sp, #8]
    REQUIRE(t);
    CHECK((t->bytes == 4 && t->rn == 31 && !t->write_back));
}

TEST_CASE("pairs are decoded") {
    auto t = decode_transfer(0xa8c107e0);   // ldp x0, x1, [sp], #16
    REQUIRE(t);
    CHECK((t->is_pair() && t->bytes == 8 && t->rt == 0 && t->rt2 == 1 && t->rn == 31 && t->write_back && t->offset == 16));
    t = decode_transfer(0x293f0c82);        // stp w2, w3, [x4, #-8]
    REQUIRE(t);
    CHECK((t->is_pair() && t->bytes == 4 && t->write && !t->write_back));
    t = decode_transfer(0x69400440);        // ldpsw x0, x1, [x2]
    REQUIRE(t);
    CHECK((t->sign_extends && t->wide && t->bytes == 4));
}

TEST_CASE("what no device takes is refused") {
    for (u32 i : {0xb8204020u,     // SIMD or atomic forms: ldsmin, below
                  0x3dc00020u,     // ldr q0, [x1]
                  0xad400420u,     // ldp q0, q1, [x1]
                  0x885f7c20u,     // ldxr w0, [x1]
                  0xf8200020u,     // ldadd x0, x0, [x1]
                  0xf9800020u,     // prfm pldl1keep, [x1]
                  0xd503201fu,     // nop
                  0x00000000u})
        CHECK_FALSE(decode_transfer(i));
}
