// SPDX-License-Identifier: MIT
// Refusals and rare ways of calls that guests make about themselves: memory exchanged, tables and descriptors changed, caches
// flushed, events bound, text written.
#include <public/event_channel.h>
#include <public/sched.h>
#include <xen/console.hpp>
#include <xen/event.hpp>
#include <xen/rangeset.hpp>
#include <xen/softirq.hpp>

#include <array>
#include <string>
#include <vector>

#include "common/console/state.hpp"
#include "control_calls.hpp"
#include "tables.hpp"

using namespace xen;
using namespace xen::sim;
using arch::Pte;

namespace {

template <class Op>
s64 event_op(u32 cmd, Op& op) {
    return sim::hypercall(__HYPERVISOR_event_channel_op, cmd, address(op));
}

}  // namespace

TEST_CASE("an exchange is refused whole for numbers that do not fit") {
    Toolstack t;
    Mfn page = give_page(t.guest);
    On on{*t.guest.vcpus[0]};
    xen_pfn_t in[4] = {page.raw()}, out[4] = {77};
    auto exchange = [&](auto change) {
        xen_memory_exchange x{};
        x.in.extent_start.p = in, x.out.extent_start.p = out;
        x.in.nr_extents = x.out.nr_extents = 1;
        x.in.domid = x.out.domid = DOMID_SELF;
        change(x);
        return t.memory(XENMEM_exchange, x);
    };
    CHECK(exchange([](auto& x) { x.nr_exchanged = 2; }) == -EINVAL);
    CHECK(exchange([](auto& x) { x.out.domid = 0; }) == -EINVAL);
    CHECK(exchange([](auto& x) { x.in.extent_order = 10, x.out.extent_order = 10; }) == -EPERM);
    CHECK(exchange([](auto& x) { x.out.nr_extents = 2; }) == -EINVAL);
    CHECK(exchange([](auto& x) { x.in.nr_extents = u64{1} << 63, x.in.extent_order = 2, x.out.nr_extents = 0; }) == -EINVAL);
    CHECK(exchange([](auto& x) { x.out.nr_extents = u64{1} << 63, x.out.extent_order = 2, x.in.nr_extents = 0; }) == -EINVAL);
    CHECK(exchange([](auto& x) { x.in.nr_extents = x.out.nr_extents = u64{1} << 61; }) == -EFAULT);
    CHECK(exchange([](auto& x) { x.in.extent_start.p = reinterpret_cast<xen_pfn_t*>(arch::kXenStart); }) == -EFAULT);
    CHECK(exchange([](auto& x) { x.in.domid = x.out.domid = kNobody; }) == -ESRCH);
    CHECK(exchange([&](auto&) { in[0] = max_frame.raw(); }) == -EINVAL);
    CHECK(exchange([&](auto&) { in[0] = 5; }) == -EINVAL);      // not its own
    CHECK(exchange([&](auto& x) { in[0] = page.raw(), x.out.mem_flags = 32; }) == 0);
    CHECK(out[0] != page.raw());
    CHECK(page_of(Mfn{out[0]}).owner() == &t.guest);
}

TEST_CASE("table updates: whose, how, and what they are refused for") {
    TableGuest g{8};
    On on{*g.domain().vcpus[0]};
    auto update = [&](u64 ptr, u64 value, u64 who = DOMID_SELF) {
        mmu_update_t u{ptr, value};
        return sim::hypercall(__HYPERVISOR_mmu_update, address(u), 1, 0, who);
    };
    u64 entry = address_of(g.page(0)).raw() + 8;
    CHECK(update(entry, 0) == 0);                             // a page that is no table yet: a plain store
    CHECK(update(entry | MMU_PT_UPDATE_PRESERVE_AD, 0) == 0);
    CHECK(update(entry | MMU_PT_UPDATE_NO_TRANSLATE, 0) == 0);
    CHECK(update(entry | 7, 0) == -ENOSYS);
    CHECK(update(entry, 0, kNobody) == -ESRCH);
    CHECK(update(entry, 0, u64{kNobody + 1u} << 16 | DOMID_SELF) == -ESRCH);
    CHECK(update(address_of(max_frame).raw(), 0) == -EINVAL);
    u32 done = 9;
    mmu_update_t list[3] = {{entry, 0}, {address_of(max_frame).raw(), 0}, {entry, 0}};
    CHECK(sim::hypercall(__HYPERVISOR_mmu_update, address(list), 3, address(done), DOMID_SELF) == -EINVAL);
    CHECK(done == 1);                                         // how many came through
    CHECK(sim::hypercall(__HYPERVISOR_mmu_update, arch::kXenStart, 1, 0, DOMID_SELF) == -EFAULT);
}

