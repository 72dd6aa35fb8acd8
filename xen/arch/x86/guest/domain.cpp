// SPDX-License-Identifier: MIT
// The x86 stations of a domain's life.
#include <asm/mm.hpp>
#include <asm/pv.hpp>
#include <xen/arch_domain.hpp>

#include "arch/x86/mm/own_pages.hpp"

namespace xen::arch {

Status init_domain(Domain& d, const domain::CreateInfo&) {
    d.arch.own_pages_end = mm::OwnPages::end_of_memory();
    init_tsc(d);
    return d.is_idle ? Status{} : pv::init_domain(d);
}

void destroy_domain(Domain& d) {
    pv::destroy_domain(d);
    heap::release(std::exchange(d.arch.e820, nullptr));
    mm::free_perdomain(d);
}

Status init_vcpu(Vcpu& v) {
    return v.domain->is_idle ? mm::init_perdomain_vcpu(v) : pv::init_vcpu(v);
}

void destroy_vcpu(Vcpu& v) { pv::destroy_vcpu(v); }

Status relinquish(Domain& d) { return mm::relinquish(d); }

}  // namespace xen::arch
