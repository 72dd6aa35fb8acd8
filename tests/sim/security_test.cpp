// SPDX-License-Identifier: MIT
// Who may do what: three domains on the simulated machine, one with all rights and two with none, under either policy;
// and each privileged operation asked for by one that may not.
#include <catch2/catch.hpp>

#include <asm/mm.hpp>
#include <public/arch-x86/xen-mca.h>
#include <public/domctl.h>
#include <public/event_channel.h>
#include <public/grant_table.h>
#include <public/hypfs.h>
#include <public/kexec.h>
#include <public/memory.h>
#include <public/physdev.h>
#include <public/platform.h>
#include <public/sched.h>
#include <public/sysctl.h>
#include <sim/machine.hpp>
#include <xen/memory.hpp>
#include <xen/rangeset.hpp>
#include <xen/security.hpp>

#include <memory>
#include <string>

#include "guest.hpp"

using namespace xen;
using sim::give_page;
using sim::kNobody;

namespace {

constexpr s64 kPerm = -EPERM, kNoDomain = -ESRCH;

class Policy {
public:
    explicit Policy(const char* name) { security::init(Str{name}); }
    ~Policy() { security::init("dummy"); }
    Policy(const Policy&) = delete;
};

// dom0 and two that have no rights, each with a page and a grant table.
class Three {
public:
    Three() {
        for (Domain* d : {&control, &a, &b}) {
            as(*d);
            tables_[index(*d)] = sim::grant_table();
        }
    }
    ~Three() {
        arch::set_current_vcpu(outer_);
        for (Domain* d : {&a, &b, &control}) sim::destroy_domain(*d);
    }
    void as(Domain& d) { sim::run_as(d); }
    template <class... Args>
    s64 call(u32 number, Args... args) {
        return sim::hypercall(number, static_cast<u64>(args)...);
    }
    Mfn page_of(Domain& d) const { return pages_[index(d)]; }

    s64 open_port(Domain& by, Domain& owner, u16 remote, u32& port) {
        as(by);
        evtchn_alloc_unbound op{&by == &owner ? u16{DOMID_SELF} : owner.id.raw(), remote, 0};
        s64 r = call(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, sim::address(op));
        port = op.port;
        return r;
    }
    s64 connect(Domain& by, Domain& to, u32 port) {
        as(by);
        evtchn_bind_interdomain op{to.id.raw(), port, 0};
        return call(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_interdomain, sim::address(op));
    }
    // A channel from end to end; 0, or what the first refusal was.
    s64 channel(Domain& from, Domain& to) {
        u32 port = 0;
        if (s64 r = open_port(from, from, to.id.raw(), port)) return r;
        return connect(to, from, port);
    }
    void grant(Domain& from, Domain& to, u32 ref) {
        tables_[index(from)][ref] = {GTF_permit_access, to.id.raw(), static_cast<u32>(page_of(from).raw())};
    }
    s16 map(Domain& from, Domain& to, u32 ref) {
        grant(from, to, ref);
        as(to);
        gnttab_map_grant_ref op{};
        op.flags = GNTMAP_device_map;
        op.ref = ref;
        op.dom = from.id.raw();
        REQUIRE(call(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, sim::address(op), 1) == 0);
        if (op.status != GNTST_okay) return op.status;
        gnttab_unmap_grant_ref un{};
        un.dev_bus_addr = op.dev_bus_addr;
        un.handle = op.handle;
        REQUIRE(call(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, sim::address(un), 1) == 0);
        return un.status;
    }
    // `by` copies from what `from` has granted to it into its own page.
    s16 copy(Domain& from, Domain& by, u32 ref) {
        grant(from, by, ref);
        as(by);
        gnttab_copy op{};
        op.source.domid = from.id.raw();
        op.source.u.ref = ref;
        op.flags = GNTCOPY_source_gref;
        op.dest.domid = DOMID_SELF;
        op.dest.u.gmfn = page_of(by).raw();
        op.len = 64;
        REQUIRE(call(__HYPERVISOR_grant_table_op, GNTTABOP_copy, sim::address(op), 1) == 0);
        return op.status;
    }
    s16 transfer(Domain& from, Domain& to) {
        as(from);
        gnttab_transfer op{};
        op.mfn = give_page(from).raw();
        op.domid = to.id.raw();
        op.ref = 9;
        REQUIRE(call(__HYPERVISOR_grant_table_op, GNTTABOP_transfer, sim::address(op), 1) == 0);
        return op.status;
    }

private:
    usize index(const Domain& d) const { return &d == &control ? 0 : &d == &a ? 1 : 2; }
    Vcpu* outer_ = (sim::start(), arch::current_vcpu());

public:
    Domain& control = sim::create_domain({.privileged = true});
    Domain& a = sim::create_domain();
    Domain& b = sim::create_domain();

private:
    grant_entry_v1* tables_[3]{};
    Mfn pages_[3]{give_page(control), give_page(a), give_page(b)};
};

}  // namespace

