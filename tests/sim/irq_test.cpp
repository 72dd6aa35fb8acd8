// SPDX-License-Identifier: MIT
// Interrupt lines between a simulated I/O APIC and guests: masks, EOIs, sharing, moves, and what stays behind.
#include <catch2/catch.hpp>

#include <asm/interrupt.hpp>
#include <asm/mmio.hpp>
#include <asm/pagemap.hpp>
#include <sim/machine.hpp>
#include <xen/event.hpp>
#include <xen/irq.hpp>
#include <xen/rangeset.hpp>
#include <xen/sched.hpp>

#include <public/event_channel.h>
#include <public/physdev.h>

#include "allocations.hpp"
#include "arch/x86/irq/lines.hpp"
#include "control_calls.hpp"
#include "fake_io_apic.hpp"

using namespace xen;
using sim::FakeIoApic;

namespace {

constexpr Paddr kIoApic{0xfe000};
FakeIoApic& controller() {
    static FakeIoApic& c = *[] {
        sim::start();
        auto* fake = new FakeIoApic{kIoApic};
        acpi::Madt madt;
        REQUIRE(madt.io_apics.push({0, kIoApic, 0}));
        ioapic::init(madt);
        irq::init();
        return fake;
    }();
    return c;
}

struct Guest {
    Domain& d = (controller(), sim::create_domain({.vcpus = 2, .privileged = false}));
    Guest() {
        if (!d.irqs) d.irqs = Box<RangeSet>::make().leak();
        REQUIRE(d.irqs->add(0, irq::irq_count() - 1));
    }
    ~Guest() {
        irq::release_domain(d);
        sim::destroy_domain(d);
    }
    Vcpu& v() { return *d.vcpus[0]; }
    void map(u32 gsi) { REQUIRE(irq::map_gsi(d, static_cast<s32>(gsi), gsi).ok()); }
    Status bind(u32 gsi, bool share = false) { return irq::bind_guest(v(), gsi, share); }
};

// The line's interrupt arrives where its entry says.
void fire(u32 gsi) {
    irq::Line& l = *irq::line_at(gsi);
    sim::On on{sched::idle_vcpu(l.place.cpu), l.place.cpu};
    ioapic::Entry e = controller().entry(gsi);
    REQUIRE_FALSE(e.masked);
    REQUIRE(e.vector == l.place.vector);
    xen_interrupt(e.vector);
}

}  // namespace

TEST_CASE("an edge line is delivered at once, again and again") {
    Guest g;
    g.map(4);
    REQUIRE(irq::setup_gsi(4, false, false));
    REQUIRE(g.bind(4));
    for (int i = 0; i < 3; ++i) fire(4);
    CHECK_FALSE(controller().entry(4).masked);
    irq::unbind_guest(g.d, 4);
    CHECK(controller().entry(4).masked);
}

TEST_CASE("a level line stays masked until EOI") {
    Guest g;
    g.map(16);
    REQUIRE(irq::setup_gsi(16, true, true));
    REQUIRE(g.bind(16));
    CHECK((controller().entry(16).level && controller().entry(16).low));
    fire(16);
    CHECK(controller().entry(16).masked);
    REQUIRE(irq::guest_eoi(g.d, 16));
    CHECK_FALSE(controller().entry(16).masked);
    REQUIRE(irq::guest_eoi(g.d, 16));   // one too many does nothing
    fire(16);
    CHECK(controller().entry(16).masked);
}

TEST_CASE("a shared level line waits for every domain") {
    Guest a, b;
    a.map(17);
    b.map(17);
    REQUIRE(a.bind(17, true));
    CHECK(b.bind(17).error() == Errno::busy);
    REQUIRE(b.bind(17, true));
    CHECK(irq::is_shared(a.d, 17).value());
    fire(17);
    REQUIRE(irq::guest_eoi(a.d, 17));
    CHECK(controller().entry(17).masked);
    REQUIRE(irq::guest_eoi(b.d, 17));
    CHECK_FALSE(controller().entry(17).masked);
    fire(17);
    REQUIRE(irq::guest_eoi(a.d, 17));
    irq::unbind_guest(b.d, 17);         // it went without EOI
    CHECK_FALSE(controller().entry(17).masked);
    irq::unbind_guest(a.d, 17);
    CHECK(controller().entry(17).masked);
}

