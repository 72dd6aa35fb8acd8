// SPDX-License-Identifier: MIT
// What only real-mode code or boot services could have asked the firmware for. Boot is by multiboot: neither was there
// for us to ask, so the lists are empty.
#include "common/control/platform/platform_op.hpp"

namespace xen::control::platform_ops {

Status firmware_info(xenpf_firmware_info& x) {
    switch (x.type) {
    case XEN_FW_DISK_INFO:
    case XEN_FW_DISK_MBR_SIGNATURE:
    case XEN_FW_VBEDDC_INFO: return Errno::srch;
    case XEN_FW_EFI_INFO: return Errno::nosys;
    case XEN_FW_KBD_SHIFT_FLAGS:
        if (x.index) return Errno::srch;
        x.u.kbd_shift_flags = 0;
        return {};
    default: return Errno::inval;
    }
}

}  // namespace xen::control::platform_ops