TEST_CASE("by default any two domains that agree may talk") {
    Three t;
    CHECK(t.channel(t.a, t.b) == 0);
    CHECK(t.channel(t.a, t.control) == 0);
    CHECK(t.channel(t.control, t.b) == 0);
    u32 port = 0;
    CHECK(t.open_port(t.a, t.a, kNobody, port) == 0);          // nobody is asked who that is
    CHECK(t.open_port(t.a, t.b, t.a.id.raw(), port) == kPerm);  // another's port is not its own to open
    CHECK(t.open_port(t.control, t.b, t.a.id.raw(), port) == 0);
    CHECK(t.connect(t.a, t.b, port) == 0);
    CHECK(t.map(t.a, t.b, 8) == GNTST_okay);
    CHECK(t.map(t.control, t.b, 8) == GNTST_okay);
    CHECK(t.copy(t.a, t.b, 9) == GNTST_okay);
    CHECK(t.copy(t.a, t.control, 9) == GNTST_okay);
    CHECK(t.transfer(t.a, t.b) == GNTST_general_error);        // allowed, but nobody offered to take one
}

TEST_CASE("silo: unprivileged domains talk to the control domain alone") {
    Three t;
    Policy silo{"silo"};
    REQUIRE(security::policy_name() == Str{"silo"});
    CHECK(t.channel(t.a, t.b) == kPerm);
    CHECK(t.channel(t.a, t.a) == 0);
    CHECK(t.channel(t.a, t.control) == 0);
    CHECK(t.channel(t.control, t.b) == 0);
    u32 port = 0;
    CHECK(t.open_port(t.a, t.a, kNobody, port) == kNoDomain);
    CHECK(t.open_port(t.a, t.b, t.a.id.raw(), port) == kPerm);
    CHECK(t.open_port(t.control, t.b, t.a.id.raw(), port) == 0);   // a toolstack may prepare it
    CHECK(t.connect(t.a, t.b, port) == kPerm);                 // but it is not theirs to complete
    CHECK(t.map(t.a, t.b, 8) == GNTST_permission_denied);
    CHECK(t.map(t.a, t.control, 8) == GNTST_okay);
    CHECK(t.map(t.control, t.b, 8) == GNTST_okay);
    CHECK(t.copy(t.a, t.b, 9) == GNTST_permission_denied);
    CHECK(t.copy(t.a, t.control, 9) == GNTST_okay);
    CHECK(t.copy(t.control, t.a, 9) == GNTST_okay);
    CHECK(t.transfer(t.a, t.b) == GNTST_permission_denied);
    CHECK(t.transfer(t.a, t.control) == GNTST_general_error);
}

TEST_CASE("silo: a control domain may copy between two that may not themselves") {
    Three t;
    Policy silo{"silo"};
    t.grant(t.a, t.control, 8);
    t.grant(t.b, t.control, 8);
    t.as(t.control);
    gnttab_copy op{};
    op.source.domid = t.a.id.raw();
    op.dest.domid = t.b.id.raw();
    op.source.u.ref = op.dest.u.ref = 8;
    op.flags = GNTCOPY_source_gref | GNTCOPY_dest_gref;
    op.len = 64;
    REQUIRE(t.call(__HYPERVISOR_grant_table_op, GNTTABOP_copy, sim::address(op), 1) == 0);
    CHECK(op.status == GNTST_okay);
}

