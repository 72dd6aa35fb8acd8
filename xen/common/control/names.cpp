// SPDX-License-Identifier: MIT
#include "common/control/names.hpp"

#include <public/domctl.h>
#include <public/sysctl.h>

#include "lib/operation_name.hpp"

namespace xen::control {
namespace {

#define DOMCTL(name) {XEN_DOMCTL_##name, #name}
constexpr OperationName kDomctls[] = {
    DOMCTL(createdomain), DOMCTL(destroydomain), DOMCTL(pausedomain), DOMCTL(unpausedomain),
    DOMCTL(getdomaininfo), DOMCTL(setvcpuaffinity), DOMCTL(shadow_op), DOMCTL(max_mem), DOMCTL(setvcpucontext),
    DOMCTL(getvcpucontext), DOMCTL(getvcpuinfo), DOMCTL(max_vcpus), DOMCTL(scheduler_op),
    DOMCTL(setdomainhandle), DOMCTL(setdebugging), DOMCTL(irq_permission), DOMCTL(iomem_permission),
    DOMCTL(ioport_permission), DOMCTL(hypercall_init), DOMCTL(soft_reset_cont), DOMCTL(settimeoffset),
    DOMCTL(getvcpuaffinity), DOMCTL(resumedomain), DOMCTL(sendtrigger), DOMCTL(subscribe),
    DOMCTL(gethvmcontext), DOMCTL(sethvmcontext), DOMCTL(set_address_size), DOMCTL(get_address_size),
    DOMCTL(assign_device), DOMCTL(bind_pt_irq), DOMCTL(memory_mapping), DOMCTL(ioport_mapping),
    DOMCTL(set_ext_vcpucontext), DOMCTL(get_ext_vcpucontext), DOMCTL(test_assign_device), DOMCTL(set_target),
    DOMCTL(deassign_device), DOMCTL(unbind_pt_irq), DOMCTL(get_device_group), DOMCTL(debug_op),
    DOMCTL(gethvmcontext_partial), DOMCTL(vm_event_op), DOMCTL(mem_sharing_op), DOMCTL(gettscinfo),
    DOMCTL(settscinfo), DOMCTL(getpageframeinfo3), DOMCTL(setvcpuextstate), DOMCTL(getvcpuextstate),
    DOMCTL(set_access_required), DOMCTL(audit_p2m), DOMCTL(set_virq_handler), DOMCTL(set_broken_page_p2m),
    DOMCTL(setnodeaffinity), DOMCTL(getnodeaffinity), DOMCTL(cacheflush), DOMCTL(get_vcpu_msrs),
    DOMCTL(set_vcpu_msrs), DOMCTL(setvnumainfo), DOMCTL(psr_cmt_op), DOMCTL(monitor_op), DOMCTL(psr_alloc),
    DOMCTL(soft_reset), DOMCTL(vuart_op), DOMCTL(get_cpu_policy), DOMCTL(set_cpu_policy), DOMCTL(vmtrace_op),
    DOMCTL(get_paging_mempool_size), DOMCTL(set_paging_mempool_size), DOMCTL(gdbsx_guestmemio),
    DOMCTL(gdbsx_pausevcpu), DOMCTL(gdbsx_unpausevcpu), DOMCTL(gdbsx_domstatus),
};

#define SYSCTL(name) {XEN_SYSCTL_##name, #name}
constexpr OperationName kSysctls[] = {
    SYSCTL(readconsole), SYSCTL(tbuf_op), SYSCTL(physinfo), SYSCTL(sched_id), SYSCTL(perfc_op),
    SYSCTL(getdomaininfolist), SYSCTL(debug_keys), SYSCTL(getcpuinfo), SYSCTL(availheap), SYSCTL(get_pmstat),
    SYSCTL(cpu_hotplug), SYSCTL(pm_op), SYSCTL(page_offline_op), SYSCTL(lockprof_op), SYSCTL(cputopoinfo),
    SYSCTL(numainfo), SYSCTL(cpupool_op), SYSCTL(scheduler_op), SYSCTL(coverage_op), SYSCTL(psr_cmt_op),
    SYSCTL(pcitopoinfo), SYSCTL(psr_alloc), SYSCTL(get_cpu_levelling_caps), SYSCTL(get_cpu_featureset),
    SYSCTL(livepatch_op), SYSCTL(get_cpu_policy),
};

}  // namespace

const char* domctl_name(u32 number) { return operation_name(kDomctls, number); }
const char* sysctl_name(u32 number) { return operation_name(kSysctls, number); }

}  // namespace xen::control
