// SPDX-License-Identifier: MIT
// A clock of the machine whose frequency is known: HPET, ACPI PM timer, or channel 2 of the PIT. Boot CPU chooses one.
#pragma once

#include <xen/acpi.hpp>

#include "lib/maybe.hpp"

namespace xen::clock {

struct Reference {
    const char* name;
    u64 hz;
    u32 mask;              // the counter's bits; it counts up and wraps
    bool lasting;          // may be read for ever, not only during calibration
    u32 (*read)();
};

Maybe<Reference> hpet(const acpi::Hpet& table);
Maybe<Reference> pm_timer(const acpi::Fadt& fadt);
Reference pit();           // started; good for 50 ms
Reference choose(const acpi::Tables& tables);

}  // namespace xen::clock