TEST_CASE("a line moves with its vCPU, and an interrupt that was on its way is not lost") {
    Guest g;
    g.map(18);
    REQUIRE(irq::setup_gsi(18, true, true));
    REQUIRE(g.bind(18));
    irq::Line& l = *irq::line_at(18);
    irq::Place before = l.place;
    CpuId other{before.cpu.raw() ^ 1};
    REQUIRE(irq::set_affinity_to(g.d, 18, other));
    CHECK(l.place.cpu == other);
    CHECK(controller().entry(18).vector == l.place.vector);
    {
        sim::On on{sched::idle_vcpu(before.cpu), before.cpu};
        xen_interrupt(before.vector);
    }
    CHECK(controller().entry(18).masked);
    REQUIRE(irq::guest_eoi(g.d, 18));
    fire(18);
    REQUIRE(irq::guest_eoi(g.d, 18));
    for (u32 i = 0; i < 1000; ++i) REQUIRE(irq::set_affinity_to(g.d, 18, CpuId{i & 1}));   // vectors come back
    fire(18);
}

TEST_CASE("a CPU that goes off leaves no line behind") {
    Guest g;
    g.map(19);
    REQUIRE(g.bind(19));
    REQUIRE(irq::set_affinity_to(g.d, 19, CpuId{1}));
    irq::leave(CpuId{1});
    CHECK(irq::line_at(19)->place.cpu == CpuId{0});
    fire(19);
}

TEST_CASE("pirqs: numbers, permissions, errors") {
    Guest g;
    CHECK(irq::map_gsi(g.d, -1, 5).value() == 16);   // the lowest that is no ISA line's
    CHECK(irq::map_gsi(g.d, -1, 5).value() == 16);
    CHECK(irq::line_number(g.d, 16) == 5);
    CHECK(irq::line_number(g.d, 5) == 0);
    CHECK(irq::map_gsi(g.d, 7, 5).error() == Errno::exist);
    CHECK(irq::map_gsi(g.d, 30, 6).value() == 30);
    CHECK(irq::map_gsi(g.d, 30, 8).error() == Errno::inval);
    CHECK(irq::map_gsi(g.d, -1, 4000).error() == Errno::inval);
    CHECK_FALSE(irq::map_gsi(g.d, static_cast<s32>(irq::irq_count()), 10));   // behind the last number
    u32 free = irq::free_pirq(g.d).value();
    CHECK(free >= irq::gsi_count());
    CHECK(irq::free_pirq(g.d).value() != free);
    CHECK(irq::map_gsi(g.d, static_cast<s32>(free), 9).value() == free);
    CHECK(irq::unmap_pirq(g.d, 11).error() == Errno::inval);
    REQUIRE(irq::unmap_pirq(g.d, 16));
    CHECK(irq::unmap_pirq(g.d, 16).error() == Errno::inval);
    CHECK(irq::map_gsi(g.d, 5, 5).error() == Errno::perm);   // the right to the line went with it
    CHECK(g.bind(5).error() == Errno::inval);
    REQUIRE(g.d.irqs->remove(12, 12));
    CHECK(irq::map_gsi(g.d, -1, 12).error() == Errno::perm);
    irq::MsiDevice many;
    many.entries = 2;
    CHECK(irq::map_msi(g.d, -1, many).error() == Errno::opnotsupp);
    many.entries = 33;
    CHECK(irq::map_msi(g.d, -1, many).error() == Errno::dom);
}

TEST_CASE("a line is set up once") {
    controller();
    irq::Line& l = *irq::line_at(20);
    REQUIRE(irq::setup_gsi(20, true, true));
    CHECK((l.level && l.low));
    CHECK(irq::setup_gsi(20, false, false).error() == Errno::exist);
    CHECK((l.level && l.low));
    CHECK(irq::setup_gsi(irq::kTimerLine, false, false).error() == Errno::exist);
}

TEST_CASE("the hypervisor's own lines are not the guests'") {
    Guest g;
    static int count;
    REQUIRE(irq::request(3, [](void* n) { ++*static_cast<int*>(n); }, &count, "test"));
    CHECK(irq::request(3, nullptr, nullptr, "again").error() == Errno::busy);
    g.map(3);
    CHECK(g.bind(3).error() == Errno::busy);
    fire(3);
    fire(3);
    CHECK(count == 2);
}

