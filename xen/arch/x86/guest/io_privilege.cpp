// SPDX-License-Identifier: MIT
// Virtual I/O privilege of a PV vCPU: an IOPL that the hypervisor remembers, and a port bitmap in guest memory.
#include <xen/domain.hpp>

#include "common/control/physdev/physdev.hpp"

namespace xen::arch {

Status set_iopl(u32 level) {
    if (level > 3) return Errno::inval;
    current().arch.iopl = static_cast<u8>(level);
    return {};
}

Status set_io_bitmap(u64 bitmap, u32 ports) {
    if (ports > 65536 || !guest_range_ok(bitmap, (ports + 7) / 8)) return Errno::inval;
    ArchVcpu& v = current().arch;
    v.io_bitmap = bitmap;
    v.io_bitmap_ports = ports;
    return {};
}

}  // namespace xen::arch
