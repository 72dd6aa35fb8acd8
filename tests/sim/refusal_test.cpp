// SPDX-License-Identifier: MIT
// What a failing operation leaves in the log: one line with the caller, the operation, the domain, the error and the reason.
#include <sim/machine.hpp>
#include <xen/log.hpp>
#include <xen/memory.hpp>

#include <string>
#include <vector>

#include "control_calls.hpp"

using namespace xen;
using namespace xen::sim;

namespace {

std::string take_log() {
    std::vector<char> text(1 << 20);
    xen_sysctl op = Toolstack::system(XEN_SYSCTL_readconsole);
    op.u.readconsole.buffer.p = text.data();
    op.u.readconsole.count = static_cast<u32>(text.size());
    op.u.readconsole.clear = 1;
    REQUIRE(Toolstack::run(op) == 0);
    return {text.data(), op.u.readconsole.count};
}

template <class F>
void as_nobody(F code) {
    Vcpu* now = arch::current_vcpu();
    arch::set_current_vcpu(nullptr);
    code();
    arch::set_current_vcpu(now);
}

// The log of one call, with nothing kept back because of what came before.
template <class Call>
std::string log_of(Call call) {
    xen_sysctl unknown = Toolstack::system(999);
    sim::advance(Nanos{10'000'000'000});
    CHECK(Toolstack::run(unknown) == -ENOSYS);   // which tells what was dropped
    as_nobody([] { log_guest("and what was dropped of guests' lines"); });
    sim::advance(Nanos{10'000'000'000});
    take_log();
    call();
    return take_log();
}

usize lines(const std::string& text) {
    usize n = 0;
    for (char c : text) n += c == '\n';
    return n;
}

}  // namespace

TEST_CASE("a refused domctl is explained: caller, operation, domain, error, field") {
    Toolstack t;
    std::string me = "d" + std::to_string(t.control.id.raw()), it = "d" + std::to_string(t.guest.id.raw());
    xen_domctl op = t.about(XEN_DOMCTL_createdomain, 0);
    op.u.createdomain.max_vcpus = 129;
    op.u.createdomain.max_grant_frames = 4;
    CHECK(log_of([&] { CHECK(t.run(op) == -EINVAL); }) ==
          "(XEN) " + me + ": domctl createdomain: EINVAL: max_vcpus is 129, possible are 1 to 128\n");
    op = t.about(XEN_DOMCTL_max_vcpus);
    op.u.max_vcpus.max = 9;
    CHECK(log_of([&] { CHECK(t.run(op) == -EINVAL); }) ==
          "(XEN) " + me + ": domctl max_vcpus of " + it + ": EINVAL: max is 9, the domain was created for 2\n");
    op = t.about(XEN_DOMCTL_sendtrigger);
    op.u.sendtrigger.trigger = 77;
    CHECK(log_of([&] { CHECK(t.run(op) == -ENOSYS); }) ==
          "(XEN) " + me + ": domctl sendtrigger of " + it + ": ENOSYS: trigger is 77: PV domains have NMIs only\n");
    // What has no such number, and what is of another version.
    CHECK(log_of([&] { CHECK(t.plain(999) == -ENOSYS); }) == "(XEN) " + me + ": domctl operation 999 of " + it + ": ENOSYS\n");
    op = t.about(XEN_DOMCTL_pausedomain);
    op.interface_version = 1;
    CHECK(log_of([&] { CHECK(t.run(op) == -EACCES); }) ==
          "(XEN) " + me + ": domctl pausedomain: EACCES: interface_version is 0x1, ours is 0x15\n");
}

TEST_CASE("a reason belongs to one operation") {
    Toolstack t;
    xen_domctl op = t.about(XEN_DOMCTL_max_vcpus);
    op.u.max_vcpus.max = 9;
    CHECK(t.run(op) == -EINVAL);
    // This one has none, and takes none over.
    std::string text = log_of([&] { CHECK(t.plain(XEN_DOMCTL_setvnumainfo) == -EINVAL); });
    CHECK(text.find("setvnumainfo") != std::string::npos);
    CHECK(text.find("EINVAL\n") != std::string::npos);
}

TEST_CASE("the ends of lists are no failures") {
    Toolstack t;
    CHECK(log_of([&] { CHECK(t.plain(XEN_DOMCTL_getdomaininfo, 0x7fe0) == -ESRCH); }).empty());
    xen_sysctl op = Toolstack::system(XEN_SYSCTL_cpupool_op);
    op.u.cpupool_op.op = XEN_SYSCTL_CPUPOOL_OP_INFO;
    op.u.cpupool_op.cpupool_id = 1000;
    CHECK(log_of([&] { CHECK(Toolstack::run(op) == -ENOENT); }).empty());
}

TEST_CASE("a refused sysctl is explained, and one that the policy refuses") {
    Toolstack t;
    std::string me = "d" + std::to_string(t.control.id.raw());
    xen_sysctl op = Toolstack::system(XEN_SYSCTL_scheduler_op);
    op.u.scheduler_op.cmd = 7;
    CHECK(log_of([&] { CHECK(Toolstack::run(op) == -EINVAL); }) ==
          "(XEN) " + me + ": sysctl scheduler_op: EINVAL: cmd is 7: there is no such one\n");
    std::string guest = "d" + std::to_string(t.guest.id.raw());
    std::string text = log_of([&] {
        xen_domctl pause = t.about(XEN_DOMCTL_pausedomain, t.control.id.raw());
        arch::set_current_vcpu(t.guest.vcpus[0]);
        s64 r = Toolstack::run(pause);
        arch::set_current_vcpu(t.control.vcpus[0]);
        CHECK(r == -EPERM);
    });
    CHECK(text == "(XEN) " + guest + ": domctl pausedomain of " + me + ": EPERM: policy dummy does not let " + guest + " do it to " + me + "\n");
}

TEST_CASE("a refusal of memory names who asked, how many pages, and how many are free") {
    Toolstack t;
    std::string me = "d" + std::to_string(t.control.id.raw()), it = "d" + std::to_string(t.guest.id.raw());
    t.guest.max_pages = u64{1} << 30;
    xen_memory_reservation claim{};
    claim.domid = t.guest.id.raw();
    claim.nr_extents = memory::free_pages() + t.guest.tot_pages + 5;
    std::string free = std::to_string(memory::free_pages());
    CHECK(log_of([&] { CHECK(t.memory(XENMEM_claim_pages, claim) == -ENOMEM); }) ==
          "(XEN) " + me + ": memory_op claim_pages of " + it + ": ENOMEM: " + std::to_string(memory::free_pages() + 5) + " pages wanted, " +
              free + " free on the host, 0 of these claimed\n");
    // The number of extents that were done is all that the caller hears.
    t.guest.max_pages = t.guest.tot_pages + 1;
    std::vector<xen_pfn_t> frames{1000, 1001, 1002};
    xen_memory_reservation r{};
    r.domid = t.guest.id.raw();
    r.nr_extents = frames.size();
    r.extent_start.p = frames.data();
    std::string text = log_of([&] { CHECK(t.memory(XENMEM_populate_physmap, r) == 1); });
    std::string has = std::to_string(t.guest.tot_pages);
    CHECK(text == "(XEN) " + me + ": memory_op populate_physmap of " + it + ": E2BIG: extent 1 of 3: 1 pages wanted, " +
                      std::to_string(memory::free_pages()) + " free on the host, it has " + has + " and may have " + has + "\n");
    frames = {~xen_pfn_t{0} >> 24};
    r.nr_extents = 1;
    text = log_of([&] { CHECK(t.memory(XENMEM_decrease_reservation, r) == 0); });
    CHECK(text.find(": memory_op decrease_reservation of " + it + ": ") != std::string::npos);
    CHECK(lines(text) == 1);
}

TEST_CASE("a flood of refusals is cut off, and what was dropped is counted") {
    Toolstack t;
    std::string text = log_of([&] {
        for (int i = 0; i < 1000; ++i) CHECK(t.plain(999) == -ENOSYS);
    });
    CHECK(lines(text) == 10);
    sim::advance(Nanos{1'000'000'000});
    CHECK(t.plain(999) == -ENOSYS);
    CHECK(take_log().find("990 messages suppressed.") != std::string::npos);
}

TEST_CASE("a guest's flood of messages leaves room for what the control domain does wrong") {
    Toolstack t;
    std::string text = log_of([&] {
        Vcpu* control = arch::current_vcpu();
        arch::set_current_vcpu(t.guest.vcpus[0]);
        for (int i = 0; i < 1000; ++i) log_guest("something wrong");
        arch::set_current_vcpu(control);
        CHECK(t.plain(999) == -ENOSYS);
    });
    CHECK(lines(text) == 11);
    CHECK(text.find("domctl operation 999") != std::string::npos);
}
