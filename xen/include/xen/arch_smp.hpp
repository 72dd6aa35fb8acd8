// SPDX-License-Identifier: MIT
// What the steps of a CPU's start and of calls on other CPUs (common/smp) need of an architecture.
#pragma once

#include <xen/cpumask.hpp>

namespace xen::arch {

// The interrupt whose handler is smp::serve_call(), to CPUs that are online.
void send_call(const CpuMask& cpus);
// A present CPU that has its memory and its idle vCPU begins to run, and ends in smp::arrive(). False: it does not answer;
// `arrived` waits that long for it to be there.
bool start_processor(CpuId cpu, bool (*arrived)(CpuId cpu, Nanos limit));

}  // namespace xen::arch
