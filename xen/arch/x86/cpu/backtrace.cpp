// SPDX-License-Identifier: MIT
// Registers and call chain. There are no frame pointers in release builds: every word on the stack that follows a
// call instruction in our text is shown.
#include <asm/backtrace.hpp>

#include <asm/cpu.hpp>
#include <asm/mapping.hpp>
#include <xen/arch_platform.hpp>
#include <xen/log.hpp>

namespace xen::arch {
namespace {

// Is the instruction before this address a call? E8 rel32, or FF /2 with 2, 3, 6 or 7 bytes.
bool follows_call(u64 a) {
    if (!is_code(a) || !is_code(a - 7)) return false;
    auto byte = [a](int back) { return reinterpret_cast<const u8*>(a)[-back]; };
    if (byte(5) == 0xe8) return true;
    for (int n : {2, 3, 6, 7})
        if (byte(n) == 0xff && (byte(n - 1) & 0x38) == 0x10) return true;
    return false;
}

void print_place(const char* mark, u64 a) {
    Symbol s = symbol_at(a);
    if (s.name.empty()) log_error("  %s [%016lx]", mark, a);
    else log_error("  %s [%016lx] %.*s+0x%lx/0x%lx", mark, a, static_cast<int>(s.name.size()), s.name.data(), s.offset, s.size);
}

}  // namespace

void print_registers(const GuestRegs& r) {
    log_error("  rip %016lx  cs %04lx  rflags %016lx  vector %u error %04x", r.rip, r.cs & 0xffff, r.rflags, r.entry_vector,
              r.error_code);
    log_error("  rax %016lx  rbx %016lx  rcx %016lx  rdx %016lx", r.rax, r.rbx, r.rcx, r.rdx);
    log_error("  rsi %016lx  rdi %016lx  rbp %016lx  rsp %016lx  ss %04lx", r.rsi, r.rdi, r.rbp, r.rsp, r.ss & 0xffff);
    log_error("  r8  %016lx  r9  %016lx  r10 %016lx  r11 %016lx", r.r8, r.r9, r.r10, r.r11);
    log_error("  r12 %016lx  r13 %016lx  r14 %016lx  r15 %016lx", r.r12, r.r13, r.r14, r.r15);
    log_error("  cr0 %016lx  cr2 %016lx  cr3 %016lx  cr4 %016lx", read_cr0(), read_cr2(), read_cr3(), read_cr4());
}

void print_backtrace(u64 rip, u64 sp) {
    log_error("Call chain:");
    print_place("at  ", rip);
    u64 end = sp | (kStackSize - 1);
    int shown = 0;
    for (sp &= ~u64{7}; sp + 8 <= end && shown < 40 && translate_xen(sp); sp += 8)
        if (u64 a = *reinterpret_cast<const u64*>(sp); follows_call(a)) {
            print_place("from", a);
            ++shown;
        }
}

void dump_execution_state() {
    u64 sp;
    asm("mov %%rsp, %0" : "=r"(sp));
    print_backtrace(reinterpret_cast<u64>(__builtin_return_address(0)), sp);
}

void dump_state(const GuestRegs& interrupted) {
    print_registers(interrupted);
    print_backtrace(interrupted.rip, interrupted.rsp);
}

}  // namespace xen::arch
