// SPDX-License-Identifier: MIT
// What the common code needs of an architecture's vCPUs. Declared here, implemented by arch/<a>/guest.
#pragma once

#include <xen/guest_access.hpp>
#include <xen/time.hpp>

#include "lib/result.hpp"

struct vcpu_guest_context;

namespace xen {

struct Domain;
struct Vcpu;

namespace arch {

// Puts the CPU from one vCPU onto another: saves what prev has in registers (segments, FPU if used, debug
// registers), loads next's, sets the current vCPU. Outermost frame, interrupts off, no lock held; the caller
// marks prev as off this CPU afterwards. prev and next differ; either may be the idle vCPU of this CPU.
void context_switch(Vcpu& prev, Vcpu& next);
// The vCPU runs nowhere: what a processor still holds of it (it may, while it idles) is stored, so that others can read
// and change it, and its page tables may go. Interrupts may be off; no lock that is taken with interrupts off.
void sync_vcpu(Vcpu& v);

// VCPUOP_initialise: the caller holds the domain's lock; the vCPU is not initialised yet and is down.
// Errno::inval or what the page references give for a bad context; Errno::restart to be called again.
Status initialise_vcpu(Vcpu& v, const vcpu_guest_context& context);

// VCPUOP_send_nmi: the vCPU takes an NMI before its next guest instruction, unless one is already waiting.
void raise_nmi(Vcpu& v);

// What vcpu_time_info says of system time, where the domain's counter is not the processor's: changes both.
void show_guest_time(const Domain& d, time::Stamp& stamp, time::Scale& scale);

// VCPUOP_get_physid: id of the processor as the guest's ACPI code knows it (APIC id low, ACPI id high).
u64 physical_id(CpuId cpu);

}  // namespace arch
}  // namespace xen
