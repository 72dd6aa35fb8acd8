// SPDX-License-Identifier: MIT
// Exceptions that EL2 makes a guest take at EL1: what the processor does on taking one, by hand (ARM D1.3.1, AArch64.TakeException).
#include <asm/guest_el1.hpp>
#include <asm/id_registers.hpp>
#include <asm/trap.hpp>

#include "arch/arm/guest/registers.hpp"
#include "arch/arm/guest/syndrome.hpp"

namespace xen::guest {
namespace {

constexpr u64 kExternalAbort = 0x10;            // fault status code
constexpr u64 kFlags = u64{0xf} << 28;          // NZCV
constexpr u64 kPan = u64{1} << 22, kDit = u64{1} << 24, kSsbs = u64{1} << 12;
// SCTLR_EL1: PAN is left alone on entry; what SSBS becomes on entry.
constexpr u64 kSctlrSpan = u64{1} << 23, kSctlrDssbs = u64{1} << 44;

// The vector table's four parts (D1.3.1.1).
u64 vector_part(const arch::GuestRegs& r) {
    if (in_aarch32(r)) return 0x600;
    switch (r.pstate & 0xf) {
    case PSR_MODE_EL0t: return 0x400;
    case PSR_MODE_EL1t: return 0x000;
    default: return 0x200;
    }
}

bool from_el1(const arch::GuestRegs& r) { return !in_user_mode(r); }

bool has_pan() { return arch::read_id_register(7, 1) >> 20 & 0xf; }   // ID_AA64MMFR1_EL1.PAN

u64 entry_state(const arch::GuestRegs& r) {
    u64 sctlr = arch::guest_sctlr();
    u64 state = r.pstate & (in_aarch32(r) ? kFlags : kFlags | kPan | kDit);
    if (!(sctlr & kSctlrSpan) && has_pan()) state |= kPan;
    if (sctlr & kSctlrDssbs) state |= kSsbs;
    return state | PSR_MODE_EL1h | PSR_DBG_MASK | PSR_ABT_MASK | PSR_IRQ_MASK | PSR_FIQ_MASK;
}

void take(Vcpu& v, Syndrome esr) {
    arch::GuestRegs& r = v.arch.regs;
    arch::set_guest_elr(r.pc);
    arch::set_guest_spsr(r.pstate);
    arch::set_guest_esr(esr.raw);
    r.pc = arch::guest_vbar() + vector_part(r);
    r.pstate = entry_state(r);
}

void take_abort(Vcpu& v, Class from_lower, u64 address) {
    // The class of an abort that the same level caused is the next number.
    auto ec = static_cast<Class>(static_cast<u8>(from_lower) + (from_el1(v.arch.regs) ? 1 : 0));
    arch::set_guest_far(address);
    take(v, make_syndrome(ec, true, kExternalAbort));
}

}  // namespace

void inject_undefined(Vcpu& v, unsigned instruction_bytes) { take(v, make_syndrome(Class::unknown, instruction_bytes == 4, 0)); }
void inject_data_abort(Vcpu& v, u64 address) { take_abort(v, Class::data_abort, address); }
void inject_prefetch_abort(Vcpu& v, u64 address) { take_abort(v, Class::instruction_abort, address); }

}  // namespace xen::guest
