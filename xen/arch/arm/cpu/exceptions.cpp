// SPDX-License-Identifier: MIT
// Exceptions that the hypervisor itself takes: every one is a bug, or the machine's end.
#include <asm/backtrace.hpp>
#include <asm/domain.hpp>
#include <asm/entry.hpp>
#include <asm/fault.hpp>
#include <xen/assert.hpp>
#include <xen/idle.hpp>

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
void own_serror(GuestRegs& r, u64 esr) { die(r, "SError", esr); }
void own_overflow(GuestRegs& r, u64 esr) { die(r, "stack overflow", esr); }
void own_unexpected(GuestRegs& r, u64 esr) { die(r, "unexpected vector", esr); }
void own_irq(GuestRegs&, u64) {
    smp::wake_from_halt();
    arm_interrupt();
}
}

}  // namespace xen::arch
