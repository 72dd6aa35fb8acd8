// SPDX-License-Identifier: MIT
// The local APIC of this CPU (SDM 3A chapter 10), xAPIC or x2APIC, physical destinations. Callable in any context
// once init_cpu() ran on this CPU.
#pragma once

#include <asm/vectors.hpp>
#include <xen/cpumask.hpp>

namespace xen::apic {

void init_cpu();                 // this CPU's: enabled, LVT masked, task priority open
u32 id();                        // of this CPU
u32 id_of(CpuId cpu);            // from the firmware's list
bool x2apic();
void eoi();

// Interrupts between CPUs. Fixed vectors; the targets are online.
void send(CpuId cpu, u8 vector);
void send(const CpuMask& cpus, u8 vector);
void send_nmi(CpuId cpu);                    // from an NMI, too
void kick_self_in_nmi(u8 vector);            // this CPU takes the vector once interrupts are on

void dump(CpuId cpu);            // registers of this CPU, for the debug keys

}  // namespace xen::apic
