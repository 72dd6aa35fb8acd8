// SPDX-License-Identifier: MIT
// Exceptions that the hypervisor itself takes: every one is a bug, or the machine's end.
#include <asm/backtrace.hpp>
#include <asm/domain.hpp>
#include <asm/entry.hpp>
#include <asm/fault.hpp>
#include <asm/serror.hpp>
#include <asm/trap.hpp>
#include <xen/assert.hpp>
#include <xen/idle.hpp>
#include <xen/log.hpp>

extern "C" const char guest_serror_window[], guest_serror_window_end[];

namespace xen::arch {
namespace {

// ESR_EL2.EC (ARM D19.2.37).
const char* name_of(u64 esr) {
    switch (esr >> 26) {
    case 0x00: return "undefined instruction";
    case 0x07: return "FP or SIMD";
    case 0x0e: return "illegal execution state";
    case 0x16: return "HVC";
    case 0x18: return "system register";
    case 0x21: return "instruction abort";
    case 0x22: return "PC alignment";
    case 0x25: return "data abort";
    case 0x26: return "SP alignment";
    case 0x2f: return "SError";
    case 0x3c: return "BRK";
    default: return "exception";
    }
}

[[noreturn]] void die(const GuestRegs& r, const char* what, u64 esr) {
    panic_at(r, "Fatal exception: %s in the hypervisor at %016lx, ESR %08lx, FAR %016lx", what, r.pc, esr, read_far());
}

}  // namespace

extern "C" {
void own_sync(GuestRegs& r, u64 esr) { die(r, name_of(esr), esr); }
// What a guest's accesses bring arrives in the first instructions behind its exit (entry.S).
void own_serror(GuestRegs& r, u64 esr) {
    if (r.pc >= reinterpret_cast<u64>(guest_serror_window) && r.pc <= reinterpret_cast<u64>(guest_serror_window_end)) return arm_guest_serror(esr);
    guest::Harm h = guest::harm_of(esr);
    if (guest::action_for(h, false) == guest::SerrorAction::panic) die(r, "SError", esr);
    log_warning("SError in the hypervisor at %016lx, %s, ESR %08lx", r.pc, guest::name_of(h), esr);
}
void own_overflow(GuestRegs& r, u64 esr) { die(r, "stack overflow", esr); }
void own_unexpected(GuestRegs& r, u64 esr) { die(r, "unexpected vector", esr); }
void own_irq(GuestRegs&, u64) {
    smp::wake_from_halt();
    arm_interrupt();
}
}

}  // namespace xen::arch
