// SPDX-License-Identifier: MIT
// Aborts of stage 2: what another CPU has just mapped is tried again, devices that are emulated take the access, the rest is
// the guest's own mistake and becomes an abort at EL1.
#include <asm/errata.hpp>
#include <asm/fault.hpp>
#include <asm/guest_el1.hpp>
#include <asm/p2m.hpp>
#include <asm/trap.hpp>
#include <asm/vuart.hpp>
#include <xen/arch_guest_copy.hpp>
#include <xen/log.hpp>

#include "arch/arm/guest/decode.hpp"
#include "arch/arm/guest/handlers.hpp"
#include "arch/arm/guest/registers.hpp"
#include "arch/arm/guest/vgic/mmio.hpp"

namespace xen::guest {
namespace {

// HPFAR has the page, FAR the byte; a permission fault's page is found by stage 1 again (ARM D8.12.5, D19.2.61), and so is every
// page where the processor takes stage 1's faults for stage 2's. Nothing: stage 1 does not let the access through by now.
Maybe<Gaddr> faulting_address(AbortSyndrome s) {
    u64 far = arch::read_far();
    bool by_stage1 = s.fault() == Fault::permission;
    if (errata::active<errata::Workaround::ask_stage1>()) by_stage1 = true;
    if (by_stage1 && !s.on_walk()) return arch::guest_stage1(far, s.write());
    return Gaddr{(arch::read_hpfar() >> 4 << 12 & 0xffffffffff000) | page_offset(far)};
}

// Another CPU has mapped it since, or was about to change the entry.
bool mapped_meanwhile(const Vcpu& v, AbortSyndrome s, Gaddr at, bool write) {
    return s.fault() != Fault::external && p2m::is_mapped(*v.domain, at, write);
}

Outcome emulate(Vcpu& v, Access& a) {
    Outcome o = vgic::access(v, a);
    return o == Outcome::nobody ? vuart::access(*v.domain, a) : o;
}

u64 extend(u64 value, unsigned bytes, bool sign, bool wide) {
    unsigned shift = 64 - bytes * 8;
    u64 v = value << shift >> shift;
    if (sign) v = static_cast<u64>(static_cast<s64>(v << shift) >> shift);
    return wide ? v : v & 0xffffffff;
}

// One register's part of an instruction. The access is aligned, or no device register takes it.
[[gnu::always_inline]] inline bool transfer(Vcpu& v, u64 at, const Transfer& t, unsigned rt) {
    if (at & (t.bytes - 1u)) return false;
    arch::GuestRegs& r = v.arch.regs;
    Access a{at, extend(reg(r, rt), t.bytes, false, true), t.bytes, t.write};
    if (emulate(v, a) == Outcome::nobody) return false;
    if (!t.write) set_reg(r, rt, extend(a.value, t.bytes, t.sign_extends, t.wide));
    return true;
}

// The stack pointer in use is SP_EL0's stored one or, at EL1h, a register of the processor.
void add_to_base(arch::GuestRegs& r, unsigned rn, s64 offset) {
    if (rn < 31) r.x[rn] += static_cast<u64>(offset);
    else if (r.pstate & 1) arch::set_guest_sp_el1(arch::guest_sp_el1() + static_cast<u64>(offset));
    else r.sp += static_cast<u64>(offset);
}

// Both parts of a pair must lie in the page whose address is known.
bool by_instruction(Vcpu& v, u64 at) {
    arch::GuestRegs& r = v.arch.regs;
    u32 word = 0;
    if (in_aarch32(r) || !arch::copy_from_guest(&word, r.pc, sizeof(word))) return false;
    auto t = decode_transfer(word);
    if (!t || page_offset(at) + t->bytes * (t->is_pair() ? 2u : 1u) > kPageSize) return false;
    if (!transfer(v, at, *t, t->rt)) return false;
    if (t->is_pair() && !transfer(v, at + t->bytes, *t, t->rt2)) return false;
    if (t->write_back) add_to_base(r, t->rn, t->offset);
    return true;
}

bool by_syndrome(Vcpu& v, AbortSyndrome s, u64 at) {
    Transfer t;
    t.bytes = static_cast<u8>(s.bytes());
    t.write = s.write();
    t.sign_extends = s.sign_extends();
    t.wide = s.wide_register();
    return transfer(v, at, t, s.reg());
}

// Of an emulated device: there is nothing in a cache.
bool is_device(Vcpu& v, u64 at) { return vgic::owns(*v.domain, at) || vuart::owns(*v.domain, at); }

// What data_abort() has not done by the syndrome.
bool as_device(Vcpu& v, AbortSyndrome s, u64 at) {
    if (s.fault() != Fault::translation || s.on_walk() || (s.valid() && !s.cache_operation())) return false;
    return is_device(v, at) && (s.cache_operation() || by_instruction(v, at));
}

void report(const Vcpu& v, AbortSyndrome s, Maybe<Gaddr> at) {
    log::guest(log::Level::debug, "d%u v%u: abort at %llx, guest address %llx, ESR_EL2 %llx", v.domain->id.raw(), v.id.raw(),
               static_cast<unsigned long long>(v.arch.regs.pc), static_cast<unsigned long long>(at ? at->raw() : ~u64{0}),
               static_cast<unsigned long long>(s.raw));
}

}  // namespace

namespace {

[[gnu::noinline]] void other_data_abort(Vcpu& v, AbortSyndrome s) {
    if (s.fault() == Fault::external && s.far_not_valid()) return inject_data_abort(v, 0);
    u64 far = arch::read_far();
    Maybe<Gaddr> at = s.fault() == Fault::external ? Maybe<Gaddr>{} : faulting_address(s);
    if (at && as_device(v, s, at->raw())) {
        v.arch.regs.pc += s.instruction_bytes();
        return;
    }
    if (!at && s.fault() != Fault::external) return;   // it meets stage 1's own fault
    if (at && mapped_meanwhile(v, s, *at, s.write() && !s.cache_operation())) return;
    report(v, s, at);
    inject_data_abort(v, far);
}

}  // namespace

// Nearly all are accesses to devices that the syndrome describes.
void data_abort(Vcpu& v, AbortSyndrome s) {
    if (s.fault() == Fault::translation && !s.on_walk() && s.valid() && !s.cache_operation()) [[likely]] {
        Maybe<Gaddr> at = faulting_address(s);
        if (at && by_syndrome(v, s, at->raw())) [[likely]] {
            v.arch.regs.pc += s.instruction_bytes();
            return;
        }
    }
    other_data_abort(v, s);
}

void instruction_abort(Vcpu& v, AbortSyndrome s) {
    u64 far = arch::read_far();
    Maybe<Gaddr> at = s.fault() == Fault::external ? Maybe<Gaddr>{} : faulting_address(s);
    if (!at && s.fault() != Fault::external) return;
    if (at && mapped_meanwhile(v, s, *at, false)) return;
    report(v, s, at);
    inject_prefetch_abort(v, far);
}

}  // namespace xen::guest
