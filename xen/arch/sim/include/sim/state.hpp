// SPDX-License-Identifier: MIT
// What the simulated leaf functions share.
#pragma once

#include <asm/cpu.hpp>
#include <asm/percpu.hpp>

#include <atomic>
#include <functional>
#include <map>
#include <mutex>

#include "lib/index.hpp"

namespace xen::sim {

// Told of every flush that takes all of a CPU's entries, before the flush returns. Set while nobody runs.
struct TlbObserver {
    virtual void flushed(CpuId cpu) = 0;

protected:
    ~TlbObserver() = default;
};

struct State {
    std::atomic<u64> clock{1'000'000'000};     // TSC ticks: one a nanosecond
    std::atomic<u64> flushes{0};
    std::atomic<u64> guest_copies{0};
    std::atomic<u64> port_accesses{0};         // reads of the machine's I/O ports
    bool has_msr(u32 n) {
        std::lock_guard g{mutex};
        return msrs.count(n) != 0;
    }
    u64 msr(u32 n) {
        std::lock_guard g{mutex};
        return msrs[n];
    }
    void set_msr(u32 n, u64 v) {
        {
            std::lock_guard g{mutex};
            msrs[n] = v;
        }
        if (on_msr_write) on_msr_write(n, v);
    }
    std::function<void(u32 msr, u64 v)> on_msr_write;   // set while nobody runs
    CpuId entry{0};                                     // which the next STARTUP starts
    // Host memory that vCPUs may name, in addition to what their tables map. None: a vCPU without tables names all of it.
    u64 window_start = 0, window_bytes = 0;
    u64 relax_ticks = 100;                              // that pass while somebody waits
    TlbObserver* tlb_observer = nullptr;
    std::map<std::pair<u32, u32>, arch::CpuidRegs> cpuid;   // leaves that are not the machine's own

private:
    std::mutex mutex;
    std::map<u32, u64> msrs{{0xc0000080, 0xd01}, {0x277, 0x050100070406}, {0x1b, 0xfee00900}};
};

State& state();
arch::CpuBlock& block(CpuId cpu);

}  // namespace xen::sim