TEST_CASE("extended operations: flushes of some and all, pages cleared and copied, LDTs") {
    Toolstack t;
    Mfn from = give_page(t.guest), to = give_page(t.guest);
    On on{*t.guest.vcpus[0]};
    auto op = [&](unsigned cmd, u64 one, u64 two = 0) {
        mmuext_op o{};
        o.cmd = cmd, o.arg1.linear_addr = one;
        o.arg2.src_mfn = two;
        return sim::hypercall(__HYPERVISOR_mmuext_op, address(o), 1, 0, DOMID_SELF);
    };
    u64 mask = 3;
    u64 before = flushes();
    CHECK(op(MMUEXT_TLB_FLUSH_ALL, 0) == 0);
    CHECK(op(MMUEXT_INVLPG_ALL, 0x1000) == 0);
    CHECK(op(MMUEXT_INVLPG_ALL, u64{1} << 47) == 0);          // no address at all
    CHECK(op(MMUEXT_INVLPG_MULTI, 0x1000, address(mask)) == 0);
    CHECK(op(MMUEXT_INVLPG_MULTI, u64{1} << 47, address(mask)) == 0);
    CHECK(op(MMUEXT_TLB_FLUSH_MULTI, 0, arch::kXenStart) == -EINVAL);
    CHECK(flushes() >= before);
    CHECK(op(MMUEXT_FLUSH_CACHE, 0) == -EACCES);              // it has no device
    CHECK(op(MMUEXT_FLUSH_CACHE_GLOBAL, 0) == -EACCES);
    REQUIRE(t.guest.io_ports->add(0x80, 0x80));
    CHECK(op(MMUEXT_FLUSH_CACHE, 0) == 0);
    CHECK(op(MMUEXT_FLUSH_CACHE_GLOBAL, 0) == 0);
    *static_cast<u64*>(arch::direct_map(from)) = 0x77;
    CHECK(op(MMUEXT_COPY_PAGE, to.raw(), from.raw()) == 0);
    CHECK(*static_cast<u64*>(arch::direct_map(to)) == 0x77);
    CHECK(op(MMUEXT_COPY_PAGE, to.raw(), 3) == -EINVAL);
    CHECK(op(MMUEXT_COPY_PAGE, 3, from.raw()) == -EINVAL);
    CHECK(op(MMUEXT_CLEAR_PAGE, to.raw()) == 0);
    CHECK(*static_cast<u64*>(arch::direct_map(to)) == 0);
    CHECK(op(MMUEXT_CLEAR_PAGE, 3) == -EINVAL);
    CHECK(op(MMUEXT_MARK_SUPER, to.raw()) == -EOPNOTSUPP);
    CHECK(op(MMUEXT_UNMARK_SUPER, to.raw()) == -EOPNOTSUPP);
    CHECK(op(77, 0) == -ENOSYS);
    CHECK(op(MMUEXT_SET_LDT, 0x5000, 100) == 0);
    CHECK(op(MMUEXT_SET_LDT, 0x5000, 100) == 0);              // the same again
    CHECK(op(MMUEXT_SET_LDT, 0x5000, 101) == 0);
    CHECK(current().arch.ldt_entries == 101);
    CHECK(op(MMUEXT_SET_LDT, 0x5008, 1) == -EINVAL);
    CHECK(op(MMUEXT_SET_LDT, 0x5000, 8193) == -EINVAL);
    CHECK(op(MMUEXT_SET_LDT, arch::kXenStart, 1) == -EINVAL);
    CHECK(op(MMUEXT_SET_LDT, 0, 0) == 0);
    CHECK(sim::hypercall(__HYPERVISOR_mmuext_op, arch::kXenStart, 1, 0, DOMID_SELF) == -EFAULT);
    mmuext_op pin{};
    pin.cmd = MMUEXT_PIN_L1_TABLE, pin.arg1.mfn = from.raw();
    CHECK(sim::hypercall(__HYPERVISOR_mmuext_op, address(pin), 1, 0, kNobody) == -ESRCH);
    pin.cmd = MMUEXT_UNPIN_TABLE;
    CHECK(sim::hypercall(__HYPERVISOR_mmuext_op, address(pin), 1, 0, DOMID_SELF) == -EINVAL);   // it is not
}

