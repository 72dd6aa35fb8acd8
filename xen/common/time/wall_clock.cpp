// SPDX-License-Identifier: MIT
#include <xen/domain.hpp>
#include <xen/time.hpp>

namespace xen::time {
namespace {

constexpr u64 kSecond = 1000000000;
std::atomic<u64> base_ns{0};    // wall clock at system time 0, since 1970; read by log lines in any context

u64 base() { return base_ns.load(std::memory_order_relaxed); }

}  // namespace

WallClock wall_clock_base() {
    u64 ns = base();
    return {ns / kSecond, static_cast<u32>(ns % kSecond)};
}

// The version is odd while the fields change (public/xen.h).
void publish_wall_clock(Domain& d) {
    if (!d.shared) return;
    u64 ns = base() + static_cast<u64>(d.time_offset_seconds) * kSecond;
    u64 seconds = ns / kSecond;
    u32 version = shared_load(d.shared->wc_version) | 1;
    shared_store(d.shared->wc_version, version);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    shared_store(d.shared->wc_sec, static_cast<u32>(seconds));
    shared_store(d.shared->wc_sec_hi, static_cast<u32>(seconds >> 32));
    shared_store(d.shared->wc_nsec, static_cast<u32>(ns % kSecond));
    std::atomic_thread_fence(std::memory_order_seq_cst);
    shared_store(d.shared->wc_version, version + 1);
}

void set_wall_clock(u64 seconds, u32 nanoseconds, Nanos at) {
    base_ns.store(seconds * kSecond + nanoseconds - static_cast<u64>(at.raw()), std::memory_order_relaxed);
    for (Domain* d = domain::first(); d; d = domain::next(*d)) publish_wall_clock(*d);
}

u64 unix_seconds_now() { return (base() + static_cast<u64>(now().raw())) / kSecond; }

}  // namespace xen::time
