// SPDX-License-Identifier: MIT
// The command line: values, negation, quoting, unknown names, what is published.
#include <catch2/catch.hpp>
#include <string>

#include "common/options/table.hpp"

using namespace xen;

namespace {

const option::Values& parsed_from(const char* line) {
    option::parse(line);
    return option::values();
}

std::string text(Str s) { return {s.data(), s.size()}; }

}  // namespace

TEST_CASE("sizes take Xen's suffixes, KiB without one") {
    REQUIRE(parsed_from("conring_size=2M").conring_size == 2 << 20);
    REQUIRE(parsed_from("conring_size=64").conring_size == 64 << 10);
    REQUIRE(parsed_from("conring_size=0x10k").conring_size == 16 << 10);
    REQUIRE(parsed_from("conring_size=banana").conring_size == 1 << 20);
}

TEST_CASE("dom0_mem has a size, a minimum and a maximum, each relative or not") {
    const auto& m = parsed_from("dom0_mem=512M,max:1G,min:-256M").dom0_mem;
    REQUIRE(*m.size == 512u << 20);
    REQUIRE(*m.max == 1u << 30);
    REQUIRE(*m.min == 256u << 20);
    REQUIRE(m.min_relative);
    REQUIRE_FALSE(m.max_relative);
    REQUIRE_FALSE(parsed_from("console=com1").dom0_mem.size);
}

TEST_CASE("vCPU ranges") {
    REQUIRE(parsed_from("dom0_max_vcpus=4").dom0_max_vcpus_max == 4);
    REQUIRE(parsed_from("dom0_max_vcpus=2-").dom0_max_vcpus_min == 2);
    REQUIRE(parsed_from("dom0_max_vcpus=-8").dom0_max_vcpus_max == 8);
    REQUIRE(parsed_from("dom0_max_vcpus=5-3").dom0_max_vcpus_min == 0);
}

TEST_CASE("booleans can be negated and switched off") {
    REQUIRE(parsed_from("watchdog").watchdog);
    REQUIRE_FALSE(parsed_from("watchdog no-watchdog").watchdog);
    REQUIRE_FALSE(parsed_from("smt=off").smt);
    REQUIRE(parsed_from("no-smt smt=1").smt);
}

TEST_CASE("words after -- and unknown words change nothing") {
    REQUIRE_FALSE(parsed_from("placeholder no-real-mode edd=off wtchdog -- watchdog").watchdog);
}

TEST_CASE("the nearest known name is suggested") {
    REQUIRE(text(option::nearest("conring_sise")) == "conring_size");
    REQUIRE(text(option::nearest("dom0mem")) == "dom0_mem");
    REQUIRE(option::nearest("qqqqqqqqqqqqqqqqqqq").empty());
}

TEST_CASE("the effective dom0 memory is published, absolute and once") {
    option::parse("console=com1 dom0_mem=-1G loglvl=all");
    option::publish_dom0_memory(768u << 20, 1024u << 20);
    REQUIRE(text(option::published()) == "console=com1 loglvl=all dom0_mem=768M,max:1024M");
}

TEST_CASE("every option can be shown") {
    option::parse("");
    for (const option::Option& o : option::table()) {
        char value[64];
        REQUIRE(option::show(o, value, sizeof(value)) < sizeof(value));
    }
}
