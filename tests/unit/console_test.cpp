// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>

#include <string>

#include "common/console/input.hpp"
#include "common/console/rate_limit.hpp"
#include "common/console/ring.hpp"
#include "common/console/threshold.hpp"
#include "common/console/timestamp.hpp"

using namespace xen;
using namespace xen::console;

namespace {

std::string text_of(const LogRing& r, u32 from) {
    char b[256];
    u32 n = r.copy(from, b, sizeof b);
    return {b, n};
}

std::string stamp(TimestampMode mode, const Moment& m) {
    char b[64];
    usize n = format_timestamp(b, sizeof b, mode, m);
    return {b, n};
}

}  // namespace

TEST_CASE("the log ring keeps the last characters") {
    char space[16];
    LogRing r{space, 16};
    r.put("0123456789");
    CHECK(text_of(r, r.begin()) == "0123456789");
    r.put("abcdefghij");
    CHECK(text_of(r, r.begin()) == "456789abcdefghij");
    CHECK(r.end() == 20);
}

TEST_CASE("an incremental reader goes on where it stopped, or at the beginning when that is gone") {
    char space[16];
    LogRing r{space, 16};
    r.put("0123456789");
    u32 at = r.start_after(0) + 4;
    CHECK(text_of(r, r.start_after(at)) == "456789");
    r.put("abcdefghijkl");
    CHECK(text_of(r, r.start_after(at)) == "6789abcdefghijkl");
    CHECK(r.start_after(12345) == r.begin());
    r.clear_to(r.end());
    CHECK(text_of(r, r.begin()).empty());
}

TEST_CASE("the log ring's indices wrap") {
    char space[16];
    LogRing r{space, 16};
    std::string big(1 << 20, 'x');
    for (int i = 0; i < 4096; ++i) r.put({big.data(), big.size()});
    CHECK(r.end() == 0);
    CHECK(r.begin() == u32(0) - 16);
    r.put("end");
    CHECK(text_of(r, r.begin()) == "xxxxxxxxxxxxxend");
}

TEST_CASE("the log ring moves to larger and smaller storage") {
    char a[16], b[64], c[8];
    LogRing r{a, 16};
    r.put("0123456789abcdefgh");
    CHECK(r.move_to(b, 64) == a);
    r.put("ijkl");
    CHECK(text_of(r, r.begin()) == "23456789abcdefghijkl");
    CHECK(r.move_to(c, 8) == b);
    CHECK(text_of(r, r.begin()) == "efghijkl");
}

TEST_CASE("log thresholds") {
    CHECK_FALSE(parse_threshold("loud"));
    CHECK_FALSE(parse_threshold("error/"));
    auto t = parse_threshold("error/warning");
    REQUIRE(t);
    CHECK(judge(*t, log::Level::always) == Verdict::print);
    CHECK(judge(*t, log::Level::error) == Verdict::print);
    CHECK(judge(*t, log::Level::warning) == Verdict::limited);
    CHECK(judge(*t, log::Level::info) == Verdict::drop);
    CHECK(judge(*parse_threshold("all"), log::Level::debug) == Verdict::print);
    CHECK(judge(*parse_threshold("none"), log::Level::error) == Verdict::drop);
    CHECK(judge(*parse_threshold("warning/error"), log::Level::warning) == Verdict::print);
}

TEST_CASE("a flood of messages is limited, and starts again after a pause") {
    RateLimit r;
    int printed = 0;
    for (int i = 0; i < 100; ++i) printed += r.allow(Nanos{1000 + i});
    CHECK(printed == 10);
    CHECK(r.take_missed() == 90);
    CHECK(r.take_missed() == 0);
    CHECK_FALSE(r.allow(millis(400)));
    CHECK(r.allow(millis(600)));
    printed = 0;
    for (int i = 0; i < 100; ++i) printed += r.allow(seconds(60));
    CHECK(printed == 10);
}

TEST_CASE("dates") {
    auto text = [](u64 s) {
        Date d = date_of(s);
        char b[64];
        snprintf(b, sizeof b, "%u-%u-%u %u:%u:%u", d.year, d.month, d.day, d.hour, d.minute, d.second);
        return std::string{b};
    };
    CHECK(text(0) == "1970-1-1 0:0:0");
    CHECK(text(951782399) == "2000-2-28 23:59:59");
    CHECK(text(951782400) == "2000-2-29 0:0:0");
    CHECK(text(1709251199) == "2024-2-29 23:59:59");
    CHECK(text(4107542400) == "2100-3-1 0:0:0");
}

TEST_CASE("time stamps of log lines") {
    Moment m{Nanos{1'234'567'890}, 1704067200, 42, 0xabc};
    CHECK(stamp(TimestampMode::none, m).empty());
    CHECK(stamp(TimestampMode::date, m) == "[2024-01-01 00:00:00] ");
    CHECK(stamp(TimestampMode::date_ms, m) == "[2024-01-01 00:00:00.042] ");
    CHECK(stamp(TimestampMode::boot, m) == "[    1.234567] ");
    CHECK(stamp(TimestampMode::raw, m) == "[0000000000000abc] ");
    m.unix_seconds = 0;
    CHECK(stamp(TimestampMode::date, m).empty());
    CHECK(parse_timestamp_mode("") == Maybe{TimestampMode::date});
    CHECK_FALSE(parse_timestamp_mode("sometimes"));
}

TEST_CASE("three switch characters change the receiver, fewer are input") {
    SwitchFilter f{1};
    auto a = f.feed('x');
    CHECK((a.pass && !a.toggle && a.repeats == 0));
    CHECK_FALSE(f.feed(1).pass);
    CHECK_FALSE(f.feed(1).pass);
    auto b = f.feed('y');
    CHECK((b.pass && b.repeats == 2));
    f.feed(1);
    f.feed(1);
    auto c = f.feed(1);
    CHECK((c.toggle && !c.pass));
    SwitchFilter off{0};
    CHECK(off.feed(1).pass);
    CHECK(switch_code("a") == 1);
    CHECK(switch_code("x5") == 24);
    CHECK(switch_code("") == 0);
}

TEST_CASE("levels move one by one between their ends, and read back as the option has them") {
    auto text = [](Threshold t) {
        char b[32];
        return std::string{b, format_threshold(b, sizeof b, t)};
    };
    Threshold t{0, 2};
    CHECK(text(t) == "none/warning");
    CHECK(text(moved(t, -1)) == "none/warning");
    for (const char* expected : {"error/warning", "warning/warning", "info/info", "all/all", "all/all"}) {
        t = moved(t, 1);
        CHECK(text(t) == expected);
        auto parsed = parse_threshold(text(t).c_str());
        REQUIRE(parsed);
        CHECK(parsed->lower == t.lower);
        CHECK(parsed->upper == t.upper);
    }
    CHECK(text(moved(t, -1)) == "info/all");
}

TEST_CASE("time stamp modes have the names that they are given by") {
    for (auto m : {TimestampMode::none, TimestampMode::date, TimestampMode::date_ms, TimestampMode::boot, TimestampMode::raw})
        CHECK(parse_timestamp_mode(name_of(m)) == m);
}
