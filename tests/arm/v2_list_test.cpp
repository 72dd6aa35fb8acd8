// SPDX-License-Identifier: MIT
// List registers of a GICv2 (IHI 0048 5.3.9) from and to the layout of a GICv3 (IHI 0069 12.4.5), by the manuals' fields.
#include <catch2/catch.hpp>

#include "arch/arm/guest/vgic/irq.hpp"
#include "drivers/gic/v2_list.hpp"

using namespace xen;
namespace list = vgic::list;

namespace {

// GICH_LR<n>: VirtualID 9:0, PhysicalID 19:10 (a software interrupt's: CPUID 12:10, EOI 19), Priority 27:23, State 29:28, HW 31.
u32 v2_of(unsigned id, u32 second, unsigned priority, u32 state, bool hardware) {
    return id | second << 10 | (priority >> 3) << 23 | state << 28 | u32{hardware} << 31;
}
u64 v3_of(unsigned id, u64 second, unsigned priority, u64 state, bool hardware) {
    return id | second << 32 | u64{priority} << list::kPriorityShift | state << 62 | (hardware ? list::kHardware : 0);
}
constexpr u64 kKept = ~list::kGroup1;       // a GICv2's guest has no groups

}  // namespace

TEST_CASE("a GICv2's list register says what a GICv3's does") {
    for (unsigned id : {0u, 15u, 16u, 27u, 32u, 511u, 1019u})
        for (unsigned priority = 0; priority < 256; priority += 8)
            for (unsigned state = 0; state < 4; ++state) {
                CHECK(gic::v2::from_v3(v3_of(id, id, priority, state, true)) == v2_of(id, id, priority, state, true));
                CHECK((gic::v2::to_v3(v2_of(id, id, priority, state, true)) & kKept) == v3_of(id, id, priority, state, true));
            }
}

TEST_CASE("the sender of a GICv2's SGI and the wish to hear of its end are kept") {
    for (unsigned sender = 0; sender < 8; ++sender)
        for (bool end : {false, true}) {
            u64 v3 = v3_of(5, sender, 0xa0, 1, false) | (end ? list::kEndRequest : 0);
            u32 v2 = v2_of(5, sender | u32{end} << 9, 0xa0, 1, false);
            CHECK(gic::v2::from_v3(v3) == v2);
            CHECK((gic::v2::to_v3(v2) & kKept) == v3);
        }
}
