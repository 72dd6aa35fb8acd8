// SPDX-License-Identifier: MIT
// What the control operations need of an architecture.
#pragma once

#include <public/domctl.h>
#include <public/sysctl.h>
#include <xen/domain.hpp>
#include <xen/guest_access.hpp>

namespace xen::arch {

struct Identity {
    char vendor[12];
    u32 family, model, stepping;
};
Identity identity();

u8 physical_address_bits();
u32 cpu_khz();
// Hardware capability words and PHYSCAP_* beyond the common ones.
void describe_machine(xen_sysctl_physinfo& x);

// Socket, core and thread of a CPU, as its APIC id has them.
struct Topology {
    u32 core, socket;
};
Topology topology_of(CpuId cpu);
// Not the first thread of its core. Compute units of AMD family 15h are cores.
bool is_second_thread(CpuId cpu);
u32 threads_per_core();
u32 cores_per_socket();

// Operations that are the architecture's. `changed` is set when the structure goes back to the caller.
// Errno::nosys for commands it does not know.
Status sysctl(xen_sysctl& op, bool& changed);
Status domctl(xen_domctl& op, Domain& d, bool& changed);

// A domain of this configuration can be made (XEN_DOMCTL_createdomain); Errno::inval with a log line. Tells the caller what
// was left to us to choose.
Status check_create(xen_domctl_createdomain& x);
Status set_vcpu_context(Vcpu& v, u64 guest_address);
Status reset_vcpu(Vcpu& v);                              // down, to be initialised anew; Errno::restart
Status get_vcpu_context(Vcpu& v, u64 guest_address);

}  // namespace xen::arch
