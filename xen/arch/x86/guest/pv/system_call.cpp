// SPDX-License-Identifier: MIT
// Guest user programs that enter their kernel: SYSCALL, SYSENTER, INT 0x80.
#include <asm/entry.hpp>
#include <asm/pv.hpp>

#include "arch/x86/guest/pv/bounce.hpp"
#include "arch/x86/guest/pv/frame.hpp"

using namespace xen;

namespace {

constexpr u64 kSyscallBytes = 2;

void bounce_or_ud(Vcpu& v, const arch::Callback& to) {
    if (!to.address) {
        v.arch.regs.rip -= kSyscallBytes;
        v.arch.regs.entry_vector = 0;
        return pv::inject(v, pv::kInvalidOpcode);
    }
    pv::bounce(v, to);
    v.arch.regs.rflags &= ~pv::kFlagDf;
}

}  // namespace

extern "C" void pv_bounce_syscall(Vcpu& v) { bounce_or_ud(v, v.arch.syscall_callback); }

// Without an entry of its own, a 32-bit system call goes to the 64-bit one.
extern "C" void pv_bounce_syscall32(Vcpu& v) {
    const arch::Callback& own = v.arch.syscall32_callback;
    bounce_or_ud(v, own.address ? own : v.arch.syscall_callback);
}

extern "C" void pv_bounce_sysenter(Vcpu& v) {
    if (!v.arch.sysenter_callback.address) return pv::inject_gp(v);
    pv::bounce(v, v.arch.sysenter_callback);
}
