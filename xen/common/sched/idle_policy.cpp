// SPDX-License-Identifier: MIT
#include "common/sched/idle_policy.hpp"

namespace xen::sched {

namespace {

class IdlePolicy final : public SchedPolicy {
public:
    u32 id() const override { return 0; }
    void destroy() override {}
    Status add_cpu(CpuId) override { return {}; }
    void remove_cpu(CpuId) override {}
    Result<PolicyDomain*> add_domain() override { return Errno::inval; }
    void remove_domain(PolicyDomain*) override {}
    Result<PolicyUnit*> make_unit(PolicyDomain*) override { return Errno::inval; }
    void free_unit(PolicyUnit*) override {}
    void insert_unit(Entity&, PolicyDomain*, PolicyUnit*) override {}
    PolicyUnit* remove_unit(Entity&) override { return nullptr; }
    CpuId place(const Entity& e) override { return e.home(); }
    void account(Nanos) override {}
    void wake(Entity&, Nanos) override {}
    void sleep(Entity&) override {}
    bool yield(Entity&) override { return false; }
    Decision pick(CpuId, Entity*, bool, Nanos) override { return {}; }
    Status parameters(PolicyDomain*, xen_domctl_scheduler_op&) override { return Errno::inval; }
    Status parameters(xen_sysctl_scheduler_op&) override { return Errno::inval; }
};

constinit IdlePolicy the_idle_policy{};

}  // namespace

SchedPolicy& idle_policy() { return the_idle_policy; }

}  // namespace xen::sched
