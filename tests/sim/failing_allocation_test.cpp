// SPDX-License-Identifier: MIT
// Memory is short at any moment: of each call that may need some, the first allocation is refused, then the second, and so on
// until none is left to refuse. The call fails with the ABI's error and leaves things as they were: made again, it works; and
// when the domains are gone, every page and every block is back.
#include <catch2/catch.hpp>

#include <public/domctl.h>
#include <public/event_channel.h>
#include <public/hypfs.h>
#include <public/memory.h>
#include <public/physdev.h>
#include <public/platform.h>
#include <public/sysctl.h>
#include <public/vcpu.h>
#include <sim/machine.hpp>
#include <xen/cpupool.hpp>
#include <xen/memory.hpp>
#include <xen/rangeset.hpp>
#include <xen/sched.hpp>

#include <cstring>
#include <memory>
#include <string>

#include "allocations.hpp"
#include "census.hpp"
#include "guest.hpp"

using namespace xen;

namespace {

struct Held {
    u64 pages = memory::free_pages(), blocks = sim::live_blocks();
    bool operator==(const Held&) const = default;
};

// A control domain that calls, and a guest that calls or is called about.
class Scene {
public:
    Scene() {
        sim::start();
        for (Mfn& f : control_pages) f = sim::give_page(control);
        for (Mfn& f : pages) f = sim::give_page(guest);
    }
    ~Scene() {
        arch::set_current_vcpu(outer_);
        sim::destroy_domain(guest);
        sim::destroy_domain(control);
    }
    template <class... Args>
    s64 call(Domain& d, u32 number, Args... args) {
        sim::On on{*d.vcpus[0]};
        return sim::hypercall(number, static_cast<u64>(args)...);
    }
    template <class Op>
    s64 event(u32 cmd, Op& op) {
        return call(guest, __HYPERVISOR_event_channel_op, cmd, sim::address(op));
    }
    // The call's error, or the element's.
    template <class Op>
    s64 grant(Domain& d, u32 cmd, Op& op) {
        s64 r = call(d, __HYPERVISOR_grant_table_op, cmd, sim::address(op), 1);
        return r ? r : op.status;
    }
    xen_domctl domctl(u32 cmd) const {
        xen_domctl op{};
        op.cmd = cmd;
        op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
        op.domain = guest.id.raw();
        return op;
    }
    s64 run(xen_domctl& op) { return call(control, __HYPERVISOR_domctl, sim::address(op)); }
    s64 run(xen_sysctl& op) {
        op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
        return call(control, __HYPERVISOR_sysctl, sim::address(op));
    }
    template <class Op>
    s64 physdev(u32 cmd, Op& op) {
        return call(control, __HYPERVISOR_physdev_op, cmd, sim::address(op));
    }
    s64 reservation(u32 cmd, u64 extents, xen_pfn_t* list) {
        xen_memory_reservation r{};
        r.extent_start.p = list;
        r.nr_extents = extents;
        r.domid = DOMID_SELF;
        return call(guest, __HYPERVISOR_memory_op, cmd, sim::address(r));
    }