TEST_CASE("descriptors of segments lose their privilege, gates lead nowhere inside") {
    Toolstack t;
    Mfn page = give_page(t.guest);
    On on{*t.guest.vcpus[0]};
    auto* words = static_cast<u64*>(arch::direct_map(page));
    auto put = [&](u64 descriptor, u64 offset = 8) {
        return sim::hypercall(__HYPERVISOR_update_descriptor, address_of(page).raw() + offset, descriptor);
    };
    constexpr u64 kCode0 = 0x00af9a000000ffff, kConforming0 = 0x00af9e000000ffff, kData3 = 0x00cff2000000ffff, kTss = 0x0000890000000067;
    CHECK(put(kData3) == 0);
    CHECK(words[1] == kData3);
    CHECK(put(kCode0) == 0);
    CHECK((words[1] >> 45 & 3) == 3);                         // DPL 3 now
    CHECK(put(kConforming0) == -EINVAL);
    CHECK(put(kTss) == -EINVAL);
    CHECK(put(0x1234) == 0);                                  // not present: anything
    constexpr u64 kGate = u64{0xec} << 40;
    CHECK(put(kGate | u64{0x10} << 16) == 0);
    CHECK(((words[1] >> 16 & 3) == 3 && (words[1] >> 45 & 3) == 0));
    CHECK(put(kGate | u64{0x13} << 16) == 0);
    CHECK(put(kGate | u64{0x14} << 16) == 0);                 // of the LDT
    CHECK(put(kGate | u64{0xe033} << 16) == 0);
    CHECK(put(kGate | u64{1} << 32) == -EINVAL);              // with parameters
    CHECK(put(kData3, 4) == -EINVAL);
    CHECK(sim::hypercall(__HYPERVISOR_update_descriptor, 0x3000, kData3) == -EINVAL);
    u64 frames[2] = {page.raw(), 3};
    CHECK(sim::hypercall(__HYPERVISOR_set_gdt, address(frames), 1024) == -EINVAL);
    CHECK(page_of(page).type_uses() == 0);
    CHECK(sim::hypercall(__HYPERVISOR_set_gdt, address(frames), 512) == 0);
    CHECK(put(kData3) == 0);                                  // in use: still a checked store
    CHECK(words[1] == kData3);
    CHECK(sim::hypercall(__HYPERVISOR_set_gdt, address(frames), 15 * 512) == -EINVAL);
    CHECK(sim::hypercall(__HYPERVISOR_set_gdt, address(frames), 0) == 0);
    CHECK(page_of(page).type_uses() == 0);
}

TEST_CASE("cache flushes reach the caller's pages and those granted to it, and no others") {
    Toolstack t;
    Mfn page = give_page(t.guest), other = give_page(t.control);
    {
        On on{*t.control.vcpus[0]};
        grant_table()[8] = {GTF_permit_access, t.guest.id.raw(), static_cast<u32>(other.raw())};
    }
    On on{*t.guest.vcpus[0]};
    auto flush = [&](u64 at, u16 offset, u16 length, u32 what) {
        gnttab_cache_flush op{};
        op.a.dev_bus_addr = at, op.offset = offset, op.length = length, op.op = what;
        return sim::hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_cache_flush, address(op), 1);
    };
    u64 own = address_of(page).raw(), foreign = address_of(other).raw();
    CHECK(flush(own, 0, 4096, GNTTAB_CACHE_CLEAN) == 0);
    CHECK(flush(own, 0, 0, GNTTAB_CACHE_CLEAN) == 0);
    CHECK(flush(own, 0, 64, 0) == 0);
    CHECK(flush(own, 4096, 1, GNTTAB_CACHE_CLEAN) == -EINVAL);
    CHECK(flush(own, 0, 4097, GNTTAB_CACHE_CLEAN) == -EINVAL);
    CHECK(flush(own, 4000, 97, GNTTAB_CACHE_CLEAN) == -EINVAL);
    CHECK(flush(own, 0, 64, 8) == -EINVAL);
    CHECK(flush(address_of(max_frame).raw(), 0, 64, GNTTAB_CACHE_CLEAN) == -EINVAL);
    CHECK(flush(foreign, 0, 64, GNTTAB_CACHE_CLEAN) == -EINVAL);   // granted, and not in use
    CHECK(flush(0x3000, 0, 64, GNTTAB_CACHE_CLEAN) == -EPERM);     // nobody's
    gnttab_map_grant_ref map{};
    map.ref = 8, map.dom = t.control.id.raw(), map.flags = GNTMAP_device_map;
    REQUIRE(sim::hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, address(map), 1) == 0);
    REQUIRE(map.status == GNTST_okay);
    CHECK(flush(foreign, 0, 64, GNTTAB_CACHE_CLEAN) == 0);
}

