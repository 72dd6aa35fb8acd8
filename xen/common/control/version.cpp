// SPDX-License-Identifier: MIT
// HYPERVISOR_xen_version (public/version.h) and HYPERVISOR_vm_assist. The version reads 4.17, which the Debian
// tools look for; our name is in the extra version, the changeset and the compile information.
#include <asm/abi.hpp>
#include <public/features.h>
#include <public/version.h>
#include <xen/build_info.hpp>
#include <xen/control.hpp>
#include <xen/log.hpp>
#include <xen/option.hpp>
#include <xen/security.hpp>

#include "lib/string.hpp"

namespace xen::control {
namespace {

constexpr s64 kVersion = 4 << 16 | 17;
constexpr char kDenied[] = "<denied>";

template <usize N>
Status copy_text(GuestInOut<void> arg, Str s) {
    char text[N] = {};
    copy_string(text, N, s);
    return guest::copy_out(arg.raw(), text, N);
}

bool trusted() { return static_cast<bool>(security::may(security::Op::hypfs, current_domain())); }

Str shown(Str s) { return trusted() ? s : Str{kDenied}; }

Status compile_info(GuestInOut<void> arg) {
    xen_compile_info info{};
    copy_string(info.compiler, sizeof(info.compiler), shown(build_info::compiler));
    copy_string(info.compile_by, sizeof(info.compile_by), shown("xenith"));
    copy_string(info.compile_domain, sizeof(info.compile_domain), shown("xenith"));
    copy_string(info.compile_date, sizeof(info.compile_date), shown(build_info::date));
    return arg.copy_out(info);
}

constexpr u32 bit(unsigned feature) { return u32{1} << feature; }

u32 feature_word(const Domain& d) {
    u32 word = arch::kFeatures | bit(XENFEAT_memory_op_vnode_supported);
    word |= bit(arch::kAllDirectMapped || d.is_hardware ? XENFEAT_direct_mapped : XENFEAT_not_direct_mapped);
    if (d.vm_assist & bit(VMASST_TYPE_pae_extended_cr3)) word |= bit(XENFEAT_pae_pgdir_above_4gb);
    if (d.is_hardware) word |= bit(XENFEAT_dom0);
    return word;
}

Status get_feature(GuestInOut<void> arg) {
    auto info = TRY(arg.copy_in<xen_feature_info>());
    if (info.submap_idx >= XENFEAT_NR_SUBMAPS) return Errno::inval;
    info.submap = feature_word(current_domain());
    return arg.copy_out(info);
}

Result<s64> build_id(GuestInOut<void> arg) {
    if (!trusted()) return Errno::perm;
    Str id = build_info::id();
    if (id.empty()) return Errno::nodata;
    if (arg.is_null()) return static_cast<s64>(id.size());
    auto b = TRY(arg.copy_in<xen_build_id>());
    if (b.len == 0) return Errno::inval;
    if (b.len < id.size()) return Errno::nobufs;
    TRY(guest::copy_out(arg.raw() + sizeof(b), id.data(), id.size()));
    return static_cast<s64>(id.size());
}

}  // namespace

namespace {

// Apart, for its frame on the stack.
[[gnu::noinline]] Result<s64> describe(u32 cmd, GuestInOut<void> arg) {
    switch (cmd) {
    case XENVER_extraversion: TRY(copy_text<sizeof(xen_extraversion_t)>(arg, shown(build_info::extra_version))); return 0;
    case XENVER_compile_info: TRY(compile_info(arg)); return 0;
    case XENVER_capabilities: TRY(copy_text<sizeof(xen_capabilities_info_t)>(arg, arch::kCapabilities)); return 0;
    case XENVER_changeset: TRY(copy_text<sizeof(xen_changeset_info_t)>(arg, shown(build_info::changeset))); return 0;
    case XENVER_platform_parameters: {
        xen_platform_parameters p{};
        p.virt_start = arch::kXenStart;
        TRY(arg.copy_out(p));
        return 0;
    }
    case XENVER_get_features: TRY(get_feature(arg)); return 0;
    case XENVER_pagesize: return arg.is_null() ? Result<s64>{static_cast<s64>(kPageSize)} : Errno::inval;
    case XENVER_guest_handle: {
        Domain& d = current_domain();
        TRY(guest::copy_out(arg.raw(), d.handle, sizeof(d.handle)));
        return 0;
    }
    case XENVER_commandline: TRY(copy_text<sizeof(xen_commandline_t)>(arg, shown(option::published()))); return 0;
    case XENVER_build_id: return build_id(arg);
    default: return Errno::nosys;
    }
}

}  // namespace

Result<s64> xen_version(u32 cmd, GuestInOut<void> arg) {
    if (cmd == XENVER_version) return kVersion;
    return describe(cmd, arg);
}

Result<s64> vm_assist(u32 cmd, u32 type) {
    if (type >= 64 || !(arch::kVmAssists >> type & 1)) return Errno::inval;
    Domain& d = current_domain();
    u64 flag = u64{1} << type;
    switch (cmd) {
    case VMASST_CMD_enable: __atomic_fetch_or(&d.vm_assist, flag, __ATOMIC_RELAXED); return 0;
    case VMASST_CMD_disable: __atomic_fetch_and(&d.vm_assist, ~flag, __ATOMIC_RELAXED); return 0;
    default: return Errno::nosys;
    }
}

}  // namespace xen::control
