// SPDX-License-Identifier: MIT
// From an interrupt to whom it concerns. Private lines and SGIs have fixed handlers; a shared line (SPI) is the hypervisor's,
// one guest's or nobody's.
#include <asm/irq.hpp>

#include <array>

#include <asm/cpu.hpp>
#include <asm/entry.hpp>
#include <asm/gic.hpp>
#include <asm/sgi.hpp>
#include <asm/vgic.hpp>
#include <asm/vtimer.hpp>
#include <xen/compiler.hpp>
#include <xen/console.hpp>
#include <xen/irq.hpp>
#include <xen/log.hpp>

#include "arch/arm/platform/state.hpp"
#include "common/smp/smp.hpp"

namespace xen::irq {
namespace {

struct Line {
    std::atomic<Domain*> owner{nullptr};
    Handler handler = nullptr;
    void* data = nullptr;
    const char* name = nullptr;
    u64 count = 0;
};

constinit Array<Line> lines{};
XEN_RO_AFTER_INIT constinit std::array<void (*)(), kFirstSpi> private_handlers{};
constinit Spinlock<LockRank::pirq> table_lock;       // who has a line

Line* line_at(unsigned spi) { return spi >= kFirstSpi && spi - kFirstSpi < lines.size() ? &lines[spi - kFirstSpi] : nullptr; }

void handle_sgi(unsigned sgi) {
    gic::end(sgi);
    gic::deactivate(sgi);
    // The event check has done its work by interrupting: the way out looks at softirqs.
    if (sgi == sgi::kCall) smp::serve_call();
    else if (sgi == sgi::kStop) platform::stop_here();
}

void handle_private(unsigned irq) {
    gic::end(irq);
    if (irq == ppi::kVirtualTimer && !current().is_idle()) return vtimer::fired(current());
    if (auto handler = private_handlers[irq]) handler();
    gic::deactivate(irq);
}

// A guest's line is deactivated by the guest.
void handle_shared(unsigned irq) {
    gic::end(irq);
    Line* l = line_at(irq);
    if (Domain* d = l ? l->owner.load(std::memory_order_acquire) : nullptr) {
        ++l->count;
        return vgic::physical(*d, irq);
    }
    if (l && l->handler) {
        ++l->count;
        l->handler(l->data);
    } else {
        gic::disable(irq);
        log_guest("Interrupt %u belongs to nothing: disabled", irq);
    }
    gic::deactivate(irq);
}

Status take_line(Line& l, Domain& d) {
    Guard g{table_lock};
    if (l.handler || l.owner.load(std::memory_order_relaxed)) return Errno::busy;
    l.owner.store(&d, std::memory_order_release);
    return {};
}

void free_line(Line& l, unsigned spi) {
    gic::disable(spi);
    l.owner.store(nullptr, std::memory_order_release);
    gic::set_active(spi, false);
    gic::set_pending(spi, false);
}

}  // namespace

void init() {
    auto made = Array<Line>::create(gic::lines() - kFirstSpi);
    if (!made) panic("no memory for %u interrupt lines", gic::lines() - kFirstSpi);
    lines = std::move(made).take();
    request_private(gic::layout().maintenance, vgic::maintenance);
    console::register_key('i', [](char) { dump(); }, "dump interrupt bindings");
}

void request_private(unsigned ppi, void (*handler)()) { private_handlers[ppi] = handler; }

void enable_private() {
    gic::set_trigger(ppi::kVirtualTimer, false);
    gic::enable(ppi::kVirtualTimer);
    for (unsigned i = 16; i < kFirstSpi; ++i)
        if (private_handlers[i]) gic::enable(i);
}

bool is_free(unsigned spi) {
    Line* l = line_at(spi);
    return l && !l->handler && !l->owner.load(std::memory_order_relaxed);
}

Status give_to_guest(Domain& d, unsigned spi) {
    Line* l = line_at(spi);
    if (!l) return Errno::inval;
    TRY(take_line(*l, d));
    Status routed = vgic::route(d, spi);
    if (!routed) free_line(*l, spi);
    return routed;
}

void take_from_guest(Domain& d) {
    for (unsigned spi = kFirstSpi; Line* l = line_at(spi); ++spi)
        if (l->owner.load(std::memory_order_relaxed) == &d) {
            vgic::unroute(d, spi);
            Guard g{table_lock};
            free_line(*l, spi);
        }
}

Status request(u32 irq, Handler handler, void* data, const char* name) {
    Line* l = line_at(irq);
    if (!l) return Errno::inval;
    Guard g{table_lock};
    if (l->handler || l->owner.load(std::memory_order_relaxed)) return Errno::busy;
    l->data = data;
    l->name = name;
    l->handler = handler;
    gic::set_affinity(irq, arch::cpu_id());
    gic::enable(irq);
    return {};
}

// Lines that are directed at it go to this CPU.
void leave(CpuId) {
    for (unsigned spi = kFirstSpi; line_at(spi); ++spi) gic::set_affinity(spi, arch::cpu_id());
}

unsigned gsi_count() { return static_cast<unsigned>(lines.size()) + kFirstSpi; }
unsigned irq_count() { return gsi_count(); }

void dump() {
    for (unsigned spi = kFirstSpi; Line* l = line_at(spi); ++spi) {
        Domain* d = l->owner.load(std::memory_order_relaxed);
        if (!l->handler && (!d || !l->count)) continue;   // a guest has many that never come
        if (d) log_line("IRQ %u: d%u count %llu", spi, d->id.raw(), static_cast<unsigned long long>(l->count));
        else log_line("IRQ %u: hypervisor: %s count %llu", spi, l->name, static_cast<unsigned long long>(l->count));
    }
}

}  // namespace xen::irq

void arm_interrupt() {
    using namespace xen;
    lock_check::InterruptScope scope;
    unsigned irq = gic::acknowledge();
    if (irq < 16) return irq::handle_sgi(irq);
    if (irq < irq::kFirstSpi) return irq::handle_private(irq);
    if (irq < gic::kSpurious) irq::handle_shared(irq);
}