TEST_CASE("a grant that is in use is used by its user alone, and written only where that is granted") {
    Toolstack t;
    Domain& third = create_domain({.pages = 64});
    Mfn page = give_page(t.guest), mine = give_page(t.control), theirs = give_page(third);
    grant_entry_v1* table;
    {
        On on{*t.guest.vcpus[0]};
        table = grant_table();
        table[8] = {GTF_permit_access, t.control.id.raw(), static_cast<u32>(page.raw())};
    }
    auto copy = [&](Mfn local, bool to_grant) {
        gnttab_copy op{};
        auto& grant = to_grant ? op.dest : op.source;
        auto& own = to_grant ? op.source : op.dest;
        grant.u.ref = 8, grant.domid = t.guest.id.raw();
        own.u.gmfn = local.raw(), own.domid = DOMID_SELF;
        op.len = 64, op.flags = to_grant ? GNTCOPY_dest_gref : GNTCOPY_source_gref;
        REQUIRE(sim::hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_copy, address(op), 1) == 0);
        return op.status;
    };
    auto map = [&](u32 flags) {
        gnttab_map_grant_ref op{};
        op.ref = 8, op.dom = t.guest.id.raw(), op.flags = GNTMAP_device_map | flags;
        REQUIRE(sim::hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, address(op), 1) == 0);
        REQUIRE(op.status == GNTST_okay);
        return op;
    };
    auto unmap = [&](const gnttab_map_grant_ref& of) {
        gnttab_unmap_grant_ref op{};
        op.handle = of.handle, op.dev_bus_addr = of.dev_bus_addr;
        REQUIRE(sim::hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref, address(op), 1) == 0);
        CHECK(op.status == GNTST_okay);
    };
    CHECK(copy(mine, false) == GNTST_okay);
    gnttab_map_grant_ref read_only = map(GNTMAP_readonly);
    CHECK(table[8].flags == (GTF_permit_access | GTF_reading));
    CHECK(copy(mine, false) == GNTST_okay);                   // one more reader
    CHECK(copy(mine, true) == GNTST_okay);                    // the first writer, who is gone again
    CHECK(table[8].flags == (GTF_permit_access | GTF_reading));
    gnttab_map_grant_ref writer = map(0);
    CHECK(table[8].flags == (GTF_permit_access | GTF_reading | GTF_writing));
    CHECK(copy(mine, true) == GNTST_okay);
    table[8].domid = third.id.raw();                          // what is in use stays as it was granted
    {
        On on{*third.vcpus[0]};
        CHECK(copy(theirs, false) == GNTST_general_error);
    }
    table[8].domid = t.control.id.raw();
    table[8].frame = 3;
    CHECK(copy(mine, false) == GNTST_okay);                   // the page of before
    unmap(writer);
    unmap(read_only);
    CHECK(table[8].flags == GTF_permit_access);
    CHECK(copy(mine, false) == GNTST_bad_page);               // nobody's
    table[8].frame = static_cast<u32>(page.raw());
    table[8].flags = GTF_permit_access | GTF_readonly;
    CHECK(copy(mine, true) == GNTST_general_error);
    read_only = map(GNTMAP_readonly);
    CHECK(copy(mine, true) == GNTST_general_error);
    CHECK(table[8].flags == (GTF_permit_access | GTF_readonly | GTF_reading));
    unmap(read_only);
    CHECK(page_of(page).references() == 1);
    destroy_domain(third);
}