TEST_CASE("a dying domain lets its lines go") {
    {
        Guest g;
        g.map(20);
        REQUIRE(g.bind(20));
        fire(20);
    }
    CHECK(irq::line_at(20)->free());
    CHECK(controller().entry(20).masked);
    Guest next;
    next.map(20);
    REQUIRE(next.bind(20));
    fire(20);
}

TEST_CASE("vectors that belong to nothing are ignored") {
    controller();
    xen_interrupt(0x31);
    xen_interrupt(0xff);
    xen_interrupt(0x27);
}

namespace {

template <class Op>
s64 event_op(u32 cmd, Op& op) {
    return sim::hypercall(__HYPERVISOR_event_channel_op, cmd, sim::address(op));
}

s64 bind_port(u32 pirq, evtchn_bind_pirq& op, bool share = false) {
    op = {pirq, share ? u32{BIND_PIRQ__WILL_SHARE} : 0u, 0};
    return event_op(EVTCHNOP_bind_pirq, op);
}

bool take_pending(Domain& d, u32 port) {
    u64 bit = u64{1} << port;
    bool was = d.shared->evtchn_pending[0] & bit;
    d.shared->evtchn_pending[0] &= ~bit;
    return was;
}

}  // namespace

TEST_CASE("a line that is bound to a port is heard of there, until it is closed") {
    Guest g;
    sim::On on{g.v()};
    evtchn_bind_pirq bind{};
    CHECK(bind_port(21, bind) == -EPERM);                      // not mapped
    CHECK(bind_port(irq::irq_count(), bind) == -EINVAL);
    CHECK(bind_port(~0u, bind) == -EINVAL);
    g.map(21);
    REQUIRE(irq::setup_gsi(21, true, true));
    REQUIRE(bind_port(21, bind) == 0);
    u32 port = bind.port;
    CHECK(bind_port(21, bind) == -EEXIST);
    fire(21);
    CHECK(take_pending(g.d, port));
    CHECK(controller().entry(21).masked);
    physdev_eoi eoi{21};
    CHECK(sim::Toolstack::physdev(PHYSDEVOP_eoi, eoi) == 0);
    CHECK_FALSE(controller().entry(21).masked);
    evtchn_status status{};
    status.dom = DOMID_SELF, status.port = port;
    CHECK(event_op(EVTCHNOP_status, status) == 0);
    CHECK((status.status == EVTCHNSTAT_pirq && status.u.pirq == 21));
    // It goes where its port is told to, and its line with it.
    evtchn_bind_vcpu move{port, 1};
    CHECK(event_op(EVTCHNOP_bind_vcpu, move) == 0);
    event::migrate_pirqs(*g.d.vcpus[1]);
    CHECK(irq::line_at(21)->place.cpu == sched::processor_of(*g.d.vcpus[1]));
    event::migrate_pirqs(g.v());
    fire(21);
    CHECK(take_pending(g.d, port));
    evtchn_close close{port};
    CHECK(event_op(EVTCHNOP_close, close) == 0);
    CHECK(controller().entry(21).masked);
    CHECK(irq::line_at(21)->free());
    event::send_pirq(g.d, 21);                                 // nobody listens any more
    CHECK_FALSE(take_pending(g.d, port));
    REQUIRE(bind_port(21, bind) == 0);                         // and again
    CHECK(bind.port == port);
}

TEST_CASE("a line that somebody else has for himself leaves no port behind") {
    Guest owner, other;
    owner.map(22);
    other.map(22);
    evtchn_bind_pirq bind{};
    {
        sim::On on{owner.v()};
        REQUIRE(bind_port(22, bind) == 0);
    }
    sim::On on{other.v()};
    CHECK(bind_port(22, bind) == -EBUSY);
    evtchn_alloc_unbound next{DOMID_SELF, DOMID_SELF, 0};
    CHECK(event_op(EVTCHNOP_alloc_unbound, next) == 0);
    CHECK(next.port == 1);
    event::migrate_pirqs(other.v());                           // none of its
}

