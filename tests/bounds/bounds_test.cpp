// SPDX-License-Identifier: MIT
// No call holds a CPU for long: whatever a guest or the toolstack asks for in one, the work between two looks at whether
// the CPU is wanted elsewhere has a bound. Each call here is as large as it can be, and has to yield whenever it looks.
#include <catch2/catch.hpp>

#include <asm/mm.hpp>
#include <public/domctl.h>
#include <public/event_channel.h>
#include <public/grant_table.h>
#include <public/hypfs.h>
#include <public/memory.h>
#include <public/physdev.h>
#include <public/sched.h>
#include <public/sysctl.h>
#include <public/vcpu.h>
#include <public/version.h>
#include <sim/machine.hpp>
#include <xen/hypercall.hpp>
#include <xen/memory.hpp>
#include <xen/softirq.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "sim/guest.hpp"
#include "work.hpp"

using namespace xen;
using arch::Pte;

namespace {

// docs/fuzzing.md states both. An extent of a reservation is given or taken whole.
constexpr u64 kBound = 100'000, kUnitsPerPage = 320;
constexpr u32 kMany = 3000;
constexpr u64 kLeaf = Pte::kPresent | Pte::kUser, kRw = kLeaf | Pte::kWrite;

struct Cost {
    u64 worst = 0;
    unsigned entries = 0;
    s64 result = 0;
};

// The call to its end on the domain's first vCPU, with the CPU wanted elsewhere all the time.
Cost storm(Domain& d, const sim::Call& c) {
    sim::On on{*d.vcpus[0]};
    sim::load(c);
    Cost cost;
    for (bool over = false; !over && cost.entries < 2'000'000; ++cost.entries) {
        u64 before = work::done();
        over = sim::enter(true);
        u64 spent = work::done() - before;
        if (spent > cost.worst) cost.worst = spent;
    }
    softirq::pending_mask.local().store(0, std::memory_order_relaxed);
    cost.result = static_cast<s64>(d.vcpus[0]->arch.regs.rax);
    return cost;
}

// Says what it cost, and holds it to the bound.
Cost bounded(const char* what, Domain& d, const sim::Call& c, unsigned order = 0) {
    Cost cost = storm(d, c);
    std::printf("%-40s %8llu units at most, %u entries, result %lld\n", what, static_cast<unsigned long long>(cost.worst),
                cost.entries, static_cast<long long>(cost.result));
    INFO(what);
    CHECK(cost.worst <= kBound + (order ? kUnitsPerPage << order : 0));
    return cost;
}

class Scene {
public:
    Scene() {
        for (unsigned i = 0; i < 64; ++i) pages.push_back(sim::give_page(guest));
    }
    ~Scene() {
        arch::set_current_vcpu(outer_);
        if (!gone) sim::destroy_domain(guest);
        sim::destroy_domain(control);
    }
    template <class T>
    T* words(unsigned page) {
        return static_cast<T*>(arch::direct_map(pages[page]));
    }
    xen_domctl domctl(u32 cmd) {
        xen_domctl op{};
        op.cmd = cmd;
        op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
        op.domain = guest.id.raw();
        return op;
    }
    xen_sysctl sysctl(u32 cmd) {
        xen_sysctl op{};
        op.cmd = cmd;
        op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
        return op;
    }
    u32 open_ports() {
        sim::On on{*guest.vcpus[0]};
        for (u32 n = 0;; ++n) {
            evtchn_alloc_unbound op{DOMID_SELF, DOMID_SELF, 0};
            if (sim::hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, sim::address(op))) return n;
        }
    }
    // L4, L3, L2 and L1 in pages 0 to 3, each entry of each used.
    void fill_tables() {
        for (unsigned level = 0; level < 3; ++level)
            for (unsigned i = 0; i < arch::kEntries; ++i)
                if (level || i < arch::kFirstXenSlot || i > arch::kLastXenSlot)
                    words<Pte>(level)[i] = Pte::make(pages[level + 1], kRw);
        for (unsigned i = 0; i < arch::kEntries; ++i) words<Pte>(3)[i] = Pte::make(pages[4 + i % 60], kRw);
    }
    bool gone = false;

