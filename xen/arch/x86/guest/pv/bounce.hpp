// SPDX-License-Identifier: MIT
// Entering a PV guest's kernel: exceptions, callbacks, events. In the vCPU's own context, at most one bounce of an
// exception for each entry into the hypervisor; a guest whose stack or handler is unusable is crashed.
#pragma once

#include <asm/domain.hpp>
#include <asm/segments.hpp>
#include <xen/domain.hpp>

namespace xen::pv {

enum Vector : u8 {
    kDivide = 0, kDebug = 1, kNmi = 2, kBreakpoint = 3, kOverflow = 4, kBound = 5, kInvalidOpcode = 6, kNoDevice = 7,
    kDoubleFault = 8, kCoprocessorSegment = 9, kInvalidTss = 10, kNotPresent = 11, kStackFault = 12,
    kGeneralProtection = 13, kPageFault = 14, kX87 = 16, kAlignment = 17, kMachineCheck = 18, kSimd = 19,
    kInt80 = 0x80,
};

// Error codes of #PF and of #GP from a descriptor table (SDM 3A 4.7, 6.13).
inline constexpr u32 kErrorPresent = 1, kErrorWrite = 2, kErrorUser = 4, kErrorReserved = 8, kErrorFetch = 16;
inline constexpr u32 kErrorExternal = 1, kErrorIdt = 2, kErrorLdt = 4;

void bounce(Vcpu& v, const arch::Callback& to);

// Through the trap table.
void inject(Vcpu& v, unsigned vector);
void inject_error(Vcpu& v, unsigned vector, u32 error_code);   // where has_error_code()
void inject_page_fault(Vcpu& v, u64 address, u32 error_code);
inline void inject_gp(Vcpu& v, u32 error_code = 0) { inject_error(v, kGeneralProtection, error_code); }
// Which way an exception's frame is laid out (SDM 3A table 6-1).
constexpr bool has_error_code(unsigned vector) {
    return vector == kDoubleFault || (vector >= kInvalidTss && vector <= kPageFault) || vector == kAlignment;
}

bool permits_soft_int(const Vcpu& v, unsigned vector);
void failsafe(Vcpu& v, const arch::Selectors& selectors);

// The event mask lies in shared memory.
inline u8 event_mask(const Vcpu& v) { return v.info ? shared_load(v.info->evtchn_upcall_mask) : u8{1}; }
inline void set_event_mask(Vcpu& v, u8 value) {
    if (v.info) shared_store(v.info->evtchn_upcall_mask, value);
}

// A handler runs in the guest kernel's 64-bit code segment, so selectors are only made harmless.
constexpr u16 guest_selector(u64 s) { return static_cast<u16>(s | 3); }

}  // namespace xen::pv
