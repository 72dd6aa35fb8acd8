// SPDX-License-Identifier: MIT
// Private to arch/x86/irq: interrupt lines. Line n below gsi_count() is IRQ n: a pin of an I/O APIC (ISA lines where
// MADT's overrides put them); above are message interrupts. A line is unused, the hypervisor's, or bound to guests.
//
// Locks: the table lock (rank pirq) for mapping and binding, a line's lock (irq_desc) for what the handler touches,
// the vectors' lock (apic) for the vector maps. Events are sent with none held.
#pragma once

#include <xen/irq.hpp>
#include <xen/lock.hpp>

#include "arch/x86/irq/vector_map.hpp"
#include "drivers/pci/msi.hpp"

namespace xen::irq {

inline constexpr unsigned kIsaLines = 16;
inline constexpr unsigned kTimerLine = 0;       // the PIT's: the hypervisor keeps time
inline constexpr unsigned kCascadeLine = 2;     // the second PIC's place at the first one: no device has it
inline constexpr unsigned kMessageLines = 1024;
inline constexpr unsigned kMaxGuests = 7;       // domains that can share a line, as in Xen

struct Place {
    CpuId cpu{};
    u8 vector = 0;                              // 0: none
};

struct GuestUse {
    Domain* domain = nullptr;
    u32 pirq = 0;
    bool pending = false;                       // level: has not said EOI yet
};

struct Line {
    Spinlock<LockRank::irq_desc, IrqRule::off> lock;
    u16 number = 0;
    u32 gsi = 0;                                // pin, when it has one
    bool has_pin = false, is_message = false;
    bool level = false, low = false, configured = false;
    bool masked = true;
    Place place{}, old_place{};                 // an interrupt may still be on its way to the old one
    Handler handler = nullptr;                  // the hypervisor's
    void* data = nullptr;
    const char* name = nullptr;
    bool shareable = false;
    u8 guests = 0;
    GuestUse uses[kMaxGuests]{};
    u32 waits_for_eoi = 0;                      // uses that are pending
    u64 count = 0;
    pci::MsiSource message{};
    bool free() const { return !handler && !guests; }
};

Line* line_at(u32 number);                      // nullptr: none

using TableLock = Spinlock<LockRank::pirq>;
extern TableLock table_lock;

// -- place.cpp: vectors and routing. The line's lock is held.
Status place_on(Line& l, CpuId wanted) REQUIRES(l.lock);       // Errno::nospc when no CPU has a vector left
// The line leaves this CPU for any other one: it has to be routed anew then. False: it was not there, or finds no vector.
bool place_off(Line& l, CpuId leaving) REQUIRES(l.lock);
void give_up_place(Line& l) REQUIRES(l.lock);
void route(Line& l) REQUIRES(l.lock);                          // writes pin or message as the line is now
void set_mask(Line& l, bool masked) REQUIRES(l.lock);
u16 local_line(u8 vector);                                     // of this CPU

// -- pirq.cpp
Line* line_of_pirq(const Domain& d, u32 pirq);                 // nullptr: not mapped
Maybe<u32> pirq_of_line(const Domain& d, const Line& l);

// -- guest.cpp
void deliver(Line& l);                                         // from the interrupt, no lock held

// -- message.cpp
void init_messages();
// Opening and closing a source maps and unmaps device memory: with no lock held.
Result<pci::MsiSource> open_source(const MsiDevice& device);
Result<Line*> open_message(const MsiDevice& device, pci::MsiSource& source) REQUIRES(table_lock);
pci::MsiSource close_message(Line& l) REQUIRES(table_lock);    // its source, for the caller to close

}  // namespace xen::irq
