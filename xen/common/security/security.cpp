// SPDX-License-Identifier: MIT
// The access check: one rule an operation, judged by the chosen policy.
#include <xen/security.hpp>

#include <xen/config/xsm_silo.hpp>
#include <xen/log.hpp>
#include <xen/refusal.hpp>

namespace xen::security {
namespace {

bool is_trusted(const Domain& d) { return d.is_privileged || d.is_hardware || d.is_special; }

// The caller counts, too: a toolstack may connect two domains that could not do it themselves.
bool silo_allows(const Domain& subject, const Domain& object) {
    return &subject == &object || is_trusted(subject) || is_trusted(object) || is_trusted(current_domain());
}

struct Policy {
    const char* name;
    bool (*peers)(const Domain&, const Domain&);   // nullptr: any two
};
constexpr Policy kPolicies[] = {
    {"dummy", nullptr},
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
    default: return !policy->peers || policy->peers(subject, object);
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

Status judge(Rule rule, const Domain& subject, const Domain& object) {
    if (allowed(rule, subject, object)) [[likely]] return {};
    return refuse(Errno::perm, "policy %s does not let d%u do it to d%u", policy->name, subject.id.raw(), object.id.raw());
}

Status judge(Rule rule, const Domain& object) { return judge(rule, current_domain(), object); }

Status may_open_port(const Domain& owner, DomId remote) {
    if (policy->peers == silo_allows) {
        DomainRef r = TRY(domain::find_or_self(remote));
        if (!policy->peers(owner, *r)) return Errno::perm;
    }
    return may(Op::evtchn_unbound, owner);
}

}  // namespace xen::security
