// SPDX-License-Identifier: MIT
// Decisions about non-maskable interrupts, pure.
#pragma once

#include <public/nmi.h>

#include "lib/maybe.hpp"
#include "lib/string.hpp"
#include "lib/types.hpp"

namespace xen::platform {

// What becomes of an NMI that is not the hypervisor's own (option `nmi`).
enum class NmiPolicy : u8 { ignore, dom0, fatal };

constexpr Maybe<NmiPolicy> nmi_policy(Str word) {
    if (word == "ignore") return NmiPolicy::ignore;
    if (word == "dom0") return NmiPolicy::dom0;
    if (word == "fatal") return NmiPolicy::fatal;
    return nothing;
}

// Port 0x61 of the PC: bit 7 is PCI SERR or memory parity, bit 6 the I/O check; bits 2 and 3 clear and disable them.
inline constexpr u8 kSystemError = 0x80, kIoCheck = 0x40;

constexpr u32 nmi_reasons(u8 port61) {
    u32 r = 0;
    if (port61 & kSystemError) r |= XEN_NMIREASON_pci_serr;
    if (port61 & kIoCheck) r |= XEN_NMIREASON_io_error;
    return r ? r : XEN_NMIREASON_unknown;
}
constexpr u8 nmi_acknowledge(u8 port61) {
    return static_cast<u8>((port61 & 0x0f) | (port61 & kSystemError ? 4 : 0) | (port61 & kIoCheck ? 8 : 0));
}

// One CPU's progress as the watchdog sees it: looked at more than `limit` times with no beat in between, it is stuck.
class Pulse {
public:
    constexpr bool stuck(u32 beats, u32 limit) {
        if (beats != seen_) {
            seen_ = beats;
            unchanged_ = 0;
            return false;
        }
        return ++unchanged_ > limit;
    }
    // The CPU comes back: what it was before does not count.
    constexpr void restart(u32 beats) {
        seen_ = beats;
        unchanged_ = 0;
    }

private:
    u32 seen_ = 0, unchanged_ = 0;
};

}  // namespace xen::platform
