// SPDX-License-Identifier: MIT
// What a bad guest may do to others, on CPUs that both of them run on: nothing. It crashes alone, it gets its share of
// time and no more, its lines do not push others' out of the log, and no call of its holds a CPU for long.
#include <catch2/catch.hpp>

#include <asm/entry.hpp>
#include <asm/m2p.hpp>
#include <asm/mm.hpp>
#include <public/event_channel.h>
#include <public/grant_table.h>
#include <public/memory.h>
#include <public/sched.h>
#include <public/version.h>
#include <sim/machine.hpp>
#include <xen/hypercall.hpp>
#include <xen/log.hpp>
#include <xen/memory.hpp>

#include <string>
#include <vector>

#include "arch/x86/guest/pv/bounce.hpp"
#include "cluster.hpp"
#include "common/console/state.hpp"
#include "guest.hpp"

using namespace xen;
using sim::Cluster;

namespace {

constexpr u64 kXenAddress = 0xffff820000000000;

// The first domain of the cluster misbehaves; the second is the one that must not notice.
struct Neighbours : Cluster {
    Neighbours() : Cluster{2, 2} { unpause(); }
    Domain& bad() { return *domains()[0]; }
    Domain& good() { return *domains()[1]; }
    std::vector<Vcpu*> vcpus_of(Domain& d) {
        std::vector<Vcpu*> all;
        d.for_each_vcpu([&](Vcpu& v) { all.push_back(&v); });
        return all;
    }
    u64 steps_of(Domain& d) {
        u64 n = 0;
        d.for_each_vcpu([&](Vcpu& v) { n += mark(v).steps.load(); });
        return n;
    }
    // Runs until the bad one is dead, and then finds the other alive.
    template <class Step>
    void crash_by(Step misbehave) {
        u64 free = memory::free_pages();
        REQUIRE(all_step());
        auto dead = [&] { return domain::crashed(bad()); };
        REQUIRE(run_until(dead, [&](Vcpu& v, std::mt19937&) {
            if (v.domain == &bad()) misbehave(v);
        }));
        CHECK(bad().shutdown_code == SHUTDOWN_crash);
        CHECK(bad().is_shut_down);
        CHECK_FALSE(good().is_shutting_down);
        run(50, [](Vcpu&, std::mt19937&) {});   // whatever was on a CPU has left it
        u64 steps = steps_of(bad());
        CHECK(all_step(vcpus_of(good())));
        CHECK(steps_of(bad()) == steps);
        CHECK(memory::free_pages() == free);
    }
};

void page_fault(Vcpu& v) {
    v.arch.regs.entry_vector = pv::kPageFault;
    v.arch.regs.error_code = pv::kErrorUser;
    pv_exception(v, 0x1234000);
}

double spent(Domain& d) { return static_cast<double>(sched::state_of(d).cpu_time); }

}  // namespace

TEST_CASE("a guest that faults without a trap table crashes alone") {
    Neighbours n;
    n.crash_by(page_fault);
}

TEST_CASE("a guest whose handlers have no stack crashes alone") {
    Neighbours n;
    n.bad().for_each_vcpu([](Vcpu& v) {
        v.arch.traps[pv::kPageFault] = {0xffffffff81000000, arch::kGuestCs64, 0, false};
        v.arch.kernel_sp = kXenAddress;
        v.arch.regs.rsp = kXenAddress;
    });
    n.crash_by(page_fault);
}

TEST_CASE("a guest that returns to a user mode without tables crashes alone") {
    Neighbours n;
    n.crash_by([](Vcpu& v) {
        iret_context f{};
        f.cs = 3;
        v.arch.regs.rsp = sim::address(f);
        v.arch.regs.rax = __HYPERVISOR_iret;
        hypercall::from_guest(v);
    });
}

