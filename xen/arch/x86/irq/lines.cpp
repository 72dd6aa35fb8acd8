// SPDX-License-Identifier: MIT
#include "arch/x86/irq/lines.hpp"

#include <asm/cpu.hpp>
#include <xen/console.hpp>
#include <xen/log.hpp>
#include <xen/platform.hpp>

#include "drivers/ioapic/ioapic.hpp"

namespace xen::irq {
namespace {

Array<Line> lines;
unsigned gsis = 0;

const acpi::Override* override_of(u32 irq) {
    for (const acpi::Override& o : platform::tables().madt.overrides)
        if (o.source == irq) return &o;
    return nullptr;
}

// ISA lines are edge, active high, unless MADT says otherwise; PCI ones level and low, unless set up otherwise.
void describe(Line& l) {
    bool isa = l.number < kIsaLines;
    const acpi::Override* o = isa ? override_of(l.number) : nullptr;
    l.gsi = o ? o->gsi : l.number;
    l.level = o ? o->level : !isa;
    l.low = o ? o->active_low : !isa;
    l.has_pin = ioapic::has_pin(l.gsi);
}

}  // namespace

constinit TableLock table_lock;

void init() {
    ioapic::init(platform::tables().madt);
    gsis = ioapic::gsi_count() < kIsaLines ? kIsaLines : ioapic::gsi_count();
    auto made = Array<Line>::create(gsis + kMessageLines);
    if (!made) panic("no memory for %u interrupt lines", gsis + kMessageLines);
    lines = std::move(made).take();
    for (unsigned i = 0; i < lines.size(); ++i) {
        lines[i].number = static_cast<u16>(i);
        if (i < gsis) describe(lines[i]);
        else lines[i].is_message = true;
    }
    console::register_key('i', [](char) { dump(); }, "dump interrupt bindings");
    init_messages();
    console::register_key('z', [](char) { ioapic::dump(); }, "dump IOAPIC info");
}

unsigned gsi_count() { return gsis; }
unsigned irq_count() { return static_cast<unsigned>(lines.size()); }
Line* line_at(u32 number) { return number < lines.size() ? &lines[number] : nullptr; }

Status request(u32 irq, Handler handler, void* data, const char* name) {
    Line* l = line_at(irq);
    if (!l || !l->has_pin) return Errno::inval;
    Guard g{l->lock};
    if (!l->free()) return Errno::busy;
    TRY(place_on(*l, arch::cpu_id()));
    l->handler = handler;
    l->data = data;
    l->name = name;
    route(*l);
    set_mask(*l, false);
    return {};
}

Status setup_gsi(u32 gsi, bool level, bool active_low) {
    Line* l = line_at(gsi);
    if (!l || gsi >= gsis || !l->has_pin) return Errno::inval;
    Guard g{l->lock};
    // ABI: a line is set up once; those of the hypervisor and those in use are.
    if (gsi == kTimerLine || !l->free() || l->configured) return Errno::exist;
    l->configured = true;
    if (gsi < kIsaLines) return {};   // as MADT has them
    if (l->level == level && l->low == active_low) return {};
    l->level = level;
    l->low = active_low;
    if (l->place.vector) route(*l);
    return {};
}

void leave(CpuId cpu) {
    for (Line& l : lines) {
        Guard g{l.lock};
        if (place_off(l, cpu)) route(l);
    }
}

void dump() {
    for (Line& l : lines) {
        if (l.free() && !l.place.vector) continue;
        log_line("IRQ %u: CPU %u vector %02x %s%s count %llu%s%s", l.number, l.place.cpu.raw(), l.place.vector,
                 l.is_message ? "message" : l.level ? "level" : "edge", l.masked ? " masked" : "",
                 static_cast<unsigned long long>(l.count), l.handler ? " hypervisor: " : "", l.handler ? l.name : "");
        for (unsigned i = 0; i < l.guests; ++i)
            log_line("  d%u pirq %u%s", l.uses[i].domain->id.raw(), l.uses[i].pirq, l.uses[i].pending ? " (no EOI yet)" : "");
    }
}

}  // namespace xen::irq
