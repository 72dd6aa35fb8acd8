// SPDX-License-Identifier: MIT
// Kernel images of arm64, and what is none.
#include <catch2/catch.hpp>

#include <cstring>
#include <string>
#include <vector>

#include "arch/arm/guest_build/kernel.hpp"
#include "log.hpp"

using namespace xen;
using namespace xen::guest_build;

namespace {

std::vector<u8> image(u64 text_offset, u64 bytes) {
    std::vector<u8> file(4096);
    std::memcpy(&file[8], &text_offset, 8);
    std::memcpy(&file[16], &bytes, 8);
    std::memcpy(&file[56], "ARMd", 4);
    return file;
}

std::string refusal(std::vector<u8> file) {
    arm_test::log_lines().clear();
    REQUIRE(parse_kernel(Bytes{file.data(), file.size()}, "d1").error() == Errno::noexec);
    REQUIRE(arm_test::log_lines().size() == 1);
    return arm_test::log_lines()[0];
}

std::vector<u8> with(std::vector<u8> start) {
    start.resize(4096);
    return start;
}

}  // namespace

TEST_CASE("a kernel image tells where it wants to be, an old one does not tell its size") {
    auto file = image(0x80000, 0x200000);
    auto k = parse_kernel(Bytes{file.data(), file.size()}, "d1");
    REQUIRE(k.ok());
    CHECK(k.value().text_offset == 0x80000);
    CHECK(k.value().bytes == 0x200000);
    auto old = image(0, 0);
    auto o = parse_kernel(Bytes{old.data(), old.size()}, "d1");
    REQUIRE(o.ok());
    CHECK(o.value().text_offset == 0x80000);
    CHECK(o.value().bytes == 4096 + (16 << 20));
}

TEST_CASE("a kernel that is no image is refused by what it is") {
    using Catch::Matchers::Contains;
    CHECK_THAT(refusal(with({0xfd, '7', 'z', 'X', 'Z', 0})), Contains("d1's kernel is packed with xz: only one that is packed with gzip"));
    CHECK_THAT(refusal(with({0x28, 0xb5, 0x2f, 0xfd})), Contains("packed with zstd"));
    CHECK_THAT(refusal(with({'M', 'Z'})), Contains("d1's kernel is no little-endian arm64 Image"));
    CHECK_THAT(refusal({1, 2, 3}), Contains("has 3 bytes"));
    auto big = image(0, 4096);
    big[24] = 1;
    CHECK_THAT(refusal(big), Contains("no little-endian"));
}