TEST_CASE("shared lines say so, and one call ends all that wait") {
    Guest a, b;
    a.map(23);
    b.map(23);
    REQUIRE(irq::setup_gsi(23, true, true));
    evtchn_bind_pirq bind{};
    for (Guest* g : {&a, &b}) {
        sim::On on{g->v()};
        REQUIRE(bind_port(23, bind, true) == 0);
    }
    sim::On on{a.v()};
    physdev_irq_status_query query{};
    query.irq = 23;
    CHECK(sim::Toolstack::physdev(PHYSDEVOP_irq_status_query, query) == 0);
    CHECK(query.flags == (XENIRQSTAT_needs_eoi | XENIRQSTAT_shared));
    query.irq = 5;
    CHECK(sim::Toolstack::physdev(PHYSDEVOP_irq_status_query, query) == 0);
    CHECK(query.flags == XENIRQSTAT_needs_eoi);
    query.irq = irq::irq_count();
    CHECK(sim::Toolstack::physdev(PHYSDEVOP_irq_status_query, query) == -EINVAL);
    physdev_eoi eoi{irq::irq_count()};
    CHECK(sim::Toolstack::physdev(PHYSDEVOP_eoi, eoi) == -EINVAL);
    fire(23);
    for (Guest* g : {&a, &b}) {
        CHECK(controller().entry(23).masked);
        sim::On other{g->v()};
        CHECK(sim::hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_IRQ_UNMASK_NOTIFY, 0) == 0);
    }
    CHECK_FALSE(controller().entry(23).masked);
}

TEST_CASE("the toolstack maps lines for a guest, within both domains' rights") {
    controller();
    sim::Toolstack t;
    for (Domain* d : {&t.control, &t.guest})
        if (!d->irqs) d->irqs = Box<RangeSet>::make().leak();
    REQUIRE(t.control.irqs->add(0, irq::irq_count() - 1));
    REQUIRE(t.guest.irqs->add(8, 12));
    physdev_map_pirq map{};
    auto ask = [&](int type, int index, int pirq) {
        map = {};
        map.domid = t.guest.id.raw(), map.type = type, map.index = index, map.pirq = pirq;
        return t.physdev(PHYSDEVOP_map_pirq, map);
    };
    CHECK(ask(MAP_PIRQ_TYPE_GSI, 9, -1) == 0);
    CHECK(map.pirq >= 0);
    int mapped = map.pirq;
    CHECK(ask(MAP_PIRQ_TYPE_GSI, 9, -1) == 0);
    CHECK(map.pirq == mapped);
    CHECK(ask(MAP_PIRQ_TYPE_GSI, -1, 9) == -EINVAL);
    CHECK(ask(MAP_PIRQ_TYPE_GSI, 4000, 9) == -EINVAL);
    CHECK(ask(MAP_PIRQ_TYPE_UNKNOWN, 9, 9) == -EINVAL);
    CHECK(ask(MAP_PIRQ_TYPE_MSI, 5, -1) == -EINVAL);           // a pin is no message
    CHECK(ask(MAP_PIRQ_TYPE_MSI, static_cast<int>(irq::irq_count()), -1) == -EINVAL);
    CHECK(ask(MAP_PIRQ_TYPE_MSI_SEG, static_cast<int>(irq::gsi_count()), -1) == -EPERM);
    CHECK(ask(MAP_PIRQ_TYPE_MSI, -1, -1) < 0);                 // no such device
    map = {};
    map.domid = t.guest.id.raw(), map.type = MAP_PIRQ_TYPE_MULTI_MSI, map.entry_nr = 2, map.index = -1, map.pirq = -1;
    CHECK(t.physdev(PHYSDEVOP_map_pirq, map) == -EOPNOTSUPP);
    map.table_base = 0x1000;
    CHECK(t.physdev(PHYSDEVOP_map_pirq, map) == -EINVAL);
    map.domid = sim::kNobody;
    CHECK(t.physdev(PHYSDEVOP_map_pirq, map) == -ESRCH);
    physdev_unmap_pirq unmap{t.guest.id.raw(), mapped};
    CHECK(t.physdev(PHYSDEVOP_unmap_pirq, unmap) == 0);
    CHECK(t.physdev(PHYSDEVOP_unmap_pirq, unmap) == -EINVAL);
    physdev_get_free_pirq free{};
    CHECK(t.physdev(PHYSDEVOP_get_free_pirq, free) == 0);
    CHECK(free.pirq >= irq::gsi_count());
    physdev_irq vector{40, 0};
    CHECK(t.physdev(PHYSDEVOP_alloc_irq_vector, vector) == 0);
    CHECK(vector.vector == 40);
    physdev_setup_gsi setup{13, 1, 1};
    CHECK(t.physdev(PHYSDEVOP_setup_gsi, setup) == 0);
    CHECK(t.physdev(PHYSDEVOP_setup_gsi, setup) == -EEXIST);
    physdev_apic pins{kIoApic.raw(), 1, 0};
    CHECK(t.physdev(PHYSDEVOP_apic_read, pins) == 0);
    CHECK(pins.value >> 16 == FakeIoApic::kPins - 1);
    CHECK(t.physdev(PHYSDEVOP_apic_write, pins) == 0);         // and nothing changes
    pins.reg = 0x100;
    CHECK(t.physdev(PHYSDEVOP_apic_write, pins) == -EINVAL);
    pins.apic_physbase = 0x1234000;
    CHECK(t.physdev(PHYSDEVOP_apic_read, pins) == -EINVAL);
    CHECK(sim::hypercall(__HYPERVISOR_physdev_op, 99, 0) == -ENOSYS);
    arch::set_current_vcpu(t.guest.vcpus[0]);
    CHECK(t.physdev(PHYSDEVOP_setup_gsi, setup) == -EPERM);
    CHECK(t.physdev(PHYSDEVOP_apic_read, pins) == -EPERM);
    CHECK(t.physdev(PHYSDEVOP_alloc_irq_vector, vector) == -EPERM);
    arch::set_current_vcpu(t.control.vcpus[0]);
}

