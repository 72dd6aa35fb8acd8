// SPDX-License-Identifier: MIT
// One interrupt of a guest, as its distributor has it (ARM IHI 0069 4.1.2). Pure; guarded by the lock of the domain's state.
#pragma once

#include "lib/types.hpp"

namespace xen::vgic {

inline constexpr unsigned kSgis = 16, kPrivate = 32, kNoList = 0xff;

struct Irq {
    u16 id = 0;
    u8 priority = 0;
    u8 list = kNoList;         // list register that it is in, of vCPU `holder`
    u16 holder = 0;
    u16 target = 0;            // SPIs: vCPU that it goes to
    u8 targets = 0;            // v2, SPIs: GICD_ITARGETSR
    u8 senders = 0;            // v2, SGIs: vCPUs whose SGI is pending
    u8 sender = 0;             // v2, SGIs: whose is listed or active
    u64 route = 0;             // v3, SPIs: GICD_IROUTER
    bool routable = true;      // `target` is a vCPU
    bool enabled = false;
    bool edge = false;
    bool latch = false;        // pending by an edge or by software, and in no list register as such
    bool line = false;         // level of an emulated line
    bool active = false;
    bool listed_latch = false; // what its list register has of `latch`
    bool listed_sender = false;
    bool cancelled = false;    // not pending any more, which its list register does not know yet
    bool linked = false;       // a line of the machine with the same number
    bool machine_active = false;   // that is active, until the guest ends it or we do
    u16 taken_on = 0;              // SPIs: the CPU that acknowledged that line
    bool came_again = false;       // after the guest ended it, which its list register has not told yet

    bool listed() const { return list != kNoList; }
    bool pending() const { return latch || senders || (line && !edge); }
    // There is nothing about it that a vCPU is to see.
    bool is_quiet() const { return !pending() && !active && !listed() && !machine_active; }
    bool is_private() const { return id < kPrivate; }
    bool is_sgi() const { return id < kSgis; }
    bool is_level() const { return !edge && !is_sgi() && !linked; }
};

// List registers in the v3 layout (IHI 0069 12.4.5).
namespace list {
inline constexpr u64 kPending = u64{1} << 62, kActive = u64{1} << 63, kHardware = u64{1} << 61, kGroup1 = u64{1} << 60,
                     kEndRequest = u64{1} << 41;
inline constexpr unsigned kPriorityShift = 48, kMachineShift = 32, kSenderShift = 32;
}  // namespace list

// GICH_HCR, ICH_HCR_EL2 (12.4.3): the same bits.
namespace control {
inline constexpr u32 kEnable = 1, kUnderflow = 2, kNotPresent = 4, kNoPending = 8;
constexpr unsigned ended(u32 hcr) { return hcr >> 27; }   // interrupts that the guest ended and no list register had
}  // namespace control

}  // namespace xen::vgic
