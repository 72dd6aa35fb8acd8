// SPDX-License-Identifier: MIT
// The machine as sysctl shows it. ABI: Arm's tools are told of one core a socket and one thread a core.
#include <asm/p2m.hpp>
#include <xen/arch_control.hpp>
#include <xen/time.hpp>

namespace xen::arch {

Identity identity() { return {}; }   // x86's words for a processor's model
u8 physical_address_bits() { return static_cast<u8>(p2m::ipa_bits()); }
u32 cpu_khz() { return static_cast<u32>(time::tsc_khz()); }
void describe_machine(xen_sysctl_physinfo& x) { x.capabilities |= XEN_SYSCTL_PHYSCAP_hvm | XEN_SYSCTL_PHYSCAP_hap; }
Topology topology_of(CpuId cpu) { return {cpu.raw(), 0}; }
bool is_second_thread(CpuId) { return false; }
u32 threads_per_core() { return 1; }
u32 cores_per_socket() { return 1; }

}  // namespace xen::arch
