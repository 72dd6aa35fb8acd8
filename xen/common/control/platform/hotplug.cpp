// SPDX-License-Identifier: MIT
// What can only be added to a machine by its firmware's hands: CPUs and memory are not, requests that could not be meant are
// told from those that this build has no way to serve; microcode is.
#include <xen/heap.hpp>
#include <xen/cpumask.hpp>

#include "common/control/platform/platform_op.hpp"

namespace xen::control::platform_ops {

Status add_cpu(const xenpf_cpu_hotadd& x) {
    constexpr u32 kIds = kMaxCpus * 4 > 256 ? kMaxCpus * 4 : 256, kDomains = 256;
    return x.apic_id >= kIds || x.acpi_id >= kIds || x.pxm >= kDomains ? Errno::inval : Errno::nodev;
}

Status add_memory(const xenpf_mem_hotadd& x) { return x.spfn >= x.epfn ? Errno::inval : Errno::nodev; }

Status load_microcode(const xenpf_microcode_update& x) {
    constexpr u32 kLargest = 64 << 20;
    if (x.length > kLargest) return Errno::nomem;   // as a copy of it would end
    auto data = TRY(Array<u8>::create(x.length));
    TRY(guest::copy_in(data.data(), reinterpret_cast<u64>(x.data.p), x.length));
    return arch::update_microcode({data.data(), data.size()});
}

}  // namespace xen::control::platform_ops
