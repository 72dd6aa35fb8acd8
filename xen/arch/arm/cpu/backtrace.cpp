// SPDX-License-Identifier: MIT
// Registers and call chain. Release builds keep no chain of frames: every word on the stack that follows a call instruction
// in our text is shown.
#include <asm/backtrace.hpp>

#include <asm/domain.hpp>
#include <asm/mapping.hpp>
#include <asm/percpu.hpp>
#include <xen/arch_platform.hpp>
#include <xen/log.hpp>

namespace xen::arch {
namespace {

// BL, or BLR (ARM C6.2.34, C6.2.35).
bool follows_call(u64 a) {
    if ((a & 3) || !is_code(a) || !is_code(a - 4)) return false;
    u32 word = *reinterpret_cast<const u32*>(a - 4);
    return (word & 0xfc000000) == 0x94000000 || (word & 0xfffffc1f) == 0xd63f0000;
}

void print_place(const char* mark, u64 a) {
    Symbol s = symbol_at(a);
    if (s.name.empty()) log_error("  %s [%016lx]", mark, a);
    else log_error("  %s [%016lx] %.*s+0x%lx/0x%lx", mark, a, static_cast<int>(s.name.size()), s.name.data(), s.offset, s.size);
}

}  // namespace

void print_registers(const GuestRegs& r) {
    log_error("  pc  %016lx  pstate %08lx  sp %016lx  lr %016lx", r.pc, r.pstate, r.sp, r.x[30]);
    for (unsigned i = 0; i < 28; i += 4)
        log_error("  x%-2u %016lx  x%-2u %016lx  x%-2u %016lx  x%-2u %016lx", i, r.x[i], i + 1, r.x[i + 1], i + 2, r.x[i + 2],
                  i + 3, r.x[i + 3]);
    log_error("  x28 %016lx  x29 %016lx", r.x[28], r.x[29]);
}

void print_backtrace(u64 pc, u64 sp) {
    log_error("Call chain:");
    print_place("at  ", pc);
    u64 end = sp | (kStackSize - 1);
    int shown = 0;
    for (sp &= ~u64{7}; sp + 8 <= end && shown < 40 && is_mapped(sp); sp += 8)
        if (u64 a = *reinterpret_cast<const u64*>(sp); follows_call(a)) {
            print_place("from", a);
            ++shown;
        }
}

void dump_execution_state() {
    u64 sp;
    asm("mov %0, sp" : "=r"(sp));
    print_backtrace(reinterpret_cast<u64>(__builtin_return_address(0)), sp);
}

void dump_state(const GuestRegs& interrupted) {
    print_registers(interrupted);
    print_backtrace(interrupted.pc, interrupted.sp);
}

}  // namespace xen::arch
