// SPDX-License-Identifier: MIT
// PerCpu<T>: one T for each CPU. Declare as `XEN_PERCPU constinit PerCpu<T> name;` at namespace scope: the
// section is the template that every CPU's area is copied from when it comes up. local() wants preemption
// impossible, which in the hypervisor always holds outside the outermost frame's scheduling point.
#pragma once

#include <asm/percpu.hpp>
#include <xen/compiler.hpp>

#include "lib/index.hpp"

namespace xen {

template <class T>
class PerCpu {
public:
    constexpr PerCpu() = default;
    constexpr explicit PerCpu(T v) : value_{v} {}
    T& local() { return *at(arch::percpu_offset()); }
    const T& on(CpuId cpu) const { return *at(arch::percpu_offset(cpu)); }
    // For members that have their own lock or are atomic.
    T& remote(CpuId cpu) { return *at(arch::percpu_offset(cpu)); }

private:
    T* at(sptr offset) { return reinterpret_cast<T*>(reinterpret_cast<sptr>(&value_) + offset); }
    const T* at(sptr offset) const { return reinterpret_cast<const T*>(reinterpret_cast<sptr>(&value_) + offset); }
    T value_{};
};

}  // namespace xen
