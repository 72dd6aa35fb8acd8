// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>

#include "arch/x86/platform/nmi.hpp"

using namespace xen;
using namespace xen::platform;

TEST_CASE("option nmi") {
    CHECK(*nmi_policy("ignore") == NmiPolicy::ignore);
    CHECK(*nmi_policy("dom0") == NmiPolicy::dom0);
    CHECK(*nmi_policy("fatal") == NmiPolicy::fatal);
    CHECK_FALSE(nmi_policy("dom"));
    CHECK_FALSE(nmi_policy(""));
}

TEST_CASE("port 0x61 names the reasons of an NMI, and is told that they were seen") {
    CHECK(nmi_reasons(0x00) == XEN_NMIREASON_unknown);
    CHECK(nmi_reasons(0x2f) == XEN_NMIREASON_unknown);
    CHECK(nmi_reasons(0x80) == XEN_NMIREASON_pci_serr);
    CHECK(nmi_reasons(0x40) == XEN_NMIREASON_io_error);
    CHECK(nmi_reasons(0xc1) == (XEN_NMIREASON_pci_serr | XEN_NMIREASON_io_error));
    // The upper half is read-only; the speaker's bits stay.
    CHECK(nmi_acknowledge(0x83) == 0x07);
    CHECK(nmi_acknowledge(0x41) == 0x09);
    CHECK(nmi_acknowledge(0xf0) == 0x0c);
}

TEST_CASE("a CPU whose heart beats is never stuck") {
    Pulse p;
    for (u32 beat = 1; beat < 50; ++beat)
        for (unsigned look = 0; look < 18; ++look) REQUIRE_FALSE(p.stuck(beat, 18));
}

TEST_CASE("a CPU whose heart stands still is stuck after the limit, not before") {
    Pulse p;
    CHECK_FALSE(p.stuck(7, 90));
    for (unsigned look = 0; look < 90; ++look) REQUIRE_FALSE(p.stuck(7, 90));
    CHECK(p.stuck(7, 90));
    CHECK_FALSE(p.stuck(8, 90));      // it beats again
    CHECK_FALSE(p.stuck(8, 90));
}

TEST_CASE("beats may wrap, and a CPU that comes back starts anew") {
    Pulse p;
    p.restart(~u32{0});
    for (unsigned look = 0; look < 18; ++look) CHECK_FALSE(p.stuck(~u32{0}, 18));
    CHECK_FALSE(p.stuck(0, 18));
    for (unsigned look = 0; look < 18; ++look) CHECK_FALSE(p.stuck(0, 18));
    p.restart(0);
    for (unsigned look = 0; look < 18; ++look) CHECK_FALSE(p.stuck(0, 18));
    CHECK(p.stuck(0, 18));
}