TEST_CASE("a guest that never blocks leaves others their share") {
    Neighbours n;
    for (Vcpu* v : n.vcpus()) {
        CpuMask one;
        one.set(v->id.raw());
        REQUIRE(sched::set_hard_affinity(*v, one).ok());
    }
    n.run_in_turn(2000, [](Vcpu&, std::mt19937&) {});
    SECTION("another that never blocks gets half") {
        double bad = spent(n.bad()), good = spent(n.good());
        n.run_in_turn(60'000, [](Vcpu&, std::mt19937&) {});
        bad = spent(n.bad()) - bad;
        good = spent(n.good()) - good;
        CHECK(good > 0.47 * (bad + good));
        CHECK(good < 0.53 * (bad + good));
    }
    SECTION("one that sleeps runs soon after it is woken") {
        Vcpu& sleeper = *n.good().vcpus[0];
        sched::set_down(*n.good().vcpus[1], true);
        Nanos woken{0}, longest{0};
        unsigned naps = 0;
        n.run_in_turn(60'000, [&](Vcpu& v, std::mt19937& random) {
            if (&v == &sleeper) {
                if (woken != Nanos{0} && Nanos{time::now() - woken} > longest) longest = Nanos{time::now() - woken};
                woken = Nanos{0};
                sched::block();
            } else if (woken == Nanos{0} && sched::is_blocked(sleeper) && random() % 100 == 0) {
                woken = time::now();
                ++naps;
                sched::wake(sleeper);
            }
        });
        CHECK(naps > 200);
        CHECK(longest.raw() < 10'000'000);   // a slice is 30 ms, the rate limit 1 ms, and timers are looked at now and then
    }
}

