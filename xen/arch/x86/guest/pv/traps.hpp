// SPDX-License-Identifier: MIT
// The parts of exception handling. Each says whether it dealt with the fault; if not, the guest gets it.
#pragma once

#include <xen/domain.hpp>

namespace xen::pv {

void general_protection(Vcpu& v, u32 error_code);
void page_fault(Vcpu& v, u64 address, u32 error_code);
bool forced_cpuid(Vcpu& v);                       // UD2 "xen" CPUID (public/arch-x86/xen.h XEN_EMULATE_PREFIX)

// Emulates the instruction at rip.
bool emulate_privileged(Vcpu& v);                 // what a kernel may do at CPL 0 (privileged.cpp)
bool emulate_table_store(Vcpu& v, u64 address);   // a store into a page table of its own (store.cpp)
bool emulate_device_store(Vcpu& v, u64 address, Mfn frame);   // a store into a device page that it may only read

}  // namespace xen::pv
