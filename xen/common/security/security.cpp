// SPDX-License-Identifier: MIT
// The access check: one rule an operation, judged by the chosen policy.
#include <xen/security.hpp>

#include <xen/config/xsm_silo.hpp>
#include <xen/log.hpp>

namespace xen::security {
namespace {

// Who may, by default.
enum class Rule : u8 {
    anyone,
    on_itself,       // the object is the caller, or the caller is privileged
    privileged,      // the control domain
    hardware,        // the control or hardware domain
    store,           // the above or the domain that runs the store
    peer,            // any two domains; silo separates unprivileged ones
};

Rule rule_of(Op op) {
    switch (op) {
    case Op::evtchn_interdomain:
    case Op::grant_map:
    case Op::grant_copy:
    case Op::grant_transfer: return Rule::peer;
    case Op::grant_unmap:
    case Op::version:
    case Op::memory_pin: return Rule::anyone;
    case Op::evtchn_unbound:
    case Op::evtchn_status:
    case Op::evtchn_reset:
    case Op::grant_setup:
    case Op::grant_query:
    case Op::memory_adjust:
    case Op::memory_stat:
    case Op::memory_exchange:
    case Op::physmap_add:
    case Op::physmap_remove:
    case Op::mmu_update:
    case Op::mmu_foreign:
    case Op::mmuext_foreign:
    case Op::va_mapping_other:
    case Op::schedop_remote_shutdown:
    case Op::resource_map:
    case Op::device_message: return Rule::on_itself;
    case Op::io_port:
    case Op::io_memory:
    case Op::pci_config:
    case Op::physdev:
    case Op::console_read:
    case Op::memory_map_firmware:
    case Op::mca: return Rule::hardware;
    case Op::domain_info: return Rule::store;
    default: return Rule::privileged;
    }
}

bool is_trusted(const Domain& d) { return d.is_privileged || d.is_hardware || d.is_special; }

// The caller counts, too: a toolstack may connect two domains that could not do it themselves.
bool silo_allows(const Domain& subject, const Domain& object) {
    return &subject == &object || is_trusted(subject) || is_trusted(object) || is_trusted(current_domain());
}

struct Policy {
    const char* name;
    bool (*peers)(const Domain&, const Domain&);
};
constexpr Policy kPolicies[] = {
    {"dummy", [](const Domain&, const Domain&) { return true; }},
    {"silo", silo_allows},
};
const Policy* policy = &kPolicies[0];

bool allowed(Rule rule, const Domain& subject, const Domain& object) {
    switch (rule) {
    case Rule::anyone: return true;
    case Rule::on_itself: return &subject == &object || subject.is_privileged;
    case Rule::privileged: return subject.is_privileged;
    case Rule::hardware: return subject.is_privileged || subject.is_hardware;
    case Rule::store: return subject.is_privileged || subject.is_store;
    default: return policy->peers(subject, object);
    }
}

}  // namespace

void init(Str name) {
    for (const Policy& p : kPolicies) {
        if (!(name == Str{p.name})) continue;
        if (p.peers == silo_allows && !config::xsm_silo) break;
        policy = &p;
        return;
    }
    log_warning("xsm=%.*s: there is no such policy here (dummy, silo); dummy it is", static_cast<int>(name.size()), name.data());
}

Str policy_name() { return policy->name; }

Status may(Op op, const Domain& subject, const Domain& object) {
    if (allowed(rule_of(op), subject, object)) [[likely]] return {};
    return Errno::perm;
}

Status may_open_port(const Domain& owner, DomId remote) {
    if (policy->peers == silo_allows) {
        DomainRef r = TRY(domain::find_or_self(remote));
        if (!policy->peers(owner, *r)) return Errno::perm;
    }
    return may(Op::evtchn_unbound, owner);
}

Status may(Op op, const Domain& object) { return may(op, current_domain(), object); }

}  // namespace xen::security
