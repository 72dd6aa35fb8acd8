// SPDX-License-Identifier: MIT
// Sets of physical CPUs, and the machine-wide ones.
#pragma once

#include <xen/config/nr_cpus.hpp>

#include "lib/bitmap.hpp"
#include "lib/index.hpp"

namespace xen {

inline constexpr unsigned kMaxCpus = config::nr_cpus;
using CpuMask = Bitmap<kMaxCpus>;

inline CpuMask mask_of(CpuId cpu) {
    CpuMask m;
    m.set(cpu.raw());
    return m;
}

// CPUs that the firmware lists and that may come up; CPUs that run now. Changed under the hotplug lock, read freely.
extern CpuMask cpu_present;
extern CpuMask cpu_online;

}  // namespace xen