TEST_CASE("the map of what needs an EOI is a page of the guest's own") {
    sim::Toolstack t;
    sim::On on{*t.guest.vcpus[0]};
    physdev_pirq_eoi_gmfn op{3};
    CHECK(t.physdev(PHYSDEVOP_pirq_eoi_gmfn_v2, op) == -EINVAL);
    Mfn page = sim::give_page(t.guest);
    op.gmfn = page.raw();
    CHECK(t.physdev(PHYSDEVOP_pirq_eoi_gmfn_v2, op) == 0);
    CHECK(*static_cast<u8*>(arch::direct_map(page)) == 0xff);
    CHECK(page_of(page).type_uses() == 1);
    CHECK(t.physdev(PHYSDEVOP_pirq_eoi_gmfn_v1, op) == -EBUSY);
}

TEST_CASE("the call of old carries its command within") {
    controller();
    sim::Toolstack t;
    auto compat = [](struct physdev_op& op) { return sim::hypercall(__HYPERVISOR_physdev_op_compat, sim::address(op)); };
    struct physdev_op op{};
    op.cmd = PHYSDEVOP_irq_status_query;
    op.u.irq_status_query.irq = 5;
    CHECK(compat(op) == 0);
    CHECK(op.u.irq_status_query.flags == XENIRQSTAT_needs_eoi);
    op.cmd = PHYSDEVOP_set_iopl, op.u.set_iopl.iopl = 1;
    CHECK(compat(op) == 0);
    op.u.set_iopl.iopl = 4;
    CHECK(compat(op) == -EINVAL);
    op.cmd = PHYSDEVOP_set_iobitmap, op.u.set_iobitmap = {};
    op.u.set_iobitmap.nr_ports = 65537;
    CHECK(compat(op) == -EINVAL);
    op.cmd = PHYSDEVOP_apic_write, op.u.apic_op = {0x1234000, 0, 0};
    CHECK(compat(op) == -EINVAL);
    op.cmd = PHYSDEVOP_IRQ_UNMASK_NOTIFY;
    CHECK(compat(op) == 0);
    op.cmd = PHYSDEVOP_map_pirq;
    CHECK(compat(op) == -ENOSYS);
}

TEST_CASE("without memory no line is bound, and none is lost") {
    controller();
    auto attempts = [](bool bind_too) {
        for (u64 n = 0;; ++n) {
            Guest g;
            sim::On on{g.v()};
            evtchn_bind_pirq bind{};
            if (bind_too) g.map(12);
            sim::fail_allocation(n);
            bool good = bind_too ? bind_port(12, bind) == 0 : irq::map_gsi(g.d, 12, 12).ok();
            sim::stop_failing();
            if (!sim::allocation_failed()) {
                CHECK(good);
                return n;
            }
            CHECK_FALSE(good);
            CHECK(irq::line_at(12)->free());
            if (!bind_too) g.map(12);
            CHECK(bind_port(12, bind) == 0);
            CHECK(bind.port == 1);
        }
    };
    CHECK(attempts(false) == 2);   // the domain's numbers
    CHECK(attempts(true) >= 3);    // its first ports, and the lines' ports
}