TEST_CASE("parts of pages are granted in version 2, and stay what they were while in use") {
    Toolstack t;
    Mfn page = give_page(t.guest), mine = give_page(t.control);
    grant_entry_v2* table;
    {
        On on{*t.guest.vcpus[0]};
        (void)grant_table();
        gnttab_set_version version{2};
        REQUIRE(sim::hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_set_version, address(version), 1) == 0);
        table = reinterpret_cast<grant_entry_v2*>(grant_table());
    }
    table[8].sub_page = {{GTF_permit_access | GTF_sub_page, t.control.id.raw()}, 64, 128, page.raw()};
    static_cast<u8*>(arch::direct_map(page))[64] = 0x5a;
    auto copy = [&](u16 offset, u16 length) {
        gnttab_copy op{};
        op.source.u.ref = 8, op.source.domid = t.guest.id.raw(), op.source.offset = offset;
        op.dest.u.gmfn = mine.raw(), op.dest.domid = DOMID_SELF;
        op.len = length, op.flags = GNTCOPY_source_gref;
        REQUIRE(sim::hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_copy, address(op), 1) == 0);
        return op.status;
    };
    CHECK(copy(64, 128) == GNTST_okay);
    CHECK(*static_cast<u8*>(arch::direct_map(mine)) == 0x5a);
    CHECK(copy(63, 10) == GNTST_general_error);
    CHECK(copy(64, 129) == GNTST_general_error);
    gnttab_map_grant_ref map{};
    map.ref = 8, map.dom = t.guest.id.raw(), map.flags = GNTMAP_device_map;
    REQUIRE(sim::hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref, address(map), 1) == 0);
    CHECK(map.status != GNTST_okay);                          // a part cannot be mapped
}

TEST_CASE("virtual interrupts: whose they are, and where they may be bound") {
    Toolstack t;
    evtchn_bind_virq op{VIRQ_CONSOLE, 1, 0};
    CHECK(event_op(EVTCHNOP_bind_virq, op) == -EINVAL);       // one of the machine, on the first vCPU only
    op = {NR_VIRQS, 0, 0};
    CHECK(event_op(EVTCHNOP_bind_virq, op) == -EINVAL);
    op = {VIRQ_TIMER, 9, 0};
    CHECK(event_op(EVTCHNOP_bind_virq, op) == -ENOENT);
    op = {VIRQ_ARCH_2, 0, 0};
    CHECK(event_op(EVTCHNOP_bind_virq, op) == 0);
    CHECK(event_op(EVTCHNOP_bind_virq, op) == -EEXIST);
    u32 mine = op.port;
    // Without a handler it is the hardware domain's; then the guest's; and again, when that is gone.
    Domain* outer = std::exchange(domain::dom0, &t.control);
    auto pending = [&](Domain& d, u32 port) {
        u64 bit = u64{1} << port;
        bool was = d.shared->evtchn_pending[0] & bit;
        d.shared->evtchn_pending[0] &= ~bit;
        return was;
    };
    event::send_host_virq(VIRQ_ARCH_2);
    CHECK(pending(t.control, mine));
    xen_domctl handler = t.about(XEN_DOMCTL_set_virq_handler);
    handler.u.set_virq_handler.virq = VIRQ_ARCH_2;
    CHECK(t.run(handler) == 0);
    CHECK(t.run(handler) == 0);                               // it is already
    {
        On on{*t.guest.vcpus[0]};
        event::send_host_virq(VIRQ_ARCH_2);                   // nobody listens there
        op = {VIRQ_ARCH_2, 0, 0};
        CHECK(event_op(EVTCHNOP_bind_virq, op) == 0);
    }
    event::send_host_virq(VIRQ_ARCH_2);
    CHECK(pending(t.guest, op.port));
    CHECK_FALSE(pending(t.control, mine));
    handler.domain = t.control.id.raw();
    CHECK(t.run(handler) == 0);
    event::send_host_virq(VIRQ_ARCH_2);
    CHECK(pending(t.control, mine));
    for (u32 bad : {u32{VIRQ_TIMER}, u32{NR_VIRQS}}) {
        handler.u.set_virq_handler.virq = bad;
        CHECK(t.run(handler) == -EINVAL);
    }
    domain::dom0 = outer;
    softirq::pending_mask.local().store(0, std::memory_order_relaxed);
}

