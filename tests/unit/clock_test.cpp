// SPDX-License-Identifier: MIT
#include <catch2/catch.hpp>

#include <cmath>

#include "drivers/apic/interval.hpp"
#include "drivers/clock/calibrate.hpp"
#include "drivers/clock/rtc.hpp"
#include "lib/mul_div.hpp"

using namespace xen;
using namespace xen::clock;

namespace {

// A machine whose counter runs at `hz`, and a system clock that believes `khz`, as common/time has it.
class Machine {
public:
    Machine(double hz, u64 khz, u64 ref_hz, u32 mask) : hz_{hz}, khz_{khz}, ref_hz_{ref_hz}, mask_{mask} {}
    void run(double seconds) {
        counter_ += hz_ * seconds;
        true_ns_ += seconds * 1e9;
        system_ += hz_ * seconds / static_cast<double>(khz_) * 1e6;
    }
    void set_frequency(double hz) { hz_ = hz; }
    void stand_still(double seconds) { true_ns_ += seconds * 1e9; }   // the reference goes on
    Refiner::Reading read() const {
        u64 ref = static_cast<u64>(true_ns_ * static_cast<double>(ref_hz_) / 1e9);
        return {static_cast<u64>(counter_), static_cast<u32>(ref) & mask_, static_cast<s64>(system_)};
    }
    double error() const { return true_ns_ - system_; }
    u64 khz() const { return khz_; }
    void refine(Refiner& r, double ahead) {
        if (u64 khz = r.khz_after(read(), khz_, static_cast<s64>(ahead * 1e9))) khz_ = khz;
    }

private:
    double hz_, counter_ = 1e9, true_ns_ = 5e9, system_ = 5e9;
    u64 khz_, ref_hz_;
    u32 mask_;
};

CmosTime bcd(u8 s, u8 m, u8 h, u8 d, u8 mo, u8 y, u8 c) { return {s, m, h, d, mo, y, c, false, true}; }

}  // namespace

TEST_CASE("frequencies from two readings") {
    CHECK(frequency(2'400'000, 3580, 3579545) == 2399694972);
    CHECK(frequency(1, 0, 3579545) == 0);
    CHECK(frequency(~u64{0} / 2, 3'000'000'000, 3'000'000'000) == ~u64{0} / 2);
    CHECK(to_ns(3579545, 3579545) == 1000000000);
    CHECK(to_ns(u64{14318180} * 86400 * 365, 14318180) == s64{86400} * 365 * 1000000000);
}

TEST_CASE("products are divided exactly") {
    CHECK(mul_div(0, 5, 7) == 0);
    CHECK(mul_div(u64{1} << 63, u64{1} << 63, u64{1} << 63) == u64{1} << 63);
    CHECK(mul_div(~u64{0}, 1000000007, ~u64{0}) == 1000000007);
    CHECK(mul_div(123456789012345678, 987654321, 1000000000) == 121932631124828531);
}

TEST_CASE("a rough calibration is refined to the reference's time") {
    u64 ref_hz = GENERATE(3579545, 100000000, 24000000);
    u32 mask = ref_hz == 3579545 ? 0xffffff : 0xffffffff;
    double off = GENERATE(-0.0004, -0.00001, 0.0003);
    double hz = 2.5961e9;
    Machine m{hz, static_cast<u64>(hz * (1 + off) / 1000), ref_hz, mask};
    Refiner r;
    r.start(ref_hz, mask, m.read());
    for (int i = 0; i < 20; ++i) {
        m.run(1);
        m.refine(r, 1);
    }
    CHECK(std::abs(m.error()) < 3000);
    for (int i = 0; i < 3000; ++i) {
        m.run(2);
        m.refine(r, 2);
        REQUIRE(std::abs(m.error()) < 6000);
    }
}

TEST_CASE("a frequency that drifts is followed") {
    Machine m{1e9, 1000000, 3579545, 0xffffff};
    Refiner r;
    r.start(3579545, 0xffffff, m.read());
    for (int i = 0; i < 5000; ++i) {
        m.set_frequency(1e9 * (1 + 2e-5 * std::sin(i / 500.0)));
        m.run(2);
        m.refine(r, 2);
        REQUIRE(std::abs(m.error()) < 200'000);
    }
}

TEST_CASE("a machine that stood still goes on from there") {
    Machine m{1e9, 1000000, 100000000, 0xffffffff};
    Refiner r;
    r.start(100000000, 0xffffffff, m.read());
    for (int i = 0; i < 10; ++i) {
        m.run(1);
        m.refine(r, 1);
    }
    m.stand_still(30);
    double before = m.error();
    for (int i = 0; i < 100; ++i) {
        m.run(1);
        m.refine(r, 1);
    }
    CHECK(std::abs(m.error() - before) < 5000);   // no attempt to run 30 s after
    CHECK(m.khz() == 1000000);
}

TEST_CASE("corrections stay within 0.05 percent") {
    Machine m{1e9, 1000000, 100000000, 0xffffffff};
    Refiner r;
    r.start(100000000, 0xffffffff, m.read());
    m.run(1);
    m.stand_still(0.1);
    m.refine(r, 1);
    CHECK(m.khz() < 1000000);
    CHECK(m.khz() >= 908000);   // the rate of that interval, less the limit
}

TEST_CASE("timer intervals") {
    using namespace xen::apic;
    CHECK(ticks_for(1, 1000000000) == 1);
    CHECK(ticks_for(1, 62500000) == 1);
    CHECK(ticks_for(1000, 62500000) == 63);
    CHECK(ticks_for(u64{3600} * 1000000000, 62500000) == u64{3600} * 62500000);
    CHECK(ticks_for(999999999, 18'000'000'000) == 17999999982);
    CHECK(clamp_count(0) == 1);
    CHECK(clamp_count(77) == 77);
    CHECK(clamp_count(u64{1} << 40) == 0xffffffff);
}

TEST_CASE("CMOS time") {
    CHECK(*unix_seconds(bcd(0, 0, 0, 1, 1, 0x70, 0x19)) == 0);
    CHECK(*unix_seconds(bcd(0x59, 0x59, 0x23, 0x29, 2, 0x24, 0x20)) == 1709251199);
    CHECK(*unix_seconds(bcd(0, 0, 0, 1, 3, 0, 0x21)) == 4107542400);
    CHECK(*unix_seconds(bcd(0, 0, 0, 1, 1, 0x24, 0)) == 1704067200);
    CHECK(*unix_seconds(bcd(0, 0, 0, 1, 1, 0x99, 0)) == 915148800);
    CmosTime t{30, 15, 0x80 | 11, 1, 1, 24, 20, true, false};   // 11 pm
    CHECK(*unix_seconds(t) == 1704067200 + 23 * 3600 + 15 * 60 + 30);
    t.hour = 12;                                                // midnight
    CHECK(*unix_seconds(t) == 1704067200 + 15 * 60 + 30);
    t.hour = 0x80 | 12;                                         // noon
    CHECK(*unix_seconds(t) == 1704067200 + 12 * 3600 + 15 * 60 + 30);
    CHECK_FALSE(unix_seconds(bcd(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)));
    CHECK_FALSE(unix_seconds(bcd(0, 0, 0, 0, 1, 0x24, 0x20)));
    CHECK_FALSE(unix_seconds(bcd(0, 0, 0, 1, 0x13, 0x24, 0x20)));
}
