// SPDX-License-Identifier: MIT
// Interrupts between CPUs are SGIs here (asm/sgi.hpp).
#include <asm/cpu.hpp>
#include <asm/gic.hpp>
#include <asm/sgi.hpp>
#include <xen/arch_smp.hpp>

#include "common/smp/smp.hpp"

namespace xen {

CpuMask cpu_present, cpu_online;

namespace smp {

void call_on(const CpuMask& cpus, void (*fn)(void*), void* data) { call_by_ipi(cpus, fn, data); }
void send_event_check(CpuId cpu) { gic::send_sgi(cpu, sgi::kEventCheck); }
CpuId self() { return arch::cpu_id(); }

}  // namespace smp

namespace arch {

void send_call(const CpuMask& cpus) { gic::send_sgi(cpus, sgi::kCall); }

}  // namespace arch
}  // namespace xen
