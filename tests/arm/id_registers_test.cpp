// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>

#include "arch/arm/guest/id_registers.hpp"

using namespace xen;
using guest::visible_id_register;

namespace {
unsigned field(u64 v, unsigned low) { return v >> low & 15; }
constexpr u64 kOnes = 0x1111111111111111;
}  // namespace

TEST_CASE("what is not virtualised is not there") {
    u64 pfr0 = visible_id_register(4, 0, 0x2222222222222222, true);
    CHECK(field(pfr0, 0) == 2);     // EL0 as it is
    CHECK(field(pfr0, 4) == 1);     // EL1 is AArch64 only
    CHECK(field(pfr0, 8) == 0);     // no EL2
    CHECK(field(pfr0, 32) == 0);    // no SVE
    CHECK(field(pfr0, 28) == 0);    // no RAS
    CHECK(field(pfr0, 24) == 1);    // the GIC's registers
    CHECK(field(pfr0, 56) == 1);    // CSV2 without SCXTNUM
    CHECK(field(visible_id_register(4, 0, kOnes, false), 24) == 0);
    CHECK(field(visible_id_register(5, 0, kOnes, true), 8) == 0);                     // no PMU
    u64 isar1 = visible_id_register(6, 1, kOnes, true);
    for (unsigned low : {4, 8, 24, 28}) CHECK(field(isar1, low) == 0);                // no pointer authentication
    CHECK(field(isar1, 0) == 1);
    CHECK(visible_id_register(4, 4, ~u64{0}, true) == 0);                             // no SVE features
    CHECK(visible_id_register(7, 7, ~u64{0}, true) == 0);                             // unallocated
}

TEST_CASE("an absent feature never appears") {
    for (unsigned crm = 1; crm < 8; ++crm)
        for (unsigned op2 = 0; op2 < 8; ++op2) {
            u64 v = visible_id_register(crm, op2, 0, false);
            if (crm == 4 && op2 == 0) CHECK(v == 0x10);
            else if (crm == 5 && op2 == 0) CHECK(v == 0x000000f000101000);
            else CHECK(v == 0);
        }
}