TEST_CASE("the text of a guest is gathered into lines") {
    Toolstack t;
    std::vector<char> log(1 << 16);
    auto read = [&](bool clear) {
        xen_sysctl op = t.system(XEN_SYSCTL_readconsole);
        op.u.readconsole.clear = clear, op.u.readconsole.buffer.p = log.data(), op.u.readconsole.count = static_cast<u32>(log.size());
        REQUIRE(t.run(op) == 0);
        return std::string{log.data(), op.u.readconsole.count};
    };
    auto write = [&](std::string text) {
        t.guest.is_privileged = true;
        On on{*t.guest.vcpus[0]};
        s64 r = sim::hypercall(__HYPERVISOR_console_io, CONSOLEIO_write, text.size(), reinterpret_cast<u64>(text.data()));
        t.guest.is_privileged = false;
        return r;
    };
    console::Threshold outer = console::state.guest.exchange(*console::parse_threshold("all"));   // what guests print counts least
    (void)read(true);
    CHECK(write("half a ") == 0);
    CHECK(read(false).find("half") == std::string::npos);
    CHECK(write("line\x01\x7f\twith bad bytes\n" + std::string(450, 'x') + "\n") == 0);
    console::state.guest.store(outer);
    std::string all = read(true);
    INFO(all);
    CHECK(all.find("half a line\twith bad bytes") != std::string::npos);
    CHECK(all.find(std::string(200, 'x')) != std::string::npos);
    CHECK(all.find(std::string(201, 'x')) == std::string::npos);   // a line has an end
    CHECK(sim::hypercall(__HYPERVISOR_console_io, 9, 0, 0) == -ENOSYS);
    std::array<char, 200> room{};
    CHECK(sim::hypercall(__HYPERVISOR_console_io, CONSOLEIO_read, 0x80000000, address(room)) == -E2BIG);
    CHECK(sim::hypercall(__HYPERVISOR_console_io, CONSOLEIO_read, room.size(), address(room)) == 0);
    CHECK(sim::hypercall(__HYPERVISOR_console_io, CONSOLEIO_write, 3, address(room)) == 0);
    arch::set_current_vcpu(t.guest.vcpus[0]);
    CHECK(sim::hypercall(__HYPERVISOR_console_io, CONSOLEIO_read, room.size(), address(room)) == -EPERM);
    arch::set_current_vcpu(t.control.vcpus[0]);
}

TEST_CASE("a domain is made within the host's limits") {
    Toolstack t;
    auto create = [&](auto change) {
        xen_domctl op = t.about(XEN_DOMCTL_createdomain, 0x6200);
        auto& x = op.u.createdomain;
        x.max_vcpus = 1, x.max_evtchn_port = 1023, x.max_grant_frames = 32, x.max_maptrack_frames = 32, x.grant_opts = 2;
        change(x);
        s64 r = t.run(op);
        if (!r) destroy_domain(*domain::peek(DomId{op.domain}));
        return r;
    };
    CHECK(create([](auto&) {}) == 0);
    CHECK(create([](auto& x) { x.max_grant_frames = -1, x.max_maptrack_frames = -1; }) == 0);
    CHECK(create([](auto& x) { x.grant_opts = 0; }) == -EINVAL);
    CHECK(create([](auto& x) { x.grant_opts = 3; }) == -EINVAL);
    CHECK(create([](auto& x) { x.max_grant_frames = 100'000; }) == -EINVAL);
    CHECK(create([](auto& x) { x.max_maptrack_frames = 100'000; }) == -EINVAL);
    CHECK(create([](auto& x) { x.max_vcpus = 0; }) == -EINVAL);
    CHECK(create([](auto& x) { x.max_vcpus = 100'000; }) == -EINVAL);
    CHECK(create([](auto& x) { x.flags = ~0u; }) == -EINVAL);
    CHECK(create([](auto& x) { x.cpupool_id = 77; }) < 0);
    CHECK(create([](auto& x) { x.iommu_opts = ~0u; }) == -EINVAL);
    CHECK(create([](auto& x) { x.arch.emulation_flags = 1; }) == -EOPNOTSUPP);
    CHECK(create([](auto& x) { x.arch.misc_flags = ~0u; }) == -EINVAL);
    xen_domctl op = t.about(XEN_DOMCTL_createdomain);
    op.u.createdomain.max_vcpus = 1, op.u.createdomain.max_evtchn_port = 1023, op.u.createdomain.grant_opts = 2;
    op.u.createdomain.max_grant_frames = op.u.createdomain.max_maptrack_frames = 32;
    CHECK(t.run(op) == -EEXIST);
    op = t.about(XEN_DOMCTL_max_vcpus);
    op.u.max_vcpus.max = 2;
    CHECK(t.run(op) == 0);
    op.u.max_vcpus.max = 3;
    CHECK(t.run(op) == -EINVAL);
    op = t.about(XEN_DOMCTL_unpausedomain);
    CHECK(t.run(op) <= 0);
    op.domain = t.control.id.raw();
    op.cmd = XEN_DOMCTL_pausedomain;
    CHECK(t.run(op) == -EINVAL);                              // itself
    op.cmd = XEN_DOMCTL_destroydomain;
    CHECK(t.run(op) == -EINVAL);
    op.domain = kNobody;
    CHECK(t.run(op) == -ESRCH);
    op.interface_version = 1;
    CHECK(t.run(op) == -EACCES);
}
