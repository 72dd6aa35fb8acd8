// SPDX-License-Identifier: MIT
// One-shot timers: fn runs in the timer softirq of the timer's CPU, interrupts on, no lock held, at or
// after the expiry. set() and stop() from any context but NMI, from any CPU; kill() also waits for a running
// handler, so that the owner may then be freed (never call it from the handler itself).
#pragma once

#include <atomic>

#include "lib/index.hpp"
#include "lib/list.hpp"

namespace xen {

class Timer : public TreeHook<> {
public:
    using Handler = void (*)(void*);
    Timer() = default;
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;

    void init(Handler handler, void* data, CpuId cpu);
    void set(Nanos expires);        // replaces an earlier setting
    void stop();
    void kill();
    void migrate(CpuId cpu);        // keeps the expiry
    bool active() const { return state_.load(std::memory_order_acquire) == State::queued; }
    Nanos expires() const { return expires_; }
    CpuId cpu() const { return CpuId{cpu_.load(std::memory_order_acquire)}; }

private:
    friend struct TimerQueue;
    enum class State : u8 { invalid, idle, queued, killed };
    Handler handler_ = nullptr;
    void* data_ = nullptr;
    Nanos expires_{};
    std::atomic<u32> cpu_{0};       // changes under the queue's lock
    std::atomic<State> state_{State::invalid};
};

namespace timers {
void init();                        // boot CPU: the softirq's handler
void leave(CpuId cpu);              // a CPU goes off: its timers move to this one
}  // namespace timers

}  // namespace xen
