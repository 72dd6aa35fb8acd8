// SPDX-License-Identifier: MIT
// The Arm stations of a domain's life.
#include <asm/cpu.hpp>
#include <asm/gic.hpp>
#include <asm/p2m.hpp>
#include <asm/trap.hpp>
#include <asm/vgic.hpp>
#include <asm/vtimer.hpp>
#include <asm/vuart.hpp>
#include <public/hvm/params.h>
#include <xen/arch_domain.hpp>

#include "arch/arm/control/board.hpp"
#include "arch/arm/mm/relinquish.hpp"

namespace xen::arch {
namespace {

// HVM_PARAM_CALLBACK_IRQ: the PPI of the event upcall, level, active low.
u64 callback(unsigned ppi) {
    constexpr unsigned kTypeShift = 56, kFlagShift = 8;
    return u64{HVM_PARAM_CALLBACK_TYPE_PPI} << kTypeShift | u64{HVM_PARAM_CALLBACK_TYPE_PPI_FLAG_LOW_LEVEL} << kFlagShift | ppi;
}

}  // namespace

Status init_domain(Domain& d, const domain::CreateInfo& info) {
    if (d.is_idle) return {};
    d.arch.counter_offset = read_counter();
    d.arch.direct_map = info.hardware || info.direct_map;
    TRY(p2m::init(d));
    vgic::Layout layout = board::interrupt_controller(info);
    d.arch.params[HVM_PARAM_CALLBACK_IRQ] = callback(layout.event_interrupt);
    return vgic::init_domain(d, board::version(), layout);
}

void destroy_domain(Domain& d) {
    if (d.arch.uart) vuart::destroy_domain(d);
    vgic::destroy_domain(d);
    p2m::destroy(d);
}

Status init_vcpu(Vcpu& v) {
    if (v.is_idle()) return {};
    TRY(vgic::init_vcpu(v));
    TRY(vtimer::init_vcpu(v));
    guest::reset_vcpu(v);
    return {};
}

void destroy_vcpu(Vcpu& v) {
    if (v.is_idle()) return;
    vtimer::destroy_vcpu(v);
    vgic::destroy_vcpu(v);
}

Status relinquish(Domain& d) {
    vuart::release_page(d);
    return mm::relinquish(d);
}

}  // namespace xen::arch
