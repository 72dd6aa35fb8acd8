// SPDX-License-Identifier: MIT
// What the debug keys tell of domains, events and grants in rarer states: dying, running, pinned to several CPUs, on queues,
// and more than is printed.
#include <public/sched.h>
#include <sim/state.hpp>
#include <xen/console.hpp>
#include <xen/control.hpp>
#include <xen/event.hpp>
#include <xen/grant.hpp>
#include <xen/sched.hpp>
#include <xen/softirq.hpp>

#include <string>
#include <vector>

#include "cluster.hpp"
#include "control_calls.hpp"
#include "event_calls.hpp"
#include "grant_calls.hpp"

using namespace xen;
using namespace xen::sim;

namespace {

// What the hypervisor's log has got since it was last emptied.
std::string read_log(bool clear) {
    std::vector<char> log(1 << 17);
    xen_sysctl op = Toolstack::system(XEN_SYSCTL_readconsole);
    op.u.readconsole.clear = clear, op.u.readconsole.buffer.p = log.data(), op.u.readconsole.count = static_cast<u32>(log.size());
    REQUIRE(Toolstack::run(op) == 0);
    return std::string{log.data(), op.u.readconsole.count};
}
void register_keys() {
    static bool once = (start(), event::init(), grant::init(), control::init(), true);
    REQUIRE(once);
}
std::string press(char key) {
    register_keys();
    (void)read_log(true);
    console::press_key(key);
    return read_log(false);
}
bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
// From the line that begins so to the next one of the kind.
std::string part_of(const std::string& text, const std::string& start, const std::string& next) {
    usize from = text.find(start);
    if (from == std::string::npos) return {};
    return text.substr(from, text.find(next, from + 1) - from);
}

}  // namespace

TEST_CASE("key q tells how a domain and each of its vCPUs are") {
    Toolstack t;
    std::string id = std::to_string(t.guest.id.raw());
    auto guest = [&] { return part_of(press('q'), "Domain " + id + ":", "Domain "); };
    CpuMask two = mask_of(CpuId{0}), three;
    two.set(2);
    three.set(1), three.set(2), three.set(3);
    REQUIRE(sched::set_hard_affinity(*t.guest.vcpus[0], two).ok());
    REQUIRE(sched::set_hard_affinity(*t.guest.vcpus[1], three).ok());
    std::string text = guest();
    CHECK(has(text, ": alive, paused"));
    CHECK(has(text, "vCPU 0: down"));
    CHECK(has(text, "hard 0,2 "));
    CHECK(has(text, "hard 1-3 "));
    sched::set_down(*t.guest.vcpus[0], false);
    sched::set_down(*t.guest.vcpus[1], false);
    run_as(t.guest, 1);
    t.guest.vcpus[1]->info->evtchn_upcall_mask = 0;
    REQUIRE(sim::hypercall(__HYPERVISOR_sched_op, SCHEDOP_block, 0) == 0);
    run_as(t.control);
    text = guest();
    CHECK(has(text, "vCPU 0: waiting"));
    CHECK(has(text, "vCPU 1: blocked"));
    CHECK_FALSE(has(text, "store"));
    t.guest.is_store = true;
    t.guest.is_shut_down = true;
    text = guest();
    CHECK((has(text, ": shut down") && has(text, ", store")));
    t.guest.is_shut_down = false;
    t.guest.dying.store(Dying::dying);
    CHECK(has(guest(), ": dying"));
    t.guest.dying.store(Dying::alive);
    softirq::pending_mask.local().store(0, std::memory_order_relaxed);
}

