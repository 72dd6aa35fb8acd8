// SPDX-License-Identifier: MIT
// A domain's numbers for its lines. One table a domain, made at its first mapping; entries are read without a lock.
#include <xen/log.hpp>
#include <xen/rangeset.hpp>

#include "arch/x86/irq/lines.hpp"

namespace xen {

// The line plus 2 for each pirq; 0 free, 1 handed out by free_pirq() and not mapped yet.
struct PirqTable {
    Array<std::atomic<u16>> lines;
};

namespace irq {
namespace {

constexpr u16 kFree = 0, kReserved = 1, kBias = 2;

Result<PirqTable&> table_of(Domain& d) REQUIRES(table_lock) {
    if (d.pirqs) return *d.pirqs;
    Box<PirqTable> fresh = TRY(Box<PirqTable>::create());
    fresh->lines = TRY(Array<std::atomic<u16>>::create(irq_count()));
    PirqTable* t = fresh.leak();
    __atomic_store_n(&d.pirqs, t, __ATOMIC_RELEASE);
    return *t;
}

u16 entry(const PirqTable& t, u32 pirq) {
    return pirq < t.lines.size() ? t.lines[pirq].load(std::memory_order_acquire) : kFree;
}

// Message pirqs come from the top, away from the numbers of GSIs.
Result<u32> find_free(PirqTable& t) {
    for (u32 p = static_cast<u32>(t.lines.size()); p-- > gsi_count();)
        if (entry(t, p) == kFree) return p;
    return Errno::nospc;
}

// ABI: the lowest free number that is no ISA line's.
Result<u32> find_free_gsi(PirqTable& t) {
    for (u32 p = kIsaLines; p < gsi_count(); ++p)
        if (entry(t, p) == kFree) return p;
    return find_free(t);
}

bool can_take(const PirqTable& t, u32 pirq) {
    u16 e = entry(t, pirq);
    return pirq < t.lines.size() && (e == kFree || e == kReserved);
}

Maybe<u32> find_line(const PirqTable& t, u16 line) {
    for (u32 p = 0; p < t.lines.size(); ++p)
        if (entry(t, p) == line + kBias) return p;
    return nothing;
}

// Gives what is to be closed once the lock is released.
pci::MsiSource unmap_locked(Domain& d, u32 pirq, Line& l) REQUIRES(table_lock) {
    unbind_guest(d, pirq);
    d.pirqs->lines[pirq].store(kFree, std::memory_order_release);
    return l.is_message ? close_message(l) : pci::MsiSource{};
}

Result<u32> map_source(Domain& d, s32 pirq, const MsiDevice& device, pci::MsiSource& source) {
    Guard g{table_lock};
    PirqTable& t = TRY(table_of(d));
    u32 wanted = pirq < 0 ? TRY(find_free(t)) : static_cast<u32>(pirq);
    if (!can_take(t, wanted)) return Errno::inval;
    Line* l = TRY(open_message(device, source));
    t.lines[wanted].store(static_cast<u16>(l->number + kBias), std::memory_order_release);
    return wanted;
}

}  // namespace

Line* line_of_pirq(const Domain& d, u32 pirq) {
    const PirqTable* t = __atomic_load_n(&d.pirqs, __ATOMIC_ACQUIRE);
    u16 e = t ? entry(*t, pirq) : kFree;
    return e >= kBias ? line_at(e - kBias) : nullptr;
}

u32 line_number(const Domain& d, u32 pirq) {
    const Line* l = line_of_pirq(d, pirq);
    return l ? l->number : 0;
}

Maybe<u32> pirq_of_line(const Domain& d, const Line& l) {
    return d.pirqs ? find_line(*d.pirqs, l.number) : Maybe<u32>{};
}

// A second mapping must agree with the first.
Result<u32> map_gsi(Domain& d, s32 pirq, u32 gsi) {
    if (gsi >= gsi_count()) return Errno::inval;
    if (d.irqs && !d.irqs->contains(gsi)) return Errno::perm;
    Guard g{table_lock};
    PirqTable& t = TRY(table_of(d));
    if (Maybe<u32> old = find_line(t, static_cast<u16>(gsi))) {
        if (pirq >= 0 && *old != static_cast<u32>(pirq)) return Errno::exist;
        return *old;
    }
    u32 wanted = pirq < 0 ? TRY(find_free_gsi(t)) : static_cast<u32>(pirq);
    if (!can_take(t, wanted)) return Errno::inval;
    t.lines[wanted].store(static_cast<u16>(gsi + kBias), std::memory_order_release);
    return wanted;
}

Result<u32> map_msi(Domain& d, s32 pirq, MsiDevice& device) {
    if (device.entries == 0 || device.entries > 32) return Errno::dom;
    if (device.entries > 1) return Errno::opnotsupp;   // needs interrupt remapping, as in Xen
    pci::MsiSource source = TRY(open_source(device));
    auto mapped = map_source(d, pirq, device, source);
    if (!mapped) source.close();
    return mapped;
}

Status unmap_pirq(Domain& d, u32 pirq) {
    pci::MsiSource gone;
    u32 line = 0;
    {
        Guard g{table_lock};
        Line* l = line_of_pirq(d, pirq);
        if (!l) return Errno::inval;
        line = l->number;
        gone = unmap_locked(d, pirq, *l);
    }
    gone.close();
    // ABI: with the line goes the right to it. Message lines are given out anew each time.
    return line < gsi_count() && d.irqs ? d.irqs->remove(line, line) : Status{};
}

Result<u32> free_pirq(Domain& d) {
    Guard g{table_lock};
    PirqTable& t = TRY(table_of(d));
    u32 p = TRY(find_free(t));
    t.lines[p].store(kReserved, std::memory_order_release);
    return p;
}

Result<u32> alloc_irq_vector(u32 irq) {
    if (irq >= gsi_count()) return Errno::inval;
    return irq;
}

// The domain is dying: nothing is mapped for it any more.
void release_domain(Domain& d) {
    if (!d.pirqs) return;
    for (u32 p = 0; p < d.pirqs->lines.size(); ++p)
        if (line_of_pirq(d, p)) static_cast<void>(unmap_pirq(d, p).ok());
    Guard g{table_lock};
    Box<PirqTable>::adopt(std::exchange(d.pirqs, nullptr)).reset();
}

}  // namespace irq
}  // namespace xen
