// SPDX-License-Identifier: MIT
// Exceptions of PV guests: most go to the guest's own handler as they are.
#include "arch/x86/guest/pv/traps.hpp"

#include <asm/cpu.hpp>
#include <asm/entry.hpp>
#include <asm/fpu.hpp>
#include <asm/policy.hpp>

#include "arch/x86/guest/pv/bounce.hpp"
#include "arch/x86/guest/pv/decode.hpp"
#include "arch/x86/guest/pv/fetch.hpp"
#include "arch/x86/guest/pv/frame.hpp"
#include "arch/x86/guest/pv/trace.hpp"
#include "lib/string.hpp"

namespace xen::pv {
namespace {

constexpr u64 kDr6Default = 0xffff0ff0;
constexpr u64 kIntBytes = 2;
constexpr u8 kIntOpcode = 0xcd;

// Where the guest can look at what happened; its old bits stay (SDM 3B 17.2.3).
void debug_exception(Vcpu& v) {
    u64 hit = arch::read_dr(6);
    arch::write_dr(6, kDr6Default);
    u64& dr6 = v.arch.dr[6];
    dr6 |= hit & ~kDr6Default;
    dr6 &= hit | ~kDr6Default;
    inject(v, kDebug);
}

void no_device(Vcpu& v) {
    trace::put(TRC_PV_MATH_STATE_RESTORE);
    arch::set_task_switched(v, false);
    inject(v, kNoDevice);
}

void int80(Vcpu& v) {
    if (v.arch.traps[kInt80].address && permits_soft_int(v, kInt80)) return inject(v, kInt80);
    v.arch.regs.rip -= kIntBytes;
    inject_gp(v, u32{kInt80} << 3 | kErrorIdt);
}

// INT n faults, as every gate but few is the hypervisor's alone. The instruction tells n; the error code is not right
// with every processor (QEMU's TCG before 8.0 shifts it too far).
bool soft_int(Vcpu& v, u32 error_code) {
    arch::GuestRegs& r = v.arch.regs;
    Code bytes;
    unsigned vector = error_code >> 3 & 0xff;
    if (fetch(v, bytes, kIntBytes) == kIntBytes && bytes[0] == kIntOpcode) vector = bytes[1];
    if (!permits_soft_int(v, vector)) return false;
    r.rip += kIntBytes;
    inject(v, vector);
    return true;
}

}  // namespace

void general_protection(Vcpu& v, u32 error_code) {
    if (!(error_code & kErrorExternal)) {
        if ((error_code & (kErrorIdt | kErrorExternal)) == kErrorIdt && soft_int(v, error_code)) return;
        if (emulate_privileged(v)) return;
    }
    inject_gp(v, error_code);
}

bool forced_cpuid(Vcpu& v) {
    constexpr unsigned kBytes = 7;
    constexpr u64 kPattern = 0xa20f6e65780b0f;   // UD2, "xen", CPUID, as one word: 45 instructions less than memcmp()
    arch::GuestRegs& r = v.arch.regs;
    Code bytes;
    u64 seen;
    if (fetch(v, bytes, kBytes) != kBytes) return false;
    __builtin_memcpy(&seen, bytes, sizeof(seen));
    if ((seen & size_mask(kBytes)) != kPattern) return false;
    if (v.arch.msrs->cpuid_faulting && !v.arch.in_kernel) {
        r.rip += 5;   // at the CPUID itself
        inject_gp(v);
        return true;
    }
    trace_address(TRC_PV_FORCED_INVALID_OP, r.rip);
    policy::execute_cpuid(v);
    r.rip += kBytes;
    r.rflags &= ~kFlagRf;
    return true;
}

}  // namespace xen::pv

using namespace xen;

extern "C" void pv_exception(Vcpu& v, u64 cr2) {
    arch::GuestRegs& r = v.arch.regs;
    u32 vector = r.entry_vector & 0xff;
    u32 error_code = r.error_code;
    switch (vector) {
    case pv::kPageFault: return pv::page_fault(v, cr2, error_code);
    case pv::kGeneralProtection: return pv::general_protection(v, error_code);
    case pv::kInvalidOpcode:
        if (!pv::forced_cpuid(v)) pv::inject(v, vector);
        return;
    case pv::kDebug: return pv::debug_exception(v);
    case pv::kNoDevice: return pv::no_device(v);
    case pv::kInt80: return pv::int80(v);
    default:
        if (pv::has_error_code(vector)) pv::inject_error(v, vector, error_code);
        else pv::inject(v, vector);
    }
}
