// SPDX-License-Identifier: MIT
#include "arch/x86/control/live_patch.hpp"

#include <xen/guest_access.hpp>

namespace xen::arch {
namespace {

constexpr u32 kMostListed = 1024, kFirstVersion = 1;

Status check_name(const xen_livepatch_name& n) {
    if (!n.size || n.size > XEN_LIVEPATCH_NAME_SIZE || n.pad[0] || n.pad[1] || n.pad[2]) return Errno::inval;
    char text[XEN_LIVEPATCH_NAME_SIZE];
    TRY(guest::copy_in(text, reinterpret_cast<u64>(n.name.p), n.size));
    return text[n.size - 1] ? Errno::inval : Status{};
}

Status find(const xen_livepatch_name& n) {
    TRY(check_name(n));
    return Errno::noent;
}

Status upload(const xen_sysctl_livepatch_upload& x) {
    if (!x.size) return Errno::inval;
    TRY(check_name(x.name));
    return Errno::opnotsupp;
}

Status list(xen_sysctl_livepatch_list& x) {
    if (x.nr > kMostListed) return Errno::toobig;
    if (x.pad) return Errno::inval;
    x.version = kFirstVersion;
    x.nr = 0;
    x.name_total_size = x.metadata_total_size = 0;
    return {};
}

}  // namespace

Status live_patch(xen_sysctl_livepatch_op& x) {
    if (x.pad) return Errno::inval;
    switch (x.cmd) {
    case XEN_SYSCTL_LIVEPATCH_UPLOAD: return upload(x.u.upload);
    case XEN_SYSCTL_LIVEPATCH_GET: return find(x.u.get.name);
    case XEN_SYSCTL_LIVEPATCH_LIST: return list(x.u.list);
    case XEN_SYSCTL_LIVEPATCH_ACTION: return find(x.u.action.name);
    default: return Errno::opnotsupp;
    }
}

}  // namespace xen::arch
