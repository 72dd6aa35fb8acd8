// SPDX-License-Identifier: MIT
// Instructions that fault in ring 3 and that a PV kernel (or a user program with port rights) may use nevertheless. What
// is not here the guest gets back as #GP.
#include <asm/fpu.hpp>
#include <asm/mm.hpp>
#include <asm/policy.hpp>
#include <asm/pv.hpp>
#include <asm/segments.hpp>

#include "arch/x86/guest/pv/bounce.hpp"
#include "arch/x86/guest/pv/decode.hpp"
#include "arch/x86/guest/pv/fetch.hpp"
#include "arch/x86/guest/pv/frame.hpp"
#include "arch/x86/guest/pv/msr.hpp"
#include "arch/x86/guest/pv/ports.hpp"
#include "arch/x86/guest/pv/registers.hpp"
#include "arch/x86/guest/pv/traps.hpp"
#include "arch/x86/guest/pv/trace.hpp"

namespace xen::pv {
namespace {

enum class Outcome : u8 {
    done,        // go on behind it
    again,       // the same instruction once more
    unhandled,   // none of ours: the guest gets its #GP
    injected,    // something is on its way to the guest
};

u32 low(u64 v) { return static_cast<u32>(v); }

void set_edx_eax(arch::GuestRegs& r, u64 v) {
    r.rax = low(v);
    r.rdx = v >> 32;
}

u64 edx_eax(const arch::GuestRegs& r) { return u64{low(r.rdx)} << 32 | low(r.rax); }

Outcome refuse(Vcpu& v) {
    inject_gp(v);
    return Outcome::injected;
}

// A breakpoint on a port is a trap: it comes behind the instruction.
Outcome after_port(Vcpu& v, u16 port, unsigned bytes, const Instruction& i) {
    u64 hit = port_breakpoints(v, port, bytes);
    if (!hit) return Outcome::done;
    v.arch.dr[6] |= hit;
    v.arch.regs.rip += i.length;
    inject(v, kDebug);
    return Outcome::injected;
}

Outcome port_io(Vcpu& v, const Instruction& i) {
    arch::GuestRegs& r = v.arch.regs;
    bool immediate = !(i.opcode & 8), write = i.opcode & 2;
    unsigned bytes = i.operand == 8 ? 4 : i.operand;
    u16 port = static_cast<u16>(immediate ? i.immediate & 0xff : r.rdx);
    if (!may_use_ports(v, port, bytes)) return Outcome::unhandled;
    if (write) write_port(*v.domain, port, bytes, low(r.rax & size_mask(bytes)));
    else write_register(i, r, 0, bytes, read_port(*v.domain, port, bytes));
    return after_port(v, port, bytes, i);
}

// One element of INS or OUTS. False: a page fault is on its way.
bool string_element(Vcpu& v, const Instruction& i, u16 port, unsigned bytes, u64 address) {
    bool write = i.opcode & 2;   // to the port
    u32 value = 0;
    if (write) {
        if (!guest::copy_in(&value, address, bytes)) {
            inject_page_fault(v, address, 0);
            return false;
        }
        write_port(*v.domain, port, bytes, value);
        return true;
    }
    value = read_port(*v.domain, port, bytes);
    if (guest::copy_out(address, &value, bytes)) return true;
    inject_page_fault(v, address, kErrorWrite);
    return false;
}

u64 string_base(Vcpu& v, const Instruction& i, bool is_long) {
    bool write = i.opcode & 2;
    if (i.segment == SegmentName::fs && write) return arch::read_fs_base();
    if (i.segment == SegmentName::gs && write) return arch::read_gs_base();
    if (is_long) return 0;
    arch::Selectors s = arch::read_selectors();
    return segment_of(v, write ? s.ds : s.es).base;
}

Outcome string_io(Vcpu& v, const Instruction& i, bool is_long) {
    constexpr unsigned kBatch = 256;   // elements between two looks for other work
    arch::GuestRegs& r = v.arch.regs;
    unsigned bytes = i.operand == 8 ? 4 : i.operand;
    u16 port = static_cast<u16>(r.rdx);
    if (!may_use_ports(v, port, bytes)) return Outcome::unhandled;
    bool repeated = i.repeat || i.repeat_ne;
    u64 mask = size_mask(i.address);
    u64& pointer = i.opcode & 2 ? r.rsi : r.rdi;
    u64 base = string_base(v, i, is_long);
    for (unsigned n = 0; n < kBatch; ++n) {
        if (repeated && (r.rcx & mask) == 0) return Outcome::done;
        if (!string_element(v, i, port, bytes, base + (pointer & mask))) return Outcome::injected;
        pointer = (pointer + (r.rflags & kFlagDf ? u64{0} - bytes : u64{bytes})) & mask;
        if (!repeated) return after_port(v, port, bytes, i);
        r.rcx = (r.rcx - 1) & mask;
    }
    return Outcome::again;
}

Outcome read_control(Vcpu& v, const Instruction& i) {
    u64 value;
    switch (i.reg) {
    case 0: value = guest_cr0(v); break;
    case 2:
    case 4: value = v.arch.cr[i.reg]; break;
    case 3: value = address_of(*v.arch.guest_table).raw(); break;
    default: return Outcome::unhandled;
    }
    gpr(v.arch.regs, i.rm) = value;
    return Outcome::done;
}

Outcome write_cr3(Vcpu& v, u64 value) {
    if (!mm::finish_deferred(v)) return Outcome::again;
    Guard g{v.domain->arch.tables_lock};
    Status s = mm::set_kernel_base(v, frame_of(Paddr{value}));
    if (s) return Outcome::done;
    return s.error() == Errno::restart ? Outcome::again : Outcome::unhandled;
}

Outcome write_control(Vcpu& v, const Instruction& i) {
    u64 value = gpr(v.arch.regs, i.rm);
    switch (i.reg) {
    case 0:
        if ((value ^ guest_cr0(v)) & ~arch::kCr0Ts) return Outcome::unhandled;
        arch::set_task_switched(v, value & arch::kCr0Ts);
        return Outcome::done;
    case 2:
        v.arch.cr[2] = value;
        if (v.info) shared_store(v.info->arch.cr2, value);
        return Outcome::done;
    case 3: return write_cr3(v, value);
    case 4:
        v.arch.cr[4] = guest_cr4(value);
        apply_cr4(v);
        return Outcome::done;
    default: return Outcome::unhandled;
    }
}

Outcome debug_access(Vcpu& v, const Instruction& i) {
    u64& reg = gpr(v.arch.regs, i.rm);
    bool gone = (i.reg == 4 || i.reg == 5) && (v.arch.cr[4] & kCr4De);   // SDM 3B 17.2.2
    if (gone) {
        inject(v, kInvalidOpcode);
        return Outcome::injected;
    }
    if (i.opcode == 0x0f23) return set_debug_register(v, i.reg, reg) ? Outcome::done : Outcome::unhandled;
    auto value = debug_register(v, i.reg);
    if (!value) return Outcome::unhandled;
    reg = value.value();
    return Outcome::done;
}

Outcome msr_access(Vcpu& v, const Instruction& i) {
    arch::GuestRegs& r = v.arch.regs;
    if (i.opcode == 0x0f30) return write_msr(v, low(r.rcx), edx_eax(r)) ? Outcome::done : refuse(v);
    auto value = read_msr(v, low(r.rcx));
    if (!value) return refuse(v);
    set_edx_eax(r, value.value());
    return Outcome::done;
}

// 0f 01 /reg with rm 1: XSETBV (d1) and RDTSCP (f9).
Outcome group7(Vcpu& v, const Instruction& i) {
    arch::GuestRegs& r = v.arch.regs;
    if (i.mod != 3 || (i.rm & 7) != 1) return Outcome::unhandled;
    if ((i.reg & 7) == 2) {
        if (!(v.arch.cr[4] & kCr4OsXsave)) {
            inject(v, kInvalidOpcode);
            return Outcome::injected;
        }
        bool ok = v.arch.in_kernel && low(r.rcx) == 0 && arch::set_xcr0(v, edx_eax(r));
        return ok ? Outcome::done : refuse(v);
    }
    if ((i.reg & 7) != 7) return Outcome::unhandled;
    if ((v.arch.cr[4] & kCr4Tsd) && !v.arch.in_kernel) return Outcome::unhandled;
    set_edx_eax(r, arch::guest_tsc(*v.domain));
    r.rcx = low(v.arch.msrs->tsc_aux);
    return Outcome::done;
}

Outcome read_tsc(Vcpu& v) {
    if ((v.arch.cr[4] & kCr4Tsd) && !v.arch.in_kernel) return Outcome::unhandled;
    set_edx_eax(v.arch.regs, arch::guest_tsc(*v.domain));
    return Outcome::done;
}

// CLI and STI do nothing, successfully: POPF cannot be caught, so that a kernel that mixed them would be lost.
Outcome interrupt_flag(Vcpu& v) {
    bool architectural = v.domain->vm_assist >> VMASST_TYPE_architectural_iopl & 1;
    unsigned level = v.arch.in_kernel ? (architectural ? 0 : 1) : 3;
    return level <= v.arch.iopl ? Outcome::done : Outcome::unhandled;
}

Outcome flush_caches(Vcpu& v) {
    if (v.domain->is_hardware) arch::wbinvd();
    return Outcome::done;
}

Outcome execute_privileged(Vcpu& v, const Instruction& i) {
    if (!v.arch.in_kernel) return Outcome::unhandled;
    switch (i.opcode) {
    case 0x0f06: arch::set_task_switched(v, false); return Outcome::done;
    case 0x0f09: return flush_caches(v);
    case 0x0f20: return read_control(v, i);
    case 0x0f22: return write_control(v, i);
    case 0x0f21:
    case 0x0f23: return debug_access(v, i);
    case 0x0f30:
    case 0x0f32: return msr_access(v, i);
    default: return Outcome::unhandled;
    }
}

Outcome execute(Vcpu& v, const Instruction& i, bool is_long) {
    switch (i.opcode) {
    case 0x6c: case 0x6d: case 0x6e: case 0x6f: return string_io(v, i, is_long);
    case 0xe4: case 0xe5: case 0xe6: case 0xe7:
    case 0xec: case 0xed: case 0xee: case 0xef: return port_io(v, i);
    case 0xfa: case 0xfb: return interrupt_flag(v);
    case 0x0f01: return group7(v, i);
    case 0x0f31: return read_tsc(v);
    case 0x0fa2: policy::execute_cpuid(v); return Outcome::done;
    default: return execute_privileged(v, i);
    }
}

}  // namespace

bool emulate_privileged(Vcpu& v) {
    arch::GuestRegs& r = v.arch.regs;
    Code bytes;
    unsigned n = fetch(v, bytes, kMaxInstruction);
    bool is_long = runs_long_code(v);
    auto i = decode(bytes, n, is_long);
    if (!i || i->lock) return false;
    Outcome o = execute(v, *i, is_long);
    if (o != Outcome::unhandled) trace_address(TRC_PV_EMULATE_PRIVOP, r.rip);
    if (o == Outcome::done) {
        r.rip += i->length;
        r.rflags &= ~kFlagRf;
    }
    return o != Outcome::unhandled;
}

}  // namespace xen::pv
