// SPDX-License-Identifier: MIT
// XENVER_build_id. The simulated hypervisor has one: the linker's note between two symbols, as in the real one.
#include <public/version.h>

#include <cstring>

#include "control_calls.hpp"

asm(R"(
    .pushsection .rodata.build_id, "a"
    .balign 4
    .globl build_id_start, build_id_end
build_id_start:
    .long 4, 20, 3
    .asciz "GNU"
    .ascii "0123456789abcdefghij"
build_id_end:
    .popsection
)");

using namespace xen;
using namespace xen::sim;

TEST_CASE("the build id is told to who has room for all of it") {
    Toolstack t;
    struct {
        u32 length;
        char text[32];
    } id{};
    auto ask = [&](u32 room) {
        id.length = room;
        std::memset(id.text, 'x', sizeof id.text);
        return sim::hypercall(__HYPERVISOR_xen_version, XENVER_build_id, address(id));
    };
    CHECK(sim::hypercall(__HYPERVISOR_xen_version, XENVER_build_id, 0) == 20);
    CHECK(ask(0) == -EINVAL);
    CHECK(ask(19) == -ENOBUFS);
    CHECK(id.text[0] == 'x');
    for (u32 room : {20u, 32u}) {
        CHECK(ask(room) == 20);
        CHECK(std::memcmp(id.text, "0123456789abcdefghijx", 21) == 0);
    }
    arch::set_current_vcpu(t.guest.vcpus[0]);
    CHECK(ask(32) == -EPERM);
    arch::set_current_vcpu(t.control.vcpus[0]);
}