TEST_CASE("what was granted before a policy came can be given back") {
    Three t;
    t.grant(t.a, t.b, 8);
    t.as(t.b);
    gnttab_map_grant_ref op{};
    op.flags = GNTMAP_device_map;
    op.ref = 8;
    op.dom = t.a.id.raw();
    REQUIRE(t.call(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, sim::address(op), 1) == 0);
    REQUIRE(op.status == GNTST_okay);
    Policy silo{"silo"};
    gnttab_unmap_grant_ref un{};
    un.dev_bus_addr = op.dev_bus_addr;
    un.handle = op.handle;
    REQUIRE(t.call(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, sim::address(un), 1) == 0);
    CHECK(un.status == GNTST_okay);
}

TEST_CASE("foreign page tables and pages are the control domain's to touch") {
    Three t;
    for (const char* policy : {"dummy", "silo"}) {
        INFO(policy);
        Policy p{policy};
        u16 b = t.b.id.raw();
        mmu_update_t u{};
        u.ptr = address_of(t.page_of(t.b)).raw() | MMU_MACHPHYS_UPDATE;
        mmuext_op_t clear{};
        clear.cmd = MMUEXT_CLEAR_PAGE;
        clear.arg1.mfn = t.page_of(t.b).raw();
        t.as(t.a);
        CHECK(t.call(__HYPERVISOR_mmu_update, sim::address(u), 1, 0, b) == kPerm);
        CHECK(t.call(__HYPERVISOR_mmuext_op, sim::address(clear), 1, 0, b) == kPerm);
        CHECK(t.call(__HYPERVISOR_update_va_mapping_otherdomain, 0x1000, 0, 0, b) == kPerm);
        t.as(t.control);
        CHECK(t.call(__HYPERVISOR_mmu_update, sim::address(u), 1, 0, b) == 0);
        CHECK(t.call(__HYPERVISOR_mmuext_op, sim::address(clear), 1, 0, b) == 0);
    }
}

// -- everything that needs a privilege, asked for by one that has none

TEST_CASE("every domctl is refused to an unprivileged domain") {
    Three t;
    t.as(t.a);
    auto op = std::make_unique<xen_domctl>();
    for (u32 cmd = 0; cmd <= 100; ++cmd)
        for (u16 about : {t.a.id.raw(), t.b.id.raw(), t.control.id.raw()}) {
            memset(op.get(), 0, sizeof *op);
            op->cmd = cmd;
            op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
            op->domain = about;
            INFO("domctl " << cmd << " about d" << about);
            CHECK(t.call(__HYPERVISOR_domctl, sim::address(*op)) == kPerm);
        }
    for (Domain* d : {&t.a, &t.b, &t.control}) {
        CHECK_FALSE(d->is_dying());
        CHECK_FALSE(d->is_shutting_down);
    }
}

TEST_CASE("the store's domain may ask about domains, and nothing else") {
    Three t;
    t.a.is_store = true;
    t.as(t.a);
    auto op = std::make_unique<xen_domctl>();
    for (u32 cmd = 1; cmd <= 100; ++cmd) {
        memset(op.get(), 0, sizeof *op);
        op->cmd = cmd;
        op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
        op->domain = t.b.id.raw();
        INFO("domctl " << cmd);
        CHECK(t.call(__HYPERVISOR_domctl, sim::address(*op)) == (cmd == XEN_DOMCTL_getdomaininfo ? 0 : kPerm));
    }
    t.a.is_store = false;
}

