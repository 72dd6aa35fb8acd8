// SPDX-License-Identifier: MIT
// A UART for one user at a time: its lock, or after a panic, when the lock's holder was stopped or interrupted for good, nothing; that is
// found out once. The class has lock_ and abandoned_ and lets this one see them.
#pragma once

#include <asm/cpu.hpp>
#include <xen/console.hpp>
#include <xen/lock.hpp>

namespace xen::serial {

template <class Uart>
class SCOPED_CAPABILITY PortAccess {
public:
    explicit PortAccess(Uart& uart) ACQUIRE(uart.lock_) NO_THREAD_SAFETY_ANALYSIS : uart_{uart}, flags_{arch::irq_save()} {
        constexpr unsigned kPatience = 1'000'000;
        for (unsigned i = 0; console::panicking() && !(locked_ = uart.lock_.try_acquire()); ++i) {
            if (i == kPatience) uart.abandoned_.store(true, std::memory_order_relaxed);
            if (uart.abandoned_.load(std::memory_order_relaxed)) return;
            arch::relax();
        }
        if (!locked_) uart.lock_.acquire();
        locked_ = true;
    }
    ~PortAccess() RELEASE() NO_THREAD_SAFETY_ANALYSIS {
        if (locked_) uart_.lock_.release();
        arch::irq_restore(flags_);
    }
    PortAccess(const PortAccess&) = delete;
    PortAccess& operator=(const PortAccess&) = delete;

private:
    Uart& uart_;
    u64 flags_;
    bool locked_ = false;
};

}  // namespace xen::serial
