// SPDX-License-Identifier: MIT
// What can only be added to a machine by its firmware's hands: CPUs, memory, microcode. Nothing is added; requests
// that could not be meant are told from those that this build has no way to serve.
#include <xen/cpumask.hpp>

#include "common/control/platform/platform_op.hpp"

namespace xen::control::platform_ops {

Status add_cpu(const xenpf_cpu_hotadd& x) {
    constexpr u32 kIds = kMaxCpus * 4 > 256 ? kMaxCpus * 4 : 256, kDomains = 256;
    return x.apic_id >= kIds || x.acpi_id >= kIds || x.pxm >= kDomains ? Errno::inval : Errno::nodev;
}

Status add_memory(const xenpf_mem_hotadd& x) { return x.spfn >= x.epfn ? Errno::inval : Errno::nodev; }

// The data is read as a loader would; that there is no loader comes after.
Status load_microcode(const xenpf_microcode_update& x) {
    constexpr u32 kLargest = 64 << 20;
    if (x.length > kLargest) return Errno::nomem;   // as a copy of it would end
    u8 piece[256];
    u64 from = reinterpret_cast<u64>(x.data.p);
    for (u32 done = 0; done < x.length;) {
        u32 n = x.length - done < sizeof(piece) ? x.length - done : static_cast<u32>(sizeof(piece));
        TRY(guest::copy_in(piece, from + done, n));
        done += n;
    }
    return Errno::nodev;
}

}  // namespace xen::control::platform_ops
