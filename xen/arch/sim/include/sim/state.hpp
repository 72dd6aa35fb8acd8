// SPDX-License-Identifier: MIT
// What the simulated leaf functions share.
#pragma once

#include <asm/percpu.hpp>

#include <atomic>
#include <map>
#include <mutex>

#include "lib/index.hpp"

namespace xen::sim {

struct State {
    std::atomic<u64> clock{1'000'000'000};     // TSC ticks: one a nanosecond
    std::atomic<u64> flushes{0};
    std::atomic<u64> guest_copies{0};
    bool has_msr(u32 n) {
        std::lock_guard g{mutex};
        return msrs.count(n) != 0;
    }
    u64 msr(u32 n) {
        std::lock_guard g{mutex};
        return msrs[n];
    }
    void set_msr(u32 n, u64 v) {
        std::lock_guard g{mutex};
        msrs[n] = v;
    }

private:
    std::mutex mutex;
    std::map<u32, u64> msrs{{0xc0000080, 0xd01}, {0x277, 0x050100070406}, {0x1b, 0xfee00900}};
};

State& state();
arch::CpuBlock& block(CpuId cpu);

}  // namespace xen::sim
