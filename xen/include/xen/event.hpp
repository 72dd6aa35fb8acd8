// SPDX-License-Identifier: MIT
// Event channels, 2-level and FIFO: ports between domains, virtual and physical interrupts, IPIs, and ports whose
// other end is the hypervisor's own. Sending is callable from interrupt handlers (no lock below event_channel
// held); binding and closing only from hypercalls. A domain's ports are closed by kill_step, its tables freed by
// destroy_domain once nobody can reach the domain.
#pragma once

#include <xen/domain.hpp>
#include <xen/guest_access.hpp>

namespace xen::event {

void init();                                   // boot CPU, after the console: debug key e

Status init_domain(Domain& d, u32 max_port);   // ports above max_port: Errno::nospc
void destroy_domain(Domain& d);                // after kill_step, or when creation failed; its vCPUs still exist or are gone
Status init_vcpu(Vcpu& v);
void destroy_vcpu(Vcpu& v);                    // after kill_step
Status kill_step(Domain& d);                   // closes ports of a dying domain; Errno::restart between batches

void send_vcpu_virq(Vcpu& v, u32 virq);        // timer, debug
void send_global_virq(Domain& d, u32 virq);    // console, dom_exc, ...
void send_host_virq(u32 virq);                 // to the domain that handles it (hardware or control domain)
Status set_virq_handler(Domain& d, u32 virq);
void send_pirq(Domain& d, u32 pirq);
Status send(Domain& from, Port port);          // EVTCHNOP_send by the hypervisor on a domain's behalf

// Ports whose local end is the hypervisor's: notify runs when the remote domain sends, with no lock held.
Result<Port> alloc_unbound_for_xen(Domain& d, VcpuId v, DomId remote, void (*notify)(Vcpu&, Port));
Status notify_via_xen_port(Domain& d, Port port);
void free_xen_port(Domain& d, Port port);

// The upcall: pending and not masked, so that an event bounce must be built on entry.
inline bool upcall_due(const Vcpu& v) {
    return v.info && shared_load(v.info->evtchn_upcall_pending) && !arch::upcall_masked(*v.info);
}
inline bool upcall_pending(const Vcpu& v) { return v.info && shared_load(v.info->evtchn_upcall_pending); }
// For SCHEDOP_poll.
bool port_valid(const Domain& d, Port port);
bool port_pending(const Domain& d, Port port);

void vcpu_info_moved(Vcpu& v);                 // VCPUOP_register_vcpu_info happened: everything is pending once
void migrate_pirqs(Vcpu& v);                   // the vCPU moved: interrupts follow

Status event_channel_op(u32 cmd, GuestInOut<void> arg);
Status event_channel_op_compat(GuestInOut<void> op);

}  // namespace xen::event