namespace {

// What the log ring has got since.
class RingReader {
public:
    RingReader() {
        console::Session s;
        from_ = console::state.ring.end();
    }
    std::string text() const {
        console::Session s;
        std::string out(console::state.ring.end() - from_, ' ');
        out.resize(console::state.ring.copy(from_, out.data(), static_cast<u32>(out.size())));
        return out;
    }

private:
    u32 from_;
};

class LimitedGuests {
public:
    LimitedGuests() : old_{set({0, 4})} {}
    ~LimitedGuests() { set(old_); }
    LimitedGuests(const LimitedGuests&) = delete;

private:
    static console::Threshold set(console::Threshold t) {
        console::Session s;
        return console::state.guest.exchange(t);
    }
    console::Threshold old_;
};

usize count(const std::string& text, const std::string& what) {
    usize n = 0;
    for (usize at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
    return n;
}

}  // namespace

TEST_CASE("a guest that floods the console and the log is held to the rate limit") {
    Neighbours n;
    LimitedGuests limited;
    RingReader ring;
    log_info("the other's line, before");
    Nanos start = time::now();
    u64 calls = 0, written = 0;
    char text[] = "flood flood flood flood\n";
    mmu_update_t bad{};
    bad.ptr = address_of(max_frame + 7).raw();
    n.run_in_turn(20'000, [&](Vcpu& v, std::mt19937& random) {
        if (v.domain != &n.bad()) return;
        ++calls;
        if (random() % 2) {
            written += sim::hypercall(__HYPERVISOR_console_io, CONSOLEIO_write, sizeof text, sim::address(text)) == 0;
        } else {
            log_guest("d%u: misbehaves", v.domain->id.raw());
            sim::hypercall(__HYPERVISOR_mmu_update, sim::address(bad), 1, 0, DOMID_SELF);
        }
    });
    log_info("the other's line, behind");
    std::string log = ring.text();
    double seconds = static_cast<double>(time::now() - start) / 1e9;
    CHECK(calls > 10'000);
    CHECK(written == 0);                                      // ABI: the console is the hardware domain's
    CHECK(count(log, "misbehaves") >= 1);
    CHECK(static_cast<double>(count(log, "\n")) < 10 + 2 * (2 * seconds) + 4);   // each with a note on what is left out
    CHECK(count(log, "messages suppressed") >= 1);
    CHECK(count(log, "the other's line, before") == 1);
    CHECK(count(log, "the other's line, behind") == 1);
}

namespace {

// Calls with as much in them as they take, from a vCPU that has to give its CPU away all the time.
class Stormer {
public:
    explicit Stormer(u64 pages = 64)
        : domain_{(sim::start(), sim::create_domain({.vcpus = 2, .pages = pages + 1}))}, on_{*domain_.vcpus[0]} {
        for (u64 i = 0; i < pages; ++i) pages_.push_back(sim::give_page(domain_));
    }
    ~Stormer() {
        softirq::pending_mask.local().store(0, std::memory_order_relaxed);
        sim::destroy_domain(domain_);
    }
    Domain& domain() { return domain_; }
    Mfn page(usize i) const { return pages_[i]; }
    // The call to its end, yielding whenever it looks: how often it was entered. Between two looks it may touch the
    // guest's memory `kUnit` times.
    unsigned storm(const sim::Call& c) {
        sim::load(c);
        for (unsigned entries = 1;; ++entries) {
            u64 before = sim::guest_copies();
            bool over = sim::enter(true);
            u64 unit = sim::guest_copies() - before;
            if (unit > worst_) worst_ = unit;
            if (over) return entries;
        }
    }
    u64 worst() const { return worst_; }
    s64 result() const { return static_cast<s64>(current().arch.regs.rax); }

private:
    Domain& domain_;
    sim::On on_;
    std::vector<Mfn> pages_;
    u64 worst_ = 0;
};

constexpr u64 kUnit = 80;        // a console line or a batch of requests, with what is written back
constexpr u32 kMany = 3000;

}  // namespace

TEST_CASE("batches of any length yield after a bounded piece") {
    Stormer s;
    SECTION("mmu_update") {
        std::vector<mmu_update_t> updates(kMany);
        for (u32 i = 0; i < kMany; ++i) {
            updates[i].ptr = address_of(s.page(i % 64)).raw() | MMU_MACHPHYS_UPDATE;
            updates[i].val = i;
        }
        CHECK(s.storm({__HYPERVISOR_mmu_update, {sim::address(updates[0]), kMany, 0, DOMID_SELF}}) > kMany / 64);
        CHECK(s.result() == 0);
        CHECK(*arch::m2p_entry(s.page(0)) == (kMany - 1) / 64 * 64);
    }
    SECTION("mmuext_op") {
        std::vector<mmuext_op_t> ops(kMany);
        for (auto& op : ops) op.cmd = MMUEXT_TLB_FLUSH_LOCAL;
        CHECK(s.storm({__HYPERVISOR_mmuext_op, {sim::address(ops[0]), kMany, 0, DOMID_SELF}}) > kMany / 64);
        CHECK(s.result() == 0);
    }
    SECTION("multicall") {
        std::vector<multicall_entry> calls(kMany);
        for (auto& c : calls) c.op = __HYPERVISOR_xen_version, c.args[0] = XENVER_version, c.result = 1;
        CHECK(s.storm({__HYPERVISOR_multicall, {sim::address(calls[0]), kMany}}) > kMany / 64);
        CHECK(s.result() == 0);
        for (auto& c : calls) REQUIRE(c.result == (4 << 16 | 17));
    }
    SECTION("grant operations") {
        std::vector<gnttab_map_grant_ref> maps(kMany);
        for (auto& m : maps) m.dom = DOMID_SELF, m.ref = 9, m.flags = GNTMAP_host_map;
        CHECK(s.storm({__HYPERVISOR_grant_table_op, {GNTTABOP_map_grant_ref, sim::address(maps[0]), kMany}}) > kMany / 64);
        for (auto& m : maps) REQUIRE(m.status < 0);
        std::vector<gnttab_unmap_grant_ref> unmaps(kMany);
        CHECK(s.storm({__HYPERVISOR_grant_table_op, {GNTTABOP_unmap_grant_ref, sim::address(unmaps[0]), kMany}}) > kMany / 64);
        std::vector<gnttab_copy> copies(kMany);
        for (u32 i = 0; i < kMany; ++i) {
            copies[i].source.domid = copies[i].dest.domid = DOMID_SELF;
            copies[i].source.u.gmfn = s.page(i % 64).raw();
            copies[i].dest.u.gmfn = s.page((i + 1) % 64).raw();
            copies[i].len = kPageSize;
        }
        CHECK(s.storm({__HYPERVISOR_grant_table_op, {GNTTABOP_copy, sim::address(copies[0]), kMany}}) > kMany / 64);
        CHECK(s.result() == 0);
        for (auto& c : copies) REQUIRE(c.status == GNTST_okay);
    }
    SECTION("memory reservations") {
        s.domain().max_pages = kMany;
        std::vector<xen_pfn_t> list(kMany);
        xen_memory_reservation r{};
        r.extent_start.p = list.data();
        r.nr_extents = kMany - 64;
        r.domid = DOMID_SELF;
        CHECK(s.storm({__HYPERVISOR_memory_op, {XENMEM_increase_reservation, sim::address(r)}}) > kMany / 64);
        CHECK(s.result() == kMany - 64);
        CHECK(s.storm({__HYPERVISOR_memory_op, {XENMEM_decrease_reservation, sim::address(r)}}) > kMany / 64);
        CHECK(s.result() == kMany - 64);
        CHECK(s.domain().tot_pages == 64);
    }
    SECTION("page tables of a thousand entries") {
        for (unsigned i = 0; i < arch::kEntries; ++i) {
            auto* l1 = static_cast<arch::Pte*>(arch::direct_map(s.page(2)));
            auto* l2 = static_cast<arch::Pte*>(arch::direct_map(s.page(1)));
            l1[i] = arch::Pte::make(s.page(3 + i % 60), arch::Pte::kPresent | arch::Pte::kUser | arch::Pte::kWrite);
            l2[i] = arch::Pte::make(s.page(2), arch::Pte::kPresent | arch::Pte::kUser | arch::Pte::kWrite);
        }
        mmuext_op_t pin{};
        pin.cmd = MMUEXT_PIN_L2_TABLE;
        pin.arg1.mfn = s.page(1).raw();
        CHECK(s.storm({__HYPERVISOR_mmuext_op, {sim::address(pin), 1, 0, DOMID_SELF}}) > 16);
        CHECK(s.result() == 0);
        CHECK(page_of(s.page(2)).type_uses() == arch::kEntries);
        pin.cmd = MMUEXT_UNPIN_TABLE;
        CHECK(s.storm({__HYPERVISOR_mmuext_op, {sim::address(pin), 1, 0, DOMID_SELF}}) == 1);
        CHECK(s.result() == 0);   // what is left to take down holds up the next call
        pin.cmd = MMUEXT_TLB_FLUSH_LOCAL;
        CHECK(s.storm({__HYPERVISOR_mmuext_op, {sim::address(pin), 1, 0, DOMID_SELF}}) > 16);
        CHECK(page_of(s.page(2)).type_uses() == 0);
    }
    SECTION("ports") {
        u32 opened = 0;
        for (;; ++opened) {
            evtchn_alloc_unbound op{DOMID_SELF, DOMID_SELF, 0};
            if (sim::hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, sim::address(op)) != 0) break;
        }
        CHECK(opened > 1000);
        evtchn_reset reset{DOMID_SELF};
        CHECK(s.storm({__HYPERVISOR_event_channel_op, {EVTCHNOP_reset, sim::address(reset)}}) > 16);
        CHECK(s.result() == 0);
    }
    CHECK(s.worst() <= kUnit);
}

