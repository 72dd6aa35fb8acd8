// SPDX-License-Identifier: MIT
// System registers and instructions that trap (HCR_EL2, MDCR_EL2, CNTHCTL_EL2, CPTR_EL2): a table by their encoding. What is
// not in it is undefined, as on a processor without it.
#include <asm/id_registers.hpp>
#include <asm/trap.hpp>
#include <asm/vgic.hpp>
#include <xen/log.hpp>

#include "arch/arm/guest/handlers.hpp"
#include "arch/arm/guest/id_registers.hpp"
#include "arch/arm/guest/registers.hpp"
#include "arch/arm/guest/set_way.hpp"
#include "arch/arm/guest/vgic/sgi.hpp"
#include "arch/arm/guest/vtimer.hpp"

namespace xen::guest {
namespace {

// False: undefined for this vCPU. Of a write `value` is the operand, of a read the result (0 to begin with).
using Handler = bool (*)(Vcpu&, RegisterSyndrome, u64& value);

bool ignore(Vcpu&, RegisterSyndrome, u64&) { return true; }   // reads as zero
bool kernel_only(Vcpu& v, RegisterSyndrome, u64&) { return !in_user_mode(v.arch.regs); }
bool write_only(Vcpu&, RegisterSyndrome s, u64&) { return !s.read(); }

bool set_and_way(Vcpu& v, RegisterSyndrome s, u64& value) {
    if (s.read()) return false;
    if (!maintain_by_set_and_way(v, value)) v.arch.regs.pc -= 4;   // again
    return true;
}

// OSLSR_EL1: the OS lock is implemented, and open (ARM D19.3.24).
bool os_lock_status(Vcpu&, RegisterSyndrome s, u64& value) {
    value = 1 << 3;
    return s.read();
}

bool auxiliary_control(Vcpu& v, RegisterSyndrome s, u64& value) {
    if (s.read()) value = v.arch.el1.actlr;
    return true;
}

bool send_sgi(Vcpu& v, RegisterSyndrome s, u64& value) { return !s.read() && vgic::write_sgi1r(v, value); }

// SGIs of group 0 and of the other security state: this guest has neither.
bool send_no_sgi(Vcpu& v, RegisterSyndrome s, u64&) { return !s.read() && vgic::version(*v.domain) == vgic::Version::v3; }

// The system register interface is on and cannot be turned off.
bool gic_enable(Vcpu& v, RegisterSyndrome s, u64& value) {
    if (vgic::version(*v.domain) != vgic::Version::v3) return false;
    if (s.read()) value = 7;
    return true;
}

bool physical_timer(Vcpu& v, RegisterSyndrome s, u64& value) { return vtimer::access(v, s.op2(), s.read(), value); }

bool id_register(Vcpu& v, RegisterSyndrome s, u64& value) {
    if (!s.read()) return false;
    bool v3 = vgic::version(*v.domain) == vgic::Version::v3;
    value = visible_id_register(s.crm(), s.op2(), arch::read_id_register(s.crm(), s.op2()), v3);
    return true;
}

struct Entry {
    u32 key;
    Handler handler;
};

constexpr Entry entry(unsigned op0, unsigned op1, unsigned crn, unsigned crm, unsigned op2, Handler h) {
    return {register_key(op0, op1, crn, crm, op2), h};
}

constexpr Entry kEntries[] = {
    entry(3, 0, 12, 11, 5, send_sgi),            // ICC_SGI1R_EL1
    entry(3, 0, 12, 11, 6, send_no_sgi),         // ICC_ASGI1R_EL1
    entry(3, 0, 12, 11, 7, send_no_sgi),         // ICC_SGI0R_EL1
    entry(3, 0, 12, 12, 5, gic_enable),          // ICC_SRE_EL1
    entry(3, 3, 14, 2, 0, physical_timer),       // CNTP_TVAL_EL0
    entry(3, 3, 14, 2, 1, physical_timer),       // CNTP_CTL_EL0
    entry(3, 3, 14, 2, 2, physical_timer),       // CNTP_CVAL_EL0
    entry(3, 0, 1, 0, 1, auxiliary_control),     // ACTLR_EL1
    entry(3, 0, 10, 4, 0, kernel_only),          // LORSA_EL1
    entry(3, 0, 10, 4, 1, kernel_only),          // LOREA_EL1
    entry(3, 0, 10, 4, 2, kernel_only),          // LORN_EL1
    entry(3, 0, 10, 4, 3, kernel_only),          // LORC_EL1
    entry(3, 0, 10, 4, 7, kernel_only),          // LORID_EL1
    entry(1, 0, 7, 6, 2, set_and_way),           // DC ISW
    entry(1, 0, 7, 10, 2, set_and_way),          // DC CSW
    entry(1, 0, 7, 14, 2, set_and_way),          // DC CISW
    // Debug: nothing in it works, and its lock is open.
    entry(2, 0, 1, 0, 4, write_only),            // OSLAR_EL1
    entry(2, 0, 1, 1, 4, os_lock_status),        // OSLSR_EL1
    entry(2, 0, 1, 3, 4, ignore),                // OSDLR_EL1
    entry(2, 0, 1, 4, 4, ignore),                // DBGPRCR_EL1
    entry(2, 0, 0, 2, 2, ignore),                // MDSCR_EL1
    entry(2, 0, 0, 2, 0, ignore),                // MDCCINT_EL1
    entry(2, 0, 0, 0, 2, ignore),                // OSDTRRX_EL1
    entry(2, 0, 0, 3, 2, ignore),                // OSDTRTX_EL1
    entry(2, 0, 0, 6, 2, ignore),                // OSECCR_EL1
    entry(2, 0, 7, 8, 6, ignore),                // DBGCLAIMSET_EL1
    entry(2, 0, 7, 9, 6, ignore),                // DBGCLAIMCLR_EL1
    entry(2, 0, 7, 14, 6, ignore),               // DBGAUTHSTATUS_EL1
    entry(2, 0, 1, 0, 0, ignore),                // MDRAR_EL1
    entry(2, 3, 0, 1, 0, ignore),                // MDCCSR_EL0
    entry(2, 3, 0, 4, 0, ignore),                // DBGDTR_EL0
    entry(2, 3, 0, 5, 0, ignore),                // DBGDTRRX_EL0, DBGDTRTX_EL0
};

// Ranges: DBGBVR<n>, DBGBCR<n>, DBGWVR<n>, DBGWCR<n> (op2 4 to 7); performance monitors.
bool is_breakpoint(RegisterSyndrome s) { return s.op0() == 2 && s.op1() == 0 && s.crn() == 0 && s.op2() >= 4; }
bool is_monitor(RegisterSyndrome s) {
    bool common = s.op0() == 3 && s.crn() == 9 && s.crm() >= 12 && s.crm() <= 14 && (s.op1() == 3 || s.op1() == 0);
    return common || (s.op0() == 3 && s.op1() == 3 && s.crn() == 14 && s.crm() >= 8);
}
bool is_id(RegisterSyndrome s) { return s.op0() == 3 && s.op1() == 0 && s.crn() == 0 && s.crm() >= 1 && s.crm() <= 7; }

Handler find(RegisterSyndrome s) {
    for (const Entry& e : kEntries)
        if (e.key == s.key()) return e.handler;
    if (is_id(s)) return id_register;
    if (is_breakpoint(s)) return ignore;
    return is_monitor(s) ? kernel_only : nullptr;
}

void refuse(Vcpu& v, RegisterSyndrome s) {
    log::guest(log::Level::debug, "d%u v%u: %s of system register %u_%u_c%u_c%u_%u at %llx is undefined", v.domain->id.raw(), v.id.raw(),
               s.read() ? "read" : "write", s.op0(), s.op1(), s.crn(), s.crm(), s.op2(), static_cast<unsigned long long>(v.arch.regs.pc));
    inject_undefined(v, 4);
}

}  // namespace

void system_register(Vcpu& v, RegisterSyndrome s) {
    arch::GuestRegs& r = v.arch.regs;
    Handler h = find(s);
    u64 value = s.read() ? 0 : reg(r, s.reg());
    if (!h || !h(v, s, value)) return refuse(v, s);
    if (s.read()) set_reg(r, s.reg(), value);
    r.pc += 4;
}

}  // namespace xen::guest