    Domain& control = (sim::start({.memory_mib = 512}), sim::create_domain({.pages = 4096, .privileged = true}));
    Domain& guest = sim::create_domain({.vcpus = 2, .pages = 40'000});
    std::vector<Mfn> pages;

private:
    Vcpu* outer_ = arch::current_vcpu();
};

template <class T>
u64 at(std::vector<T>& v) {
    return reinterpret_cast<u64>(v.data());
}

}  // namespace

TEST_CASE("lists of table updates, flushes and calls yield in time") {
    Scene s;
    std::vector<mmu_update_t> updates(kMany);
    for (u32 i = 0; i < kMany; ++i) updates[i] = {address_of(s.pages[i % 64]).raw() | MMU_MACHPHYS_UPDATE, i};
    CHECK(bounded("mmu_update, machine-to-phys", s.guest, {__HYPERVISOR_mmu_update, {at(updates), kMany, 0, DOMID_SELF}}).result == 0);
    std::vector<mmuext_op_t> ops(kMany);
    for (auto& op : ops) op.cmd = MMUEXT_TLB_FLUSH_LOCAL;
    CHECK(bounded("mmuext_op, flushes", s.guest, {__HYPERVISOR_mmuext_op, {at(ops), kMany, 0, DOMID_SELF}}).result == 0);
    for (auto& op : ops) op.cmd = MMUEXT_CLEAR_PAGE, op.arg1.mfn = s.pages[5].raw();
    CHECK(bounded("mmuext_op, pages cleared", s.guest, {__HYPERVISOR_mmuext_op, {at(ops), kMany, 0, DOMID_SELF}}).result == 0);
    std::vector<multicall_entry> calls(kMany);
    for (auto& c : calls) c.op = __HYPERVISOR_xen_version, c.args[0] = XENVER_version;
    CHECK(bounded("multicall", s.guest, {__HYPERVISOR_multicall, {at(calls), kMany}}).result == 0);
    for (auto& c : calls) c = {__HYPERVISOR_mmu_update, 0, {at(updates), kMany, 0, DOMID_SELF}};
    calls.resize(20);
    CHECK(bounded("multicall of mmu_update", s.guest, {__HYPERVISOR_multicall, {at(calls), 20}}).result == 0);
    std::vector<trap_info> traps(257);
    for (unsigned i = 0; i < 256; ++i) traps[i] = {static_cast<u8>(i), 0, 0xe033, 0xffffffff81000000};
    CHECK(bounded("set_trap_table", s.guest, {__HYPERVISOR_set_trap_table, {at(traps)}}).result == 0);
}

TEST_CASE("page tables are validated and taken down in steps") {
    Scene s;
    s.fill_tables();
    mmuext_op_t op{};
    op.cmd = MMUEXT_PIN_L4_TABLE;
    op.arg1.mfn = s.pages[0].raw();
    CHECK(bounded("pin, every entry of four levels used", s.guest, {__HYPERVISOR_mmuext_op, {sim::address(op), 1, 0, DOMID_SELF}}).result == 0);
    std::vector<mmu_update_t> updates(kMany);
    for (u32 i = 0; i < kMany; ++i)
        updates[i] = {address_of(s.pages[3]).raw() + 8 * (i % 512), Pte::make(s.pages[4 + (i + 7) % 60], kRw).raw};
    CHECK(bounded("mmu_update, L1 entries", s.guest, {__HYPERVISOR_mmu_update, {at(updates), kMany, 0, DOMID_SELF}}).result == 0);
    op.cmd = MMUEXT_UNPIN_TABLE;
    CHECK(bounded("unpin", s.guest, {__HYPERVISOR_mmuext_op, {sim::address(op), 1, 0, DOMID_SELF}}).result == 0);
    op.cmd = MMUEXT_TLB_FLUSH_LOCAL;
    CHECK(bounded("the call that finishes it", s.guest, {__HYPERVISOR_mmuext_op, {sim::address(op), 1, 0, DOMID_SELF}}).result == 0);
    CHECK(page_of(s.pages[3]).type_uses() == 0);
    std::vector<xen_ulong_t> frames;
    for (unsigned i = 0; i < 14; ++i) {
        std::memset(s.words<u8>(4 + i), 0, kPageSize);
        frames.push_back(s.pages[4 + i].raw());
    }
    CHECK(bounded("set_gdt, 14 pages", s.guest, {__HYPERVISOR_set_gdt, {at(frames), 14 * 512}}).result == 0);
}

TEST_CASE("lists of grant operations yield in time") {
    Scene s;
    auto grants = [&](const char* what, u32 cmd, auto& list) {
        return bounded(what, s.guest, {__HYPERVISOR_grant_table_op, {cmd, at(list), list.size()}}).result;
    };
    u64 room[64];
    std::vector<gnttab_setup_table> setup(1);
    setup[0].dom = DOMID_SELF, setup[0].nr_frames = 64, setup[0].frame_list.p = room;
    CHECK(grants("grant table, 64 frames at once", GNTTABOP_setup_table, setup) == 0);
    CHECK(setup[0].status == GNTST_okay);
    auto* v1 = static_cast<grant_entry_v1*>(arch::direct_map(Mfn{room[0]}));
    for (unsigned i = 0; i < 512; ++i) v1[i] = {GTF_permit_access, s.guest.id.raw(), static_cast<u32>(s.pages[8].raw())};
    std::vector<gnttab_map_grant_ref> maps(kMany);
    for (u32 i = 0; i < kMany; ++i) maps[i].dom = s.guest.id.raw(), maps[i].ref = i % 512, maps[i].flags = GNTMAP_device_map;
    CHECK(grants("map", GNTTABOP_map_grant_ref, maps) == 0);
    std::vector<gnttab_unmap_grant_ref> unmaps(kMany);
    for (u32 i = 0; i < kMany; ++i) unmaps[i].handle = maps[i].handle, unmaps[i].dev_bus_addr = maps[i].dev_bus_addr;
    CHECK(grants("unmap", GNTTABOP_unmap_grant_ref, unmaps) == 0);
    std::vector<gnttab_copy> copies(kMany);
    for (u32 i = 0; i < kMany; ++i) {
        copies[i].source.domid = copies[i].dest.domid = DOMID_SELF;
        copies[i].source.u.gmfn = s.pages[i % 32].raw(), copies[i].dest.u.gmfn = s.pages[32 + i % 32].raw();
        copies[i].len = kPageSize;
    }
    CHECK(grants("copy of whole pages", GNTTABOP_copy, copies) == 0);
    std::vector<gnttab_transfer> transfers(kMany);
    for (auto& t : transfers) t.domid = s.control.id.raw(), t.mfn = 77;
    CHECK(grants("transfer", GNTTABOP_transfer, transfers) == 0);
    std::vector<gnttab_swap_grant_ref> swaps(kMany);
    for (u32 i = 0; i < kMany; ++i) swaps[i].ref_a = i % 512, swaps[i].ref_b = 512 + i % 512;
    CHECK(grants("swap", GNTTABOP_swap_grant_ref, swaps) == 0);
    std::vector<gnttab_cache_flush> flushes(kMany);
    for (auto& f : flushes) f.op = GNTTAB_CACHE_CLEAN, f.length = kPageSize, f.a.dev_bus_addr = address_of(s.pages[3]).raw();
    CHECK(grants("cache flush", GNTTABOP_cache_flush, flushes) == 0);
    for (auto& f : flushes) f.a.dev_bus_addr = address_of(Mfn{300}).raw();   // somebody else's: the whole table is searched
    (void)grants("cache flush of what was not granted", GNTTABOP_cache_flush, flushes);
    std::vector<gnttab_set_version> version(1);
    version[0].version = 2;
    CHECK(grants("set_version, 64 frames", GNTTABOP_set_version, version) == 0);
    std::vector<gnttab_get_status_frames> status(1);
    status[0].dom = DOMID_SELF, status[0].nr_frames = 8, status[0].frame_list.p = room;
    CHECK(grants("get_status_frames", GNTTABOP_get_status_frames, status) == 0);
    version[0].version = 1;
    CHECK(grants("set_version, back", GNTTABOP_set_version, version) == 0);
}

TEST_CASE("memory changes hands in steps") {
    Scene s;
    std::vector<xen_pfn_t> list(kMany), others(kMany);
    auto reservation = [&](const char* what, Domain& d, u32 cmd, u64 n, unsigned order) {
        xen_memory_reservation r{};
        r.extent_start.p = list.data(), r.nr_extents = n, r.extent_order = order, r.domid = s.guest.id.raw();
        return bounded(what, d, {__HYPERVISOR_memory_op, {cmd, sim::address(r)}}, order).result;
    };
    CHECK(reservation("increase_reservation", s.control, XENMEM_increase_reservation, kMany, 0) == kMany);
    CHECK(reservation("decrease_reservation", s.control, XENMEM_decrease_reservation, kMany, 0) == kMany);
    CHECK(reservation("populate_physmap, 2 MiB each", s.control, XENMEM_populate_physmap, 16, 9) == 16);
    CHECK(reservation("decrease_reservation, 2 MiB each", s.control, XENMEM_decrease_reservation, 16, 9) == 16);
    CHECK(reservation("increase_reservation, 16 MiB", s.control, XENMEM_increase_reservation, 1, 12) == 1);
    CHECK(reservation("decrease_reservation, 16 MiB", s.control, XENMEM_decrease_reservation, 1, 12) == 1);
    CHECK(reservation("populate_physmap", s.control, XENMEM_populate_physmap, 1024, 0) == 1024);
    xen_memory_exchange x{};
    x.in.extent_start.p = list.data(), x.out.extent_start.p = others.data();
    x.in.nr_extents = 1024, x.out.nr_extents = 2, x.out.extent_order = 9;
    x.in.domid = x.out.domid = DOMID_SELF;
    CHECK(bounded("exchange, 4 KiB for 2 MiB", s.guest, {__HYPERVISOR_memory_op, {XENMEM_exchange, sim::address(x)}}, 9).result == 0);
    xen_mem_acquire_resource r{};
    r.domid = s.guest.id.raw(), r.type = XENMEM_resource_grant_table, r.nr_frames = 64, r.frame_list.p = list.data();
    CHECK(bounded("acquire_resource, 64 frames", s.control, {__HYPERVISOR_memory_op, {XENMEM_acquire_resource, sim::address(r)}}).result == 0);
    std::vector<u8> map(1024 * 20);
    for (u64 i = 0; i < 1024; ++i) std::memcpy(&map[i * 20], &i, 8), map[i * 20 + 16] = 1;
    xen_foreign_memory_map f{};
    f.domid = s.guest.id.raw(), f.map.nr_entries = 1024, f.map.buffer.p = map.data();
    CHECK(bounded("set_memory_map", s.control, {__HYPERVISOR_memory_op, {XENMEM_set_memory_map, sim::address(f)}}).result == 0);
    CHECK(bounded("memory_map", s.guest, {__HYPERVISOR_memory_op, {XENMEM_memory_map, sim::address(f.map)}}).result == 0);
}

TEST_CASE("ports are polled for and closed in steps") {
    Scene s;
    CHECK(s.open_ports() == 4095);
    std::vector<evtchn_port_t> ports(128, 9);
    sched_poll poll{};
    poll.ports.p = ports.data(), poll.nr_ports = 128, poll.timeout = 1;
    bounded("poll, 128 ports", s.guest, {__HYPERVISOR_sched_op, {SCHEDOP_poll, sim::address(poll)}});
    evtchn_reset reset{DOMID_SELF};
    CHECK(bounded("event reset, 4095 ports", s.guest, {__HYPERVISOR_event_channel_op, {EVTCHNOP_reset, sim::address(reset)}}).result == 0);
    evtchn_init_control control{};
    control.control_gfn = s.pages[9].raw();
    CHECK(bounded("init_control", s.guest, {__HYPERVISOR_event_channel_op, {EVTCHNOP_init_control, sim::address(control)}}).result == 0);
    for (unsigned n = 10; n < 50; ++n) {
        evtchn_expand_array more{s.pages[n].raw()};
        sim::On on{*s.guest.vcpus[0]};
        CHECK(sim::hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_expand_array, sim::address(more)) == 0);
    }
    CHECK(s.open_ports() > 20'000);
    CHECK(bounded("event reset, FIFO", s.guest, {__HYPERVISOR_event_channel_op, {EVTCHNOP_reset, sim::address(reset)}}).result == 0);
}

TEST_CASE("the toolstack's loops yield in time") {
    Scene s;
    auto domctl = [&](const char* what, xen_domctl& op) { return bounded(what, s.control, {__HYPERVISOR_domctl, {sim::address(op)}}); };
    auto sysctl = [&](const char* what, xen_sysctl& op) { return bounded(what, s.control, {__HYPERVISOR_sysctl, {sim::address(op)}}); };
    std::vector<xen_pfn_t> frames(1024, s.pages[3].raw());
    xen_domctl op = s.domctl(XEN_DOMCTL_getpageframeinfo3);
    op.u.getpageframeinfo3.num = 1024, op.u.getpageframeinfo3.array.p = frames.data();
    CHECK(domctl("getpageframeinfo3", op).result == 0);
    std::vector<xen_domctl_schedparam_vcpu_t> units(2);
    op = s.domctl(XEN_DOMCTL_scheduler_op);
    op.u.scheduler_op.sched_id = 5, op.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_getvcpuinfo;
    op.u.scheduler_op.u.v.vcpus.p = units.data(), op.u.scheduler_op.u.v.nr_vcpus = ~0u;
    domctl("scheduler_op", op);
    std::vector<u32> status(static_cast<usize>(max_frame.raw()) + 1);
    xen_sysctl sys = s.sysctl(XEN_SYSCTL_page_offline_op);
    sys.u.page_offline.cmd = sysctl_query_page_offline, sys.u.page_offline.end = static_cast<u32>(max_frame.raw() - 1);
    sys.u.page_offline.status.p = status.data();
    CHECK(sysctl("page_offline_op, all frames", sys).result == 0);
    std::vector<physdev_pci_device_t> devices(kMany);
    sys = s.sysctl(XEN_SYSCTL_pcitopoinfo);
    sys.u.pcitopoinfo.num_devs = kMany, sys.u.pcitopoinfo.devs.p = devices.data(), sys.u.pcitopoinfo.nodes.p = status.data();
    sysctl("pcitopoinfo", sys);
    std::vector<char> text(2 << 20);
    sys = s.sysctl(XEN_SYSCTL_readconsole);
    sys.u.readconsole.buffer.p = text.data(), sys.u.readconsole.count = static_cast<u32>(text.size());
    CHECK(sysctl("readconsole", sys).result == 0);
    std::vector<xen_domctl_getdomaininfo_t> infos(1000);
    sys = s.sysctl(XEN_SYSCTL_getdomaininfolist);
    sys.u.getdomaininfolist.max_domains = 1000, sys.u.getdomaininfolist.buffer.p = infos.data();
    CHECK(sysctl("getdomaininfolist", sys).result == 0);
    std::string line(100'000, 'x');
    CHECK(bounded("console_io, 100 KB", s.control, {__HYPERVISOR_console_io, {CONSOLEIO_write, line.size(), reinterpret_cast<u64>(line.data())}})
              .result == 0);
    char path[] = "/params";
    CHECK(bounded("hypfs, a folder", s.control, {__HYPERVISOR_hypfs_op, {XEN_HYPFS_OP_read, sim::address(path), sizeof path, reinterpret_cast<u64>(text.data()), text.size()}})
              .result == 0);
}

TEST_CASE("a domain with all that it can have dies in steps") {
    Scene s;
    s.fill_tables();
    s.open_ports();
    {
        sim::On on{*s.guest.vcpus[0]};
        CHECK(sim::mmuext(MMUEXT_PIN_L4_TABLE, s.pages[0]) == 0);
        grant_entry_v1* table = sim::grant_table();
        for (unsigned i = 0; i < 512; ++i) table[i] = {GTF_permit_access, s.guest.id.raw(), static_cast<u32>(s.pages[8].raw())};
        std::vector<gnttab_map_grant_ref> maps(kMany);
        for (u32 i = 0; i < kMany; ++i) maps[i].dom = s.guest.id.raw(), maps[i].ref = i % 512, maps[i].flags = GNTMAP_device_map;
        CHECK(sim::hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, at(maps), kMany) == 0);
    }
    for (unsigned i = 0; i < 30'000; ++i) (void)sim::give_page(s.guest);
    xen_domctl op = s.domctl(XEN_DOMCTL_destroydomain);
    Cost c = bounded("destroydomain", s.control, {__HYPERVISOR_domctl, {sim::address(op)}});
    CHECK(c.result == 0);
    CHECK(c.entries > 100);
    s.gone = true;
}

TEST_CASE("a domain whose pages others map dies in steps") {
    Scene s;
    std::vector<PageRef> mappings;
    for (unsigned i = 0; i < 30'000; ++i) mappings.push_back(std::move(PageRef::get(sim::give_page(s.guest), s.guest).value()));
    xen_domctl op = s.domctl(XEN_DOMCTL_destroydomain);
    Cost c = bounded("destroydomain, pages mapped by others", s.control, {__HYPERVISOR_domctl, {sim::address(op)}});
    CHECK(c.result == 0);
    CHECK(c.entries > 100);
    CHECK(c.entries < 2000);
    s.gone = true;
    CHECK(s.guest.tot_pages == mappings.size());
    mappings.clear();
}

TEST_CASE("memory in large pieces is wiped a piece at a time") {
    Scene s;
    std::vector<Mfn> taken;
    auto take_all = [&](Order order) {
        while (auto p = memory::allocate_frames({.order = order})) taken.push_back(p.value().mfn());
    };
    while (memory::scrub_some()) {
    }
    take_all(Order{9});
    // What a domain of 100 MiB leaves, which gave up every other page first: nothing else is free.
    for (unsigned parity : {0, 1})
        for (unsigned n = 1; n <= 50; ++n)
            for (unsigned i = parity; i < 512; i += 2) memory::free_frames(page_of(taken[taken.size() - n] + i), Order{0}, true);
    taken.resize(taken.size() - 50);
    std::vector<xen_pfn_t> list(1);
    xen_memory_reservation r{};
    r.extent_start.p = list.data(), r.nr_extents = 1, r.extent_order = 9, r.domid = s.guest.id.raw();
    auto populate = [&](const char* what) {
        return bounded(what, s.control, {__HYPERVISOR_memory_op, {XENMEM_populate_physmap, sim::address(r)}}, 9).result;
    };
    CHECK(populate("populate_physmap, 2 MiB of a dead domain's") == 1);
    for (unsigned i = 0; i < 512; ++i) CHECK(*static_cast<u64*>(arch::direct_map(Mfn{list[0]} + i)) == 0);
    // Every other page is old: each attempt does a part of it.
    while (memory::scrub_some()) {
    }
    take_all(Order{9});
    for (unsigned n = 0; n < 40; ++n, taken.pop_back())
        for (unsigned i = 0; i < 512; ++i) memory::free_frames(page_of(taken.back() + i), Order{0}, i % 2);
    unsigned attempts = 1;
    while (populate("populate_physmap, 2 MiB in pieces") != 1 && attempts < 1000) ++attempts;
    CHECK(attempts > 1);
    CHECK(attempts < 200);
    for (Mfn f : taken) memory::free_frames(page_of(f), Order{9}, false);
}