TEST_CASE("a guest that calls without end leaves others their share") {
    Neighbours n;
    for (Vcpu* v : n.vcpus()) {
        CpuMask two;
        two.set(0), two.set(1);
        REQUIRE(sched::set_hard_affinity(*v, two).ok());
    }
    std::vector<mmu_update_t> updates(kMany);
    std::vector<gnttab_map_grant_ref> maps(kMany);
    for (auto& u : updates) u.ptr = MMU_MACHPHYS_UPDATE;      // frame 0 is not its own: fails at the first
    for (auto& m : maps) m.dom = n.good().id.raw(), m.ref = 9, m.flags = GNTMAP_host_map;
    n.run_in_turn(500, [](Vcpu&, std::mt19937&) {});
    u64 before = n.steps_of(n.good());
    unsigned yielded = 0;
    n.run_in_turn(20'000, [&](Vcpu& v, std::mt19937& random) {
        if (v.domain != &n.bad()) return;
        if (v.arch.regs.rip != 0) {   // a call that has yielded goes on when the scheduler lets it
            switch (random() % 3) {
            case 0: sim::load({__HYPERVISOR_mmu_update, {sim::address(updates[0]), kMany, 0, DOMID_SELF}}); break;
            case 1:
                sim::load({__HYPERVISOR_grant_table_op, {GNTTABOP_map_grant_ref, sim::address(maps[0]), kMany}});
                break;
            default: sim::load({__HYPERVISOR_sched_op, {SCHEDOP_yield, 0}}); break;
            }
        }
        if (sim::enter(true)) {
            v.arch.regs.rip = 1;
        } else {
            v.arch.regs.rip = 0;
            ++yielded;
        }
    });
    CHECK(yielded > 1000);
    u64 possible = 2 * 20'000;   // rounds of the two CPUs that they share
    CHECK(n.steps_of(n.good()) - before > possible * 47 / 100);
    CHECK(n.steps_of(n.good()) - before < possible * 65 / 100);   // of its own accord the bad one yields now and then
}