TEST_CASE("key q and getdomaininfo name a vCPU that runs") {
    register_keys();
    Toolstack t;
    (void)read_log(true);
    std::string id;
    u32 flags = 0;
    {
        Cluster c{1, 1};
        id = std::to_string(c.domains()[0]->id.raw());
        c.unpause();
        bool pressed = false;
        c.run_in_turn(50, [&](Vcpu& v, std::mt19937&) {
            if (std::exchange(pressed, true)) return;
            console::press_key('q');
            On on{*t.control.vcpus[0], arch::cpu_id()};
            xen_domctl op = t.about(XEN_DOMCTL_getdomaininfo, v.domain->id.raw());
            if (!t.run(op)) flags = op.u.getdomaininfo.flags;
        });
        REQUIRE(pressed);
    }
    run_as(t.control);
    std::string text = part_of(read_log(false), "Domain " + id + ":", "Domain ");
    CHECK(has(text, "vCPU 0: running"));
    CHECK((flags & XEN_DOMINF_running));
    CHECK_FALSE((flags & (XEN_DOMINF_blocked | XEN_DOMINF_paused)));
}

TEST_CASE("key e prints ports of queues and of the hypervisor, and counts those that are too many") {
    Toolstack t;
    Domain& d = create_domain({.vcpus = 1});
    std::string id = "d" + std::to_string(d.id.raw());
    auto own = event::alloc_unbound_for_xen(d, VcpuId{0}, t.control.id, [](Vcpu&, Port) {});
    REQUIRE(own);
    {
        On on{*d.vcpus[0]};
        Mfn control_page = give_page(d), array = give_page(d);
        evtchn_init_control init{control_page.raw(), 0, 0, 0, {}};
        REQUIRE(event_op(EVTCHNOP_init_control, init) == 0);
        evtchn_expand_array expand{array.raw()};
        REQUIRE(event_op(EVTCHNOP_expand_array, expand) == 0);
        auto* words = static_cast<event_word_t*>(arch::direct_map(array));
        u32 port = 0;
        for (u32 i = 0; i < 3; ++i) REQUIRE(bind_ipi(0, port) == 0);
        REQUIRE(send(2) == 0);
        words[3] |= 1u << EVTCHN_FIFO_MASKED;
        words[4] |= 1u << EVTCHN_FIFO_BUSY;
    }
    std::string text = part_of(press('e'), id + " event channels", "(XEN) d");
    CHECK(has(text, "event channels, FIFO"));
    CHECK(has(text, "unbound for d" + std::to_string(t.control.id.raw()) + " (hypervisor's)"));
    CHECK(has(text, "    2 [p-l-] vcpu 0 priority 7 ipi"));
    CHECK(has(text, "    3 [-m--]"));
    CHECK(has(text, "    4 [---b]"));
    CHECK_FALSE(has(text, " more"));
    {
        On on{*d.vcpus[0]};
        u32 port = 0;
        for (u32 i = 0; i < 597; ++i) REQUIRE(bind_ipi(0, port) == 0);
    }
    CHECK(has(press('e'), "... and 89 more"));                // the log does not keep all of them
    event::free_xen_port(d, own.value());
    destroy_domain(d);
}

TEST_CASE("key g counts the grants in use that are too many to print") {
    Granting g;
    run_as(g.b);
    u64 frames[2] = {};
    gnttab_setup_table setup{};
    setup.dom = DOMID_SELF, setup.nr_frames = 2, setup.frame_list.p = frames;
    REQUIRE(grant_op(GNTTABOP_setup_table, &setup) == 0);
    constexpr u32 kUsed = 530;
    std::vector<u32> handles;
    for (u32 ref = 8; ref < 8 + kUsed; ++ref) {
        auto* table = static_cast<grant_entry_v1*>(arch::direct_map(Mfn{frames[ref / 512]}));
        table[ref % 512] = {GTF_permit_access, g.a_id, static_cast<u32>(g.page.raw())};
        auto m = g.map(ref, GNTMAP_device_map | GNTMAP_readonly);
        REQUIRE(m.status == GNTST_okay);
        handles.push_back(m.handle);
    }
    std::string text;
    {
        Toolstack t;
        text = press('g');
    }
    CHECK(has(text, "used by d" + std::to_string(g.a_id)));
    CHECK(has(text, "... and 18 more"));
    for (u32 handle : handles) REQUIRE(g.unmap(handle, g.kNowhere, address_of(g.page).raw()) == GNTST_okay);
}
