// SPDX-License-Identifier: MIT
// SErrors: errors that no instruction waits for.
#include <asm/serror.hpp>

#include <asm/guest_el1.hpp>
#include <asm/trap.hpp>
#include <xen/assert.hpp>
#include <xen/log.hpp>

namespace xen::guest {

const char* name_of(Harm h) {
    switch (h) {
    case Harm::none: return "corrected";
    case Harm::contained: return "contained";
    case Harm::uncontained: return "uncontained";
    default: return "of unknown extent";
    }
}

}  // namespace xen::guest

using namespace xen;

// The guest takes it when it unmasks SErrors (HCR_EL2.VSE, ARM D19.2.48); the processor takes the bit back.
extern "C" void arm_guest_serror(u64 esr) {
    constexpr u64 kVse = u64{1} << 8;
    using ull = unsigned long long;
    Vcpu& v = current();
    guest::Harm h = guest::harm_of(esr);
    switch (guest::action_for(h, true)) {
    case guest::SerrorAction::panic:
        panic("SError while d%u v%u ran at %llx: %s, ESR_EL2 %llx", v.domain->id.raw(), v.id.raw(), ull{v.arch.regs.pc}, guest::name_of(h), ull{esr});
    case guest::SerrorAction::tell_guest: arch::set_guest_hcr(v.arch.hcr | kVse); [[fallthrough]];
    case guest::SerrorAction::go_on:
        log_guest("d%u v%u: SError, %s, ESR_EL2 %llx at %llx", v.domain->id.raw(), v.id.raw(), guest::name_of(h), ull{esr}, ull{v.arch.regs.pc});
    }
}
