// SPDX-License-Identifier: MIT
// What the log calls the operations: as public/memory.h does.
#include "common/memory/op/op.hpp"
#include "lib/operation_name.hpp"

namespace xen::memory {
namespace {

#define MEMORY(name) {XENMEM_##name, #name}
constexpr OperationName kNames[] = {
    MEMORY(increase_reservation), MEMORY(decrease_reservation), MEMORY(populate_physmap), MEMORY(exchange),
    MEMORY(maximum_ram_page), MEMORY(current_reservation), MEMORY(maximum_reservation), MEMORY(maximum_gpfn),
    MEMORY(machphys_mfn_list), MEMORY(machphys_compat_mfn_list), MEMORY(machphys_mapping),
    MEMORY(add_to_physmap), MEMORY(add_to_physmap_batch), MEMORY(remove_from_physmap), MEMORY(memory_map),
    MEMORY(machine_memory_map), MEMORY(set_memory_map), MEMORY(set_pod_target), MEMORY(get_pod_target),
    MEMORY(get_sharing_freed_pages), MEMORY(get_sharing_shared_pages), MEMORY(paging_op), MEMORY(access_op),
    MEMORY(sharing_op), MEMORY(claim_pages), MEMORY(reserved_device_memory_map), MEMORY(acquire_resource),
    MEMORY(get_vnumainfo),
};

}  // namespace

const char* op_name(u64 number) { return operation_name(kNames, number); }

}  // namespace xen::memory