TEST_CASE("every sysctl and platform operation is refused to an unprivileged domain") {
    Three t;
    t.as(t.a);
    auto sys = std::make_unique<xen_sysctl>();
    auto platform = std::make_unique<xen_platform_op>();
    for (u32 cmd = 0; cmd <= 80; ++cmd) {
        memset(sys.get(), 0, sizeof *sys);
        sys->cmd = cmd;
        sys->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
        memset(platform.get(), 0, sizeof *platform);
        platform->cmd = cmd;
        platform->interface_version = XENPF_INTERFACE_VERSION;
        INFO("operation " << cmd);
        CHECK(t.call(__HYPERVISOR_sysctl, sim::address(*sys)) == kPerm);
        CHECK(t.call(__HYPERVISOR_platform_op, sim::address(*platform)) == kPerm);
    }
}

TEST_CASE("the other privileged calls are refused to an unprivileged domain") {
    Three t;
    t.as(t.a);
    alignas(8) char arg[512]{};
    u64 at = sim::address(arg);
    struct Row {
        const char* name;
        u32 number, cmd;
        bool takes_count;       // cmd, count, pointer instead of cmd, pointer
        s64 expected = kPerm;
    };
    const Row rows[] = {
        {"console write", __HYPERVISOR_console_io, CONSOLEIO_write, true},
        {"console read", __HYPERVISOR_console_io, CONSOLEIO_read, true},
        {"kexec", __HYPERVISOR_kexec_op, KEXEC_CMD_kexec_get_range, false},
        {"manage_pci_add", __HYPERVISOR_physdev_op, PHYSDEVOP_manage_pci_add, false},
        {"manage_pci_remove", __HYPERVISOR_physdev_op, PHYSDEVOP_manage_pci_remove, false},
        {"manage_pci_add_ext", __HYPERVISOR_physdev_op, PHYSDEVOP_manage_pci_add_ext, false},
        {"pci_device_add", __HYPERVISOR_physdev_op, PHYSDEVOP_pci_device_add, false},
        {"pci_device_remove", __HYPERVISOR_physdev_op, PHYSDEVOP_pci_device_remove, false},
        {"restore_msi", __HYPERVISOR_physdev_op, PHYSDEVOP_restore_msi, false},
        {"restore_msi_ext", __HYPERVISOR_physdev_op, PHYSDEVOP_restore_msi_ext, false},
        {"prepare_msix", __HYPERVISOR_physdev_op, PHYSDEVOP_prepare_msix, false},
        {"release_msix", __HYPERVISOR_physdev_op, PHYSDEVOP_release_msix, false},
        {"pci_mmcfg_reserved", __HYPERVISOR_physdev_op, PHYSDEVOP_pci_mmcfg_reserved, false},
        {"setup_gsi", __HYPERVISOR_physdev_op, PHYSDEVOP_setup_gsi, false},
        {"alloc_irq_vector", __HYPERVISOR_physdev_op, PHYSDEVOP_alloc_irq_vector, false},
        {"apic_read", __HYPERVISOR_physdev_op, PHYSDEVOP_apic_read, false},
        {"apic_write", __HYPERVISOR_physdev_op, PHYSDEVOP_apic_write, false},
        {"map_pirq", __HYPERVISOR_physdev_op, PHYSDEVOP_map_pirq, false},
        {"unmap_pirq", __HYPERVISOR_physdev_op, PHYSDEVOP_unmap_pirq, false},
        {"dbgp_op", __HYPERVISOR_physdev_op, PHYSDEVOP_dbgp_op, false},
        {"machine_memory_map", __HYPERVISOR_memory_op, XENMEM_machine_memory_map, false},
    };
    for (const Row& row : rows) {
        memset(arg, 0, sizeof arg);
        *reinterpret_cast<u16*>(arg) = t.a.id.raw();   // where a structure begins with the domain
        INFO(row.name);
        s64 r = row.takes_count ? t.call(row.number, row.cmd, 1, at) : t.call(row.number, row.cmd, at);
        CHECK(r == row.expected);
    }
    xen_memory_reservation claim{};
    claim.domid = t.a.id.raw();
    CHECK(t.call(__HYPERVISOR_memory_op, XENMEM_claim_pages, sim::address(claim)) == kPerm);
    xen_pod_target pod{};
    pod.domid = t.a.id.raw();
    CHECK(t.call(__HYPERVISOR_memory_op, XENMEM_set_pod_target, sim::address(pod)) == kPerm);
    CHECK(t.call(__HYPERVISOR_hypfs_op, XEN_HYPFS_OP_read, at, 1, at, 64) == kPerm);
    xen_mc_t mca{};
    mca.cmd = XEN_MC_physcpuinfo;
    mca.interface_version = XEN_MCA_INTERFACE_VERSION;
    CHECK(t.call(__HYPERVISOR_mca, sim::address(mca)) == kPerm);
}

