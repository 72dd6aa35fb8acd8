// SPDX-License-Identifier: MIT
// What a guest's synchronous exception means, by its class.
#include <asm/guest_el1.hpp>
#include <asm/trap.hpp>
#include <asm/vgic.hpp>
#include <xen/hypercall.hpp>
#include <xen/log.hpp>
#include <xen/sched.hpp>
#include <xen/softirq.hpp>

#include "arch/arm/guest/handlers.hpp"
#include "arch/arm/guest/registers.hpp"

namespace xen::guest {
namespace {

using Handler = void (*)(Vcpu&, Syndrome);

void undefined(Vcpu& v, Syndrome s) { inject_undefined(v, s.instruction_bytes()); }

// A class that no configuration of ours brings here.
void unexpected(Vcpu& v, Syndrome s) {
    log_guest("d%u v%u: unexpected trap, ESR_EL2 %llx at %llx", v.domain->id.raw(), v.id.raw(), static_cast<unsigned long long>(s.raw),
              static_cast<unsigned long long>(v.arch.regs.pc));
    undefined(v, s);
}

// Whoever blocks does so with its flag set before it looks: an interrupt that is pending by then ends the wait.
void wake_if_pending(Vcpu& v) {
    if (sched::is_blocked(v) && !sched::is_polling(v) && vgic::pending(v)) sched::wake(v);
}

void wait(Vcpu& v, Syndrome s) {
    v.arch.regs.pc += s.instruction_bytes();
    if (s.bit(0)) return sched::yield();   // WFE, WFET: somebody else may hold what it waits for
    wait_for_interrupt(v);
}

void hvc(Vcpu& v, Syndrome s) {
    if (s.immediate() == XEN_HYPERCALL_TAG && !in_user_mode(v.arch.regs)) [[likely]] {
        hypercall::from_guest(v);
        if (softirq::pending()) [[unlikely]] wake_if_pending(v);   // to block asks for the scheduler
        return;
    }
    if (s.immediate() == 0) return smccc_call(v);
    // The preferred return address of HVC is behind it; an undefined instruction's is the instruction.
    v.arch.regs.pc -= 4;
    undefined(v, s);
}

// Trapped before it executes: its address is the instruction's own.
void smc(Vcpu& v, Syndrome s) {
    if (s.immediate() != 0) return undefined(v, s);
    v.arch.regs.pc += 4;
    smccc_call(v);
}

struct Table {
    Handler by_class[64];
};

constexpr Table make_table() {
    Table t;
    for (Handler& h : t.by_class) h = unexpected;
    auto set = [&](Class c, Handler h) { t.by_class[static_cast<u8>(c)] = h; };
    for (Class c : {Class::unknown, Class::cp15, Class::cp15_pair, Class::cp14, Class::cp14_transfer, Class::fp, Class::vmrs, Class::pauth,
                    Class::cp14_pair, Class::sve, Class::hvc32, Class::smc32})
        set(c, undefined);
    set(Class::wfx, wait);
    set(Class::hvc64, hvc);
    set(Class::smc64, smc);
    set(Class::system_register, [](Vcpu& v, Syndrome s) { system_register(v, RegisterSyndrome{s}); });
    set(Class::data_abort, [](Vcpu& v, Syndrome s) { data_abort(v, AbortSyndrome{s}); });
    set(Class::instruction_abort, [](Vcpu& v, Syndrome s) { instruction_abort(v, AbortSyndrome{s}); });
    return t;
}

constinit const Table table = make_table();

}  // namespace

void wait_for_interrupt(Vcpu& v) {
    if (vgic::pending(v)) return;
    sched::block();
    wake_if_pending(v);
}

}  // namespace xen::guest

using namespace xen;

extern "C" void arm_guest_sync(u64 esr) {
    guest::Syndrome s{esr};
    if (s.ec() == guest::Class::hvc64) [[likely]] return guest::hvc(current(), s);
    guest::table.by_class[static_cast<u8>(s.ec())](current(), s);
}
