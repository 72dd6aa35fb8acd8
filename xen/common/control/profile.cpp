// SPDX-License-Identifier: MIT
// HYPERVISOR_xenoprof_op (public/xenoprof.h): sampling with OProfile. There is no counter driver behind it: no session
// can begin, and what belongs to a session is refused as to a domain that leads none.
#include <public/xenoprof.h>
#include <xen/control.hpp>

namespace xen::control {

Result<s64> xenoprof_op(u32 cmd, GuestInOut<void> arg) {
    if (cmd > XENOPROF_last_op) return Errno::inval;
    switch (cmd) {
    case XENOPROF_init: TRY(arg.copy_in<xenoprof_init>()); return Errno::nodev;
    case XENOPROF_get_buffer: TRY(arg.copy_in<xenoprof_get_buffer>()); return Errno::nodev;
    default: return Errno::perm;
    }
}

}  // namespace xen::control
