// SPDX-License-Identifier: MIT
// From a description to domains: all are made, then connected, then built; then they may run.
#include <public/sched.h>
#include <xen/arch_partition.hpp>
#include <xen/console.hpp>
#include <xen/terminal.hpp>
#include <xen/domain.hpp>
#include <xen/event.hpp>
#include <xen/static_event.hpp>
#include <xen/log.hpp>
#include <xen/memory.hpp>
#include <xen/option.hpp>
#include <xen/platform.hpp>
#include <xen/sched.hpp>
#include <xen/shutdown.hpp>

#include "common/partition/regions.hpp"
#include "lib/string.hpp"

namespace xen::partition {
namespace {

struct Partition {
    Domain* domain = nullptr;      // valid until it dies; compared, not followed, afterwards
    char name[32]{};
};
Partition partitions[kMaxPartitions];
usize started;
std::atomic<u32> alive{0};

int length(Str s) { return static_cast<int>(s.size()); }

const char* end_of(unsigned reason) {
    static constexpr const char* kEnds[] = {"powered off", "asked for a reboot, which nobody here does", "is suspended", "crashed",
                                            "was stopped by its watchdog"};
    return reason < sizeof kEnds / sizeof kEnds[0] ? kEnds[reason] : "shut down for an unknown reason";
}

// Without dom0 nobody could start anything again.
void last_one_ended() {
    if (domain::dom0) return;
    if (option::values().noreboot) return log_info("all partitions have ended ('noreboot': the machine stays on)");
    log_info("all partitions have ended: the machine powers off");
    platform::power_off();
}

void watch(Domain& d, unsigned reason) {
    for (usize i = 0; i < started; ++i) {
        if (partitions[i].domain != &d) continue;
        if (reason != SHUTDOWN_suspend) console::remove_terminal(d);
        log_info("d%u (%s) %s", d.id.raw(), partitions[i].name, end_of(reason));
        if (reason != SHUTDOWN_suspend && alive.fetch_sub(1, std::memory_order_acq_rel) == 1) last_one_ended();
    }
}

Status make_vcpus(Domain& d, const Description& p) {
    for (u32 i = 0; i < p.vcpus; ++i) (void)TRY(domain::create_vcpu(d, VcpuId{i}));
    for (const Pinned& pin : p.pinned) TRY(sched::set_hard_affinity(*d.vcpus[pin.vcpu], pin.cpus));
    return {};
}

Result<Domain*> make(const Description& p, u16 id) {
    domain::CreateInfo info;
    info.id = DomId{id};
    info.max_vcpus = p.vcpus;
    TRY(arch::prepare_partition(info, p));
    Domain& d = TRY(domain::create(info));
    d.max_pages = p.pages;
    TRY(make_vcpus(d, p));
    return &d;
}

Domain& domain_of(u16 peer) { return peer == kDom0 ? *domain::dom0 : *partitions[peer - 1].domain; }

// Each channel stands at both ends; it is opened from the first of them.
Status connect(const Array<Description>& all) {
    for (usize i = 0; i < all.size(); ++i)
        for (const Channel& c : all[i].channels) {
            auto self = static_cast<u16>(i + 1);
            bool first = c.peer == kDom0 || c.peer > self || (c.peer == self && c.peer_port > c.port);
            if (first) TRY(event::connect_static(domain_of(self), Port{c.port}, domain_of(c.peer), Port{c.peer_port}));
        }
    return {};
}

Status failed(const Description& p, const char* step, Errno e) {
    log_error("partition %.*s: %s: errno %u", length(p.name), p.name.data(), step, static_cast<unsigned>(e));
    return e;
}

Status build_all(Array<Description>& all, const Machine& machine) {
    for (usize i = 0; i < all.size(); ++i) {
        auto d = make(all[i], static_cast<u16>(i + 1));
        if (!d) return failed(all[i], "its domain cannot be made", d.error());
        partitions[i].domain = d.value();
        copy_string(partitions[i].name, sizeof partitions[i].name, all[i].name);
        started = i + 1;
    }
    if (Status s = connect(all); !s) return failed(all[0], "event channels cannot be connected", s.error());
    if (Status s = place_regions({all.data(), all.size()}, domain_of); !s) return s;
    for (usize i = 0; i < all.size(); ++i) {
        Status s = arch::build_partition(*partitions[i].domain, all[i], machine);
        if (!s) return failed(all[i], "it cannot be built", s.error());
        sched::set_down(*partitions[i].domain->vcpus[0], false);
    }
    return {};
}

// Modules that several share are given back once.
class Returned {
public:
    void give(Range r) {
        Range pages{(r.start + kPageSize - 1) & kPageMask, 0};
        u64 end = (r.start + r.bytes) & kPageMask;
        if (end <= pages.start) return;
        pages.bytes = end - pages.start;
        for (Range g : given_)
            if (pages.start < g.start + g.bytes && g.start < end) return;
        if (given_.push(pages)) memory::add_free_range(frame_of(Paddr{pages.start}), pages.bytes >> kPageShift);
    }

private:
    FixedVector<Range, 3 * kMaxPartitions> given_{};
};

void give_back_modules(const Array<Description>& all) {
    Returned r;
    for (usize i = 0; i < all.size(); ++i)
        for (Range m : {all[i].kernel, all[i].ramdisk, all[i].devices}) r.give(m);
}

}  // namespace

Status start(Bytes description, Machine machine) {
    if (const char* why = device_tree::Tree::why_not(description)) {
        log_error("description of domains: no device tree: %s", why);
        return Errno::inval;
    }
    auto tree = TRY(device_tree::Tree::open(description));
    Array<Description> all = TRY(read(tree, machine));
    TRY(build_all(all, machine));
    give_back_modules(all);
    alive.store(static_cast<u32>(started), std::memory_order_relaxed);
    domain::set_shutdown_observer(watch);
    return {};
}

void release() {
    for (usize i = 0; i < started; ++i) (void)domain::unpause_by_controller(*partitions[i].domain).ok();
}

usize count() { return started; }

}  // namespace xen::partition