TEST_CASE("an unprivileged domain does to others nothing that it may do to itself") {
    Three t;
    t.as(t.a);
    u16 b = t.b.id.raw();
    evtchn_reset reset{b};
    CHECK(t.call(__HYPERVISOR_event_channel_op, EVTCHNOP_reset, sim::address(reset)) == kPerm);
    evtchn_status status{};
    status.dom = b;
    status.port = 1;
    CHECK(t.call(__HYPERVISOR_event_channel_op, EVTCHNOP_status, sim::address(status)) != 0);
    sched_remote_shutdown down{b, SHUTDOWN_crash};
    CHECK(t.call(__HYPERVISOR_sched_op, SCHEDOP_remote_shutdown, sim::address(down)) == kPerm);
    CHECK_FALSE(t.b.is_shutting_down);
    u64 frame = 0;
    gnttab_setup_table table{};
    table.dom = b;
    table.nr_frames = 1;
    table.frame_list.p = &frame;
    CHECK(t.call(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table, sim::address(table), 1) == 0);
    CHECK(table.status == GNTST_permission_denied);
    gnttab_query_size size{};
    size.dom = b;
    CHECK(t.call(__HYPERVISOR_grant_table_op, GNTTABOP_query_size, sim::address(size), 1) == 0);
    CHECK(size.status == GNTST_permission_denied);
    domid_t whom = b;
    for (u64 cmd : {XENMEM_current_reservation, XENMEM_maximum_reservation, XENMEM_maximum_gpfn})
        CHECK(t.call(__HYPERVISOR_memory_op, cmd, sim::address(whom)) == kPerm);
    xen_pfn_t list[1]{};
    xen_memory_reservation r{};
    r.extent_start.p = list;
    r.nr_extents = 1;
    r.domid = b;
    u64 before = t.b.tot_pages;
    for (u64 cmd : {XENMEM_increase_reservation, XENMEM_populate_physmap, XENMEM_decrease_reservation})
        CHECK(t.call(__HYPERVISOR_memory_op, cmd, sim::address(r)) == 0);   // ABI: nothing done
    CHECK(t.b.tot_pages == before);
    xen_memory_exchange x{};
    x.in = x.out = r;
    CHECK(t.call(__HYPERVISOR_memory_op, XENMEM_exchange, sim::address(x)) == kPerm);
    xen_add_to_physmap add{};
    add.domid = b;
    CHECK(t.call(__HYPERVISOR_memory_op, XENMEM_add_to_physmap, sim::address(add)) == kPerm);
    xen_remove_from_physmap gone{b, 1};
    CHECK(t.call(__HYPERVISOR_memory_op, XENMEM_remove_from_physmap, sim::address(gone)) == kPerm);
}

TEST_CASE("device memory is mapped by right, whatever the policy") {
    Three t;
    auto map_device = [&](Domain& d) {
        Mfn table = give_page(d);
        t.as(d);
        REQUIRE(sim::mmuext(MMUEXT_PIN_L1_TABLE, table) == 0);
        mmu_update_t u{};
        u.ptr = address_of(table).raw();
        u.val = arch::Pte::make(Mfn{0xb8}, arch::Pte::kPresent | arch::Pte::kUser).raw;
        return t.call(__HYPERVISOR_mmu_update, sim::address(u), 1, 0, DOMID_SELF);
    };
    REQUIRE(t.control.io_memory->add(0xb8, 0xb8));
    CHECK(map_device(t.a) == kPerm);
    CHECK(map_device(t.control) == 0);
}
