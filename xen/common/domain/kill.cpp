// SPDX-License-Identifier: MIT
// Death: in steps that yield, until nothing of the domain is held; the memory of the Domain follows when the last
// reference to it is gone and every CPU has forgotten it (RCU).
#include <public/xen.h>
#include <xen/arch_domain.hpp>
#include <xen/console.hpp>
#include <xen/terminal.hpp>
#include <xen/event.hpp>
#include <xen/grant.hpp>
#include <xen/irq.hpp>
#include <xen/kept_page.hpp>
#include <xen/log.hpp>
#include <xen/memory.hpp>
#include <xen/rangeset.hpp>
#include <xen/sched.hpp>
#include <xen/trace.hpp>

#include "common/domain/free.hpp"
#include "common/domain/registry.hpp"

namespace xen {

void DomainRef::reset() {
    Domain* d = std::exchange(d_, nullptr);
    if (!d || d->refs.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    domain::delist(*d);
    rcu::call(d->rcu, [](rcu::Head* head) {
        domain::free_parts(*reinterpret_cast<Domain*>(reinterpret_cast<char*>(head) - offsetof(Domain, rcu)));
    });
}

namespace domain {
namespace {

// A registered vcpu_info lies in the guest's memory: its page goes back.
void unmap_vcpu_info(Vcpu& v) {
    if (!v.info_mfn) return;
    v.info_mfn = nothing;
    kept_page::close(std::exchange(v.info, nullptr));
}

void unmap_eoi_map(Domain& d) {
    if (!d.pirq_eoi_map) return;
    PageInfo& p = page_of(*d.pirq_eoi_map);
    d.pirq_eoi_map = nothing;
    put_page_and_type(p);
}

void mark_dying(Domain& d) {
    pause(d);
    {
        Guard g{d.lock};
        d.dying.store(Dying::dying, std::memory_order_release);
    }
    Guard g{d.page_lock};
    memory::set_claim(d, 0);
}

enum Stage : u8 { kAlive, kEvents, kGrants, kMemory, kDone };

void report_leaks(const Domain& d) {
    if (d.tot_pages)
        log_debug("d%u: dead with %lu pages still mapped by others", d.id.raw(), d.tot_pages);
}

}  // namespace

void free_vcpu(Vcpu& v) {
    sched::destroy_vcpu(v);
    event::destroy_vcpu(v);
    arch::destroy_vcpu(v);
    Box<Vcpu>::adopt(&v).reset();
}

void free_parts(Domain& d) {
    for (u32 i = 0; i < d.vcpus.size(); ++i)
        if (Vcpu* v = std::exchange(d.vcpus[i], nullptr)) free_vcpu(*v);
    sched::destroy_domain(d);
    grant::destroy_domain(d);
    event::destroy_domain(d);
    console::destroy_domain(d);
    if (d.shared) {
        // Listed pages hold the domain: for a failed creation the reference count is not consulted any more.
        memory::unshare_heap_page(d.shared);
        memory::free_heap_pages(d.shared, Order{0});
    }
    arch::destroy_domain(d);
    for (RangeSet* set : {d.io_ports, d.io_memory, d.irqs})
        if (set) Box<RangeSet>::adopt(set).reset();
    d.~Domain();
    memory::free_heap_pages(&d, kDomainOrder);
}

Status kill(Domain& d) {
    switch (d.kill_stage) {
    case kAlive:
        mark_dying(d);
        d.kill_stage = kEvents;
        [[fallthrough]];
    case kEvents:
        TRY(event::kill_step(d));
        d.kill_stage = kGrants;
        [[fallthrough]];
    case kGrants:
        TRY(grant::kill_step(d));
        irq::release_domain(d);
        d.kill_stage = kMemory;
        [[fallthrough]];
    case kMemory:
        d.for_each_vcpu(unmap_vcpu_info);
        console::stop_serving(d);
        unmap_eoi_map(d);
        TRY(arch::relinquish(d));
        // The domain's hold on it ends, as on its other pages: a listed page keeps the Domain.
        memory::unshare_heap_page(d.shared);
        trace::put(TRC_DOM0_DOM_REM, d.id.raw());
        if (dom0 == &d) dom0 = nullptr;
        d.kill_stage = kDone;
        d.dying.store(Dying::dead, std::memory_order_release);
        report_leaks(d);
        event::send_host_virq(VIRQ_DOM_EXC);
        DomainRef::adopt(d).reset();  // the one of its creation
        return {};
    default: return {};
    }
}

}  // namespace domain
}  // namespace xen
