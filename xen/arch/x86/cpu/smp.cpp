// SPDX-License-Identifier: MIT
// Calls on other CPUs are IPIs here.
#include "common/smp/smp.hpp"

#include <asm/cpu.hpp>
#include <asm/interrupt.hpp>
#include <asm/smp.hpp>
#include <asm/vectors.hpp>
#include <xen/apic.hpp>

namespace xen {

CpuMask cpu_present, cpu_online;

namespace smp {

void call_on(const CpuMask& cpus, void (*fn)(void*), void* data) { call_by_ipi(cpus, fn, data); }
void send_event_check(CpuId cpu) { apic::send(cpu, vectors::kEventCheck); }
CpuId self() { return arch::cpu_id(); }

}  // namespace smp

namespace arch {

// The event check has done its work by interrupting: the way out looks at softirqs.
void init_smp() {
    irq::set_direct_handler(vectors::kCallFunction, smp::serve_call);
    irq::set_direct_handler(vectors::kEventCheck, [] {});
}

bool waits_for_others() { return smp::waits_in_call(); }

}  // namespace arch
}  // namespace xen
