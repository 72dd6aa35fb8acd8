// SPDX-License-Identifier: MIT
#include "common/hypercall/table.hpp"

#include <xen/config/grant_table.hpp>
#include <xen/config/hypfs.hpp>
#include <xen/control.hpp>
#include <xen/console.hpp>
#include <xen/event.hpp>
#include <xen/grant.hpp>
#include <xen/sched.hpp>

#include "common/hypercall/multicall.hpp"

namespace xen::hypercall {
namespace {

#define XEN_HYPERCALLS(X)                                          \
    X(__HYPERVISOR_sched_op_compat, sched::sched_op_compat)        \
    X(__HYPERVISOR_platform_op, control::platform_op)              \
    X(__HYPERVISOR_memory_op, memory::memory_op)                   \
    X(__HYPERVISOR_multicall, multicall)                           \
    X(__HYPERVISOR_xen_version, control::xen_version)              \
    X(__HYPERVISOR_console_io, console::console_io)                \
    X(__HYPERVISOR_vm_assist, control::vm_assist)                  \
    X(__HYPERVISOR_vcpu_op, sched::vcpu_op)                        \
    X(__HYPERVISOR_xsm_op, control::xsm_op)                        \
    X(__HYPERVISOR_sched_op, sched::sched_op)                      \
    X(__HYPERVISOR_event_channel_op, event::event_channel_op)      \
    X(__HYPERVISOR_sysctl, control::sysctl)                        \
    X(__HYPERVISOR_domctl, control::domctl)

constexpr Table build() {
    Table n;
    for (Entry& e : n.entries) e = {unknown, unknown, nullptr, 0};   // g++ 12 forgets the members' own values for some
#define XEN_ENTRY(number, handler) n.entries[number] = entry<handler>(&(#number)[sizeof("__HYPERVISOR_") - 1]);
    XEN_HYPERCALLS(XEN_ENTRY)
    XEN_ARCH_HYPERCALLS(XEN_ENTRY)
#define XEN_NESTED(number, handler) n.entries[number].nested = entry<handler>(nullptr).nested;
    XEN_ARCH_NESTED(XEN_NESTED)
#undef XEN_NESTED
    if constexpr (config::grant_table) {
        XEN_ENTRY(__HYPERVISOR_grant_table_op, grant::grant_table_op)
    }
    if constexpr (config::hypfs) {
        XEN_ENTRY(__HYPERVISOR_hypfs_op, control::hypfs_op)
    }
#undef XEN_ENTRY
    return n;
}

constexpr std::array<Call, kNumbers> list_calls() {
    std::array<Call, kNumbers> c{};
    const Table t = build();
    for (unsigned i = 0; i < kNumbers; ++i) c[i] = t.entries[i].call;
    return c;
}

}  // namespace

s64 unknown(u64, u64, u64, u64, u64, u64) { return abi_error(Errno::nosys); }

constinit const Table table = build();
constinit const std::array<Call, kNumbers> calls = list_calls();

}  // namespace xen::hypercall