    Domain& control = sim::create_domain({.pages = 256, .privileged = true});
    Domain& guest = sim::create_domain({.vcpus = 2, .pages = 64});
    Mfn control_pages[4], pages[8];
    u16 made = 0;                  // a domain that the scene made
    u32 pool = ~0u;

private:
    Vcpu* outer_ = arch::current_vcpu();
};

// `prepare` may allocate at will; `act` is what is refused memory: 0, or a negative number.
struct Case {
    const char* name;
    s64 error;
    void (*prepare)(Scene&);
    s64 (*act)(Scene&);
    void (*undo)(Scene&) = [](Scene&) {};
};

void nothing_first(Scene&) {}

s64 open_port(Scene& s) {
    evtchn_alloc_unbound op{DOMID_SELF, DOMID_SELF, 0};
    return s.event(EVTCHNOP_alloc_unbound, op);
}

// A granted page of the guest's, for the control domain.
void grant_a_page(Scene& s) {
    sim::On on{*s.guest.vcpus[0]};
    grant_entry_v1* table = sim::grant_table();
    table[8] = {GTF_permit_access, s.control.id.raw(), static_cast<u32>(s.pages[0].raw())};
}

void fifo_mode(Scene& s) {
    evtchn_init_control op{};
    op.control_gfn = s.pages[1].raw();
    REQUIRE(s.event(EVTCHNOP_init_control, op) == 0);
}

s64 create(Scene& s) {
    xen_domctl op = s.domctl(XEN_DOMCTL_createdomain);
    op.domain = 0x6100;
    op.u.createdomain.max_vcpus = 3;
    op.u.createdomain.max_evtchn_port = 1023;
    op.u.createdomain.max_grant_frames = 32;
    op.u.createdomain.max_maptrack_frames = 32;
    op.u.createdomain.grant_opts = 2;
    s64 r = s.run(op);
    if (!r) s.made = op.domain;
    return r;
}

void end_made(Scene& s) {
    if (s.made) sim::destroy_domain(*domain::peek(DomId{s.made}));
}

const Case kCases[] = {
    {"createdomain", -ENOMEM, nothing_first, create, end_made},
    {"max_vcpus", -ENOMEM, [](Scene& s) { REQUIRE(create(s) == 0); },
     [](Scene& s) {
         xen_domctl op = s.domctl(XEN_DOMCTL_max_vcpus);
         op.domain = s.made;
         op.u.max_vcpus.max = 3;
         return s.run(op);
     },
     end_made},
    {"getvcpucontext", -ENOMEM, nothing_first,
     [](Scene& s) {
         auto context = std::make_unique<vcpu_guest_context_t>();
         xen_domctl op = s.domctl(XEN_DOMCTL_getvcpucontext);
         op.u.vcpucontext.ctxt.p = context.get();
         return s.run(op);
     }},
    {"set_cpu_policy", -ENOMEM, nothing_first,
     [](Scene& s) {
         xen_domctl op = s.domctl(XEN_DOMCTL_set_cpu_policy);
         xen_cpuid_leaf_t leaf{};
         leaf.leaf = 0x80000004, leaf.subleaf = XEN_CPUID_INPUT_UNUSED;
         op.u.cpu_policy.nr_leaves = 1;
         op.u.cpu_policy.leaves.p = &leaf;
         return s.run(op);
     }},
    {"setvcpuextstate", -ENOMEM, nothing_first,
     [](Scene& s) {
         u64 state[200]{1, 1};
         xen_domctl op = s.domctl(XEN_DOMCTL_setvcpuextstate);
         op.u.vcpuextstate.xfeature_mask = 7;
         op.u.vcpuextstate.size = 16;
         op.u.vcpuextstate.buffer.p = state;
         s64 r = s.run(op);
         return r == -EINVAL ? 0 : r;   // no features on the simulated machine: looked at behind the allocation
     }},
    {"ioport_permission", -ENOMEM, [](Scene& s) { REQUIRE(s.control.io_ports->add(0x100, 0x200).ok()); },
     [](Scene& s) {
         xen_domctl op = s.domctl(XEN_DOMCTL_ioport_permission);
         op.u.ioport_permission.first_port = 0x120, op.u.ioport_permission.nr_ports = 8;
         op.u.ioport_permission.allow_access = 1;
         return s.run(op);
     }},
    {"a fifth range of ports", -ENOMEM,
     [](Scene& s) {
         REQUIRE(s.control.io_ports->add(0x100, 0x200).ok());
         for (u64 n = 0; n < 4; ++n) REQUIRE(s.guest.io_ports->add(0x100 + 16 * n, 0x107 + 16 * n).ok());
     },
     [](Scene& s) {
         xen_domctl op = s.domctl(XEN_DOMCTL_ioport_permission);
         op.u.ioport_permission.first_port = 0x102, op.u.ioport_permission.nr_ports = 2;
         return s.run(op);
     }},
    {"a first port", -ENOMEM, nothing_first, open_port},
    {"a port of the second group", -ENOMEM,
     [](Scene& s) {
         fifo_mode(s);
         evtchn_expand_array more{s.pages[2].raw()};
         REQUIRE(s.event(EVTCHNOP_expand_array, more) == 0);
         for (unsigned n = 1; n < 512; ++n) REQUIRE(open_port(s) == 0);
     },
     open_port},
    {"bind_interdomain", -ENOMEM,
     [](Scene& s) {
         evtchn_alloc_unbound op{DOMID_SELF, s.guest.id.raw(), 0};
         REQUIRE(s.call(s.control, __HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, sim::address(op)) == 0);
         REQUIRE(op.port == 1);
     },
     [](Scene& s) {
         evtchn_bind_interdomain op{s.control.id.raw(), 1, 0};
         return s.event(EVTCHNOP_bind_interdomain, op);
     }},
    {"bind_virq", -ENOMEM, nothing_first,
     [](Scene& s) {
         evtchn_bind_virq op{VIRQ_TIMER, 0, 0};
         return s.event(EVTCHNOP_bind_virq, op);
     }},
    {"bind_ipi", -ENOMEM, nothing_first,
     [](Scene& s) {
         evtchn_bind_ipi op{1, 0};
         return s.event(EVTCHNOP_bind_ipi, op);
     }},
    {"init_control", -ENOMEM, nothing_first,
     [](Scene& s) {
         evtchn_init_control op{};
         op.control_gfn = s.pages[1].raw();
         return s.event(EVTCHNOP_init_control, op);
     }},
    {"a grant table of many frames", GNTST_general_error, nothing_first,
     [](Scene& s) {
         u64 frames[20];
         gnttab_setup_table op{};
         op.dom = DOMID_SELF, op.nr_frames = 20, op.frame_list.p = frames;
         return s.grant(s.guest, GNTTABOP_setup_table, op);
     }},
    {"set_version", -ENOMEM, grant_a_page,
     [](Scene& s) {
         gnttab_set_version op{2};
         return s.call(s.guest, __HYPERVISOR_grant_table_op, GNTTABOP_set_version, sim::address(op), 1);
     }},
    {"map_grant_ref", GNTST_no_space,
     [](Scene& s) {
         grant_a_page(s);
         sim::On on{*s.control.vcpus[0]};
         REQUIRE(sim::mmuext(MMUEXT_PIN_L1_TABLE, s.control_pages[0]) == 0);
     },
     [](Scene& s) {
         gnttab_map_grant_ref op{};
         op.host_addr = address_of(s.control_pages[0]).raw() + 16;
         op.flags = GNTMAP_host_map | GNTMAP_contains_pte;
         op.ref = 8, op.dom = s.guest.id.raw();
         s64 r = s.grant(s.control, GNTTABOP_map_grant_ref, op);
         return r == GNTST_general_error || r == GNTST_bad_gntref ? s64{GNTST_no_space} : r;
     }},
    {"grant copy", GNTST_no_space, grant_a_page,
     [](Scene& s) {
         gnttab_copy op{};
         op.source.u.ref = 8, op.source.domid = s.guest.id.raw();
         op.dest.u.gmfn = s.control_pages[1].raw(), op.dest.domid = DOMID_SELF;
         op.len = 64, op.flags = GNTCOPY_source_gref;
         return s.grant(s.control, GNTTABOP_copy, op);
     }},
    {"increase_reservation", -ENOMEM, nothing_first,
     [](Scene& s) {
         xen_pfn_t list[4]{};
         s64 r = s.reservation(XENMEM_increase_reservation, 1, list);
         return r == 1 ? s64{0} : s64{-ENOMEM};   // ABI: how many were done
     }},
    {"populate_physmap", -ENOMEM, nothing_first,
     [](Scene& s) {
         xen_pfn_t list[4]{5};
         s64 r = s.reservation(XENMEM_populate_physmap, 1, list);
         return r == 1 ? s64{0} : s64{-ENOMEM};
     }},
    {"exchange", -ENOMEM, nothing_first,
     [](Scene& s) {
         xen_pfn_t in[2]{s.pages[4].raw(), s.pages[5].raw()}, out[2]{1, 2};
         xen_memory_exchange x{};
         x.in.extent_start.p = in, x.out.extent_start.p = out;
         x.in.nr_extents = x.out.nr_extents = 2;
         x.in.domid = x.out.domid = DOMID_SELF;
         s64 r = s.call(s.guest, __HYPERVISOR_memory_op, XENMEM_exchange, sim::address(x));
         if (!r) s.pages[4] = Mfn{out[0]}, s.pages[5] = Mfn{out[1]};
         if (r) s.pages[4] = x.nr_exchanged > 0 ? Mfn{out[0]} : s.pages[4];
         return r;
     }},
    {"acquire_resource", -EINVAL, nothing_first,
     [](Scene& s) {
         xen_pfn_t frames[4]{};
         xen_mem_acquire_resource op{};
         op.domid = s.guest.id.raw(), op.type = XENMEM_resource_grant_table, op.nr_frames = 4;
         op.frame_list.p = frames;
         return s.call(s.control, __HYPERVISOR_memory_op, XENMEM_acquire_resource, sim::address(op));
     }},
    {"set_memory_map", -ENOMEM, nothing_first,
     [](Scene& s) {
         u8 map[20]{};
         map[16] = 1;
         xen_foreign_memory_map op{};
         op.domid = s.guest.id.raw(), op.map.nr_entries = 1, op.map.buffer.p = map;
         return s.call(s.control, __HYPERVISOR_memory_op, XENMEM_set_memory_map, sim::address(op));
     }},
    {"vCPU initialise", -ENOMEM, [](Scene& s) { s.guest.vcpus[1]->initialised = false; },
     [](Scene& s) {
         auto context = std::make_unique<vcpu_guest_context>();
         context->flags = 4;
         context->user_regs.cs = 0xe033, context->user_regs.ss = 0xe02b;
         s64 r = s.call(s.guest, __HYPERVISOR_vcpu_op, VCPUOP_initialise, 1, reinterpret_cast<u64>(context.get()));
         return r == -EINVAL ? 0 : r;   // it has no page tables: found behind the allocation
     }},
    {"a CPU pool", -ENOMEM, nothing_first,
     [](Scene& s) {
         xen_sysctl op{};
         op.cmd = XEN_SYSCTL_cpupool_op;
         op.u.cpupool_op.op = XEN_SYSCTL_CPUPOOL_OP_CREATE;
         op.u.cpupool_op.cpupool_id = 7, op.u.cpupool_op.sched_id = 5;
         s64 r = s.run(op);
         if (!r) s.pool = 7;
         return r;
     },
     [](Scene& s) {
         xen_sysctl op{};
         op.cmd = XEN_SYSCTL_cpupool_op;
         op.u.cpupool_op.op = XEN_SYSCTL_CPUPOOL_OP_DESTROY;
         op.u.cpupool_op.cpupool_id = 7;
         if (s.pool == 7) REQUIRE(s.run(op) == 0);
     }},
    {"hypfs", -ENOMEM, nothing_first,
     [](Scene& s) {
         char path[] = "/params", room[8192];
         return s.call(s.control, __HYPERVISOR_hypfs_op, XEN_HYPFS_OP_read, sim::address(path), sizeof path, sim::address(room), sizeof room);
     }},
    {"another pool", -ENOMEM,
     [](Scene& s) {
         REQUIRE(sched::remove_cpu_from_pool(0, 3).ok());
         s.pool = sched::create_pool(7, XEN_SCHEDULER_CREDIT).value();
         REQUIRE(sched::add_cpu_to_pool(7, 3).ok());
     },
     [](Scene& s) {
         xen_sysctl op{};
         op.cmd = XEN_SYSCTL_cpupool_op;
         op.u.cpupool_op.op = XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN;
         op.u.cpupool_op.cpupool_id = 7, op.u.cpupool_op.domid = s.guest.id.raw();
         return s.run(op);
     },
     [](Scene& s) {
         REQUIRE(sched::move_domain(s.guest, 0).ok());
         REQUIRE(sched::remove_cpu_from_pool(7, 3).ok());
         REQUIRE(sched::destroy_pool(7).ok());
         REQUIRE(sched::add_cpu_to_pool(0, 3).ok());
     }},
    {"hypfs, written", -ENOMEM, nothing_first,
     [](Scene& s) {
         char path[] = "/cpupool/0/sched-gran", text[] = "cpu";
         s64 r = s.call(s.control, __HYPERVISOR_hypfs_op, XEN_HYPFS_OP_write_contents, sim::address(path), sizeof path, sim::address(text),
                        sizeof text);
         return r == -EBUSY || r == -EINVAL ? 0 : r;   // pool 0 is in use: found behind the allocation
     }},
    {"a line for the console", 0, nothing_first,
     [](Scene& s) {
         char text[] = "text";
         s.guest.is_privileged = true;
         s64 r = s.call(s.guest, __HYPERVISOR_console_io, CONSOLEIO_write, 4, sim::address(text));
         s.guest.is_privileged = false;
         return r;
     }},
    {"setvcpucontext", -ENOMEM, nothing_first,
     [](Scene& s) {
         auto context = std::make_unique<vcpu_guest_context_t>();
         context->user_regs.rip = u64{1} << 47;
         xen_domctl op = s.domctl(XEN_DOMCTL_setvcpucontext);
         op.u.vcpucontext.vcpu = 1, op.u.vcpucontext.ctxt.p = context.get();
         s64 r = s.run(op);
         return r == -EINVAL ? 0 : r;   // where no kernel can run: found behind the allocation
     }},
    {"microcode", -ENOMEM, nothing_first,
     [](Scene& s) {
         u8 patch[64]{};
         xen_platform_op op{};
         op.cmd = XENPF_microcode_update, op.interface_version = XENPF_INTERFACE_VERSION;
         op.u.microcode.data.p = patch, op.u.microcode.length = sizeof patch;
         s64 r = s.call(s.control, __HYPERVISOR_platform_op, sim::address(op));
         return r == -ENOMEM ? r : 0;   // it is none: found behind the allocation
     }},
    {"iomem_permission", -ENOMEM, [](Scene& s) { REQUIRE(s.control.io_memory->add(0xfed00, 0xfedff).ok()); },
     [](Scene& s) {
         xen_domctl op = s.domctl(XEN_DOMCTL_iomem_permission);
         op.u.iomem_permission.first_mfn = 0xfed10, op.u.iomem_permission.nr_mfns = 2, op.u.iomem_permission.allow_access = 1;
         return s.run(op);
     }},
    {"status frames for another", -EINVAL, grant_a_page,
     [](Scene& s) {
         gnttab_set_version version{2};
         xen_pfn_t frames[2]{};
         xen_mem_acquire_resource op{};
         op.domid = s.guest.id.raw(), op.type = XENMEM_resource_grant_table, op.nr_frames = 1;
         op.id = XENMEM_resource_grant_table_id_status, op.frame_list.p = frames;
         s64 r = s.call(s.guest, __HYPERVISOR_grant_table_op, GNTTABOP_set_version, sim::address(version), 1);
         if (r) return s64{-EINVAL};
         return s.call(s.control, __HYPERVISOR_memory_op, XENMEM_acquire_resource, sim::address(op));
     }},
    {"a grant table of version 2 that grows", GNTST_general_error,
     [](Scene& s) {
         grant_a_page(s);
         gnttab_set_version version{2};
         REQUIRE(s.call(s.guest, __HYPERVISOR_grant_table_op, GNTTABOP_set_version, sim::address(version), 1) == 0);
     },
     [](Scene& s) {
         u64 frames[20];
         gnttab_setup_table op{};
         op.dom = DOMID_SELF, op.nr_frames = 20, op.frame_list.p = frames;
         return s.grant(s.guest, GNTTABOP_setup_table, op);
     }},
    {"hypfs, the pools", -ENOMEM, nothing_first,
     [](Scene& s) {
         char path[] = "/cpupool", room[8192];
         return s.call(s.control, __HYPERVISOR_hypfs_op, XEN_HYPFS_OP_read, sim::address(path), sizeof path, sim::address(room), sizeof room);
     }},
    {"a PCI device", -ENOMEM, nothing_first,
     [](Scene& s) {
         physdev_manage_pci op{3, 8};
         return s.physdev(PHYSDEVOP_manage_pci_add, op);
     },
     [](Scene& s) {
         physdev_manage_pci op{3, 8};
         (void)s.physdev(PHYSDEVOP_manage_pci_remove, op);
     }},
};

// Refuses allocation n; false when there were fewer.
bool refused(const Case& c, u64 n) {
    Held before;
    bool failed;
    {
        Scene s;
        c.prepare(s);
        std::string census = sim::census(s.guest);
        sim::fail_allocation(n);
        s64 r = c.act(s);
        sim::stop_failing();
        failed = sim::allocation_failed();
        INFO(c.name << ", allocation " << n << " refused");
        if (failed) {
            CHECK(r == c.error);
            CHECK(sim::census(s.guest) == census);
            CHECK(c.act(s) == 0);
        } else {
            CHECK(r == 0);
        }
        c.undo(s);
    }
    Held after;
    INFO(c.name << ", allocation " << n << " refused");
    CHECK(after.blocks == before.blocks);
    CHECK(after.pages == before.pages);
    return failed;
}

}  // namespace

TEST_CASE("a call that gets no memory fails, loses nothing and can be made again") {
    sim::start();
    for (const Case& c : kCases) {
        // What is made once and kept: slabs of each size, the tree of hypfs.
        for (unsigned warm = 0; warm < 2; ++warm) {
            Scene s;
            c.prepare(s);
            (void)c.act(s);
            c.undo(s);
        }
        u64 n = 0;
        while (n < 200 && refused(c, n)) ++n;
        INFO(c.name);
        CHECK(n < 200);
        CHECK(n > 0);   // else the case is none
    }
}
