// SPDX-License-Identifier: MIT
// HYPERVISOR_kexec_op (public/kexec.h). No area is reserved for a crash kernel and no image can be loaded, so this is
// what it answers with none loaded: the crash area is empty, there is nothing to run or to unload.
#include <public/kexec.h>
#include <xen/control.hpp>
#include <xen/security.hpp>

namespace xen::control {
namespace {

bool known_type(s64 type) { return type == KEXEC_TYPE_DEFAULT || type == KEXEC_TYPE_CRASH; }

Result<s64> execute(GuestInOut<void> arg) {
    auto x = TRY(arg.copy_in<xen_kexec_exec>());
    return known_type(x.type) ? Errno::noent : Errno::inval;
}

Result<s64> load(GuestInOut<void> arg) {
    TRY(arg.copy_in<xen_kexec_load>());
    return Errno::inval;
}

Result<s64> load_v1(GuestInOut<void> arg) {
    TRY(arg.copy_in<xen_kexec_load_v1>());
    return Errno::inval;
}

template <class T>
Result<s64> nothing_loaded(GuestInOut<void> arg) {
    auto x = TRY(arg.copy_in<T>());
    return known_type(x.type) ? Result<s64>{0} : Errno::inval;
}

// ABI: of the type only the byte that the later form of the call has.
Result<s64> unload_v1(GuestInOut<void> arg) {
    auto x = TRY(arg.copy_in<xen_kexec_load_v1>());
    return known_type(static_cast<u8>(x.type)) ? Result<s64>{0} : Errno::inval;
}

Result<s64> range(GuestInOut<void> arg) {
    auto x = TRY(arg.copy_in<xen_kexec_range>());
    if (x.range != KEXEC_RANGE_MA_CRASH) return Errno::inval;
    x.start = x.size = 0;
    TRY(arg.copy_out(x));
    return 0;
}

}  // namespace

Result<s64> kexec_op(u64 cmd, GuestInOut<void> arg) {
    TRY(security::may(security::Op::kexec, current_domain()));
    switch (cmd) {
    case KEXEC_CMD_kexec: return execute(arg);
    case KEXEC_CMD_kexec_load_v1: return load_v1(arg);
    case KEXEC_CMD_kexec_unload_v1: return unload_v1(arg);
    case KEXEC_CMD_kexec_get_range: return range(arg);
    case KEXEC_CMD_kexec_load: return load(arg);
    case KEXEC_CMD_kexec_unload: return nothing_loaded<xen_kexec_unload>(arg);
    case KEXEC_CMD_kexec_status: return nothing_loaded<xen_kexec_status>(arg);
    default: return 0;  // ABI: an unknown command is no error here
    }
}

}  // namespace xen::control
