// SPDX-License-Identifier: MIT
// Domains that own frames but never run, and the idle domain that runs but owns none.
#include <xen/arch_domain.hpp>
#include <xen/assert.hpp>
#include <xen/memory.hpp>
#include <xen/rangeset.hpp>

#include "common/domain/free.hpp"
#include "lib/string.hpp"

namespace xen::domain {

Domain* dom0;
Domain* dom_io;
Domain* dom_xen;
Domain* idle;

namespace {

Domain* make(DomId id) {
    void* p = memory::allocate_heap_pages(kDomainOrder);
    bug_if(!p);
    memset(p, 0, kPageSize << kDomainOrder.raw());
    auto* d = ::new (p) Domain();
    d->id = id;
    d->is_special = true;
    for (RangeSet** set : {&d->io_ports, &d->io_memory, &d->irqs}) {
        *set = Box<RangeSet>::make().leak();
        bug_if(!*set);
    }
    return d;
}

}  // namespace

void init() {
    dom_io = make(kDomIo);
    dom_xen = make(kDomXen);
    bug_if(!dom_io->io_memory->add(0, ~u64{0}).ok());
    idle = make(kDomIdle);
    idle->is_special = false;
    idle->is_idle = true;
    auto slots = Array<Vcpu*>::create(kMaxCpus);
    bug_if(!slots);
    idle->vcpus = std::move(slots.value());
    idle->max_vcpus = kMaxCpus;
    bug_if(!arch::init_domain(*idle, {}).ok());
}

}  // namespace xen::domain
