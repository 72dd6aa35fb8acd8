// SPDX-License-Identifier: MIT
// Private to drivers/gic: what differs between the versions, and the registers of the distributor, which are mostly the same
// (IHI 0069 12.9, IHI 0048 4.3).
#pragma once

#include <asm/gic.hpp>
#include <xen/device_tree.hpp>

namespace xen::gic {

struct Driver {
    unsigned (*acknowledge)();
    void (*end)(unsigned irq);
    void (*deactivate)(unsigned irq);
    void (*send_sgi)(CpuId cpu, unsigned sgi);
    void (*set_affinity)(unsigned irq, CpuId cpu);
    bool (*reach_cpu)();
    void (*init_cpu)();
    u64 (*read_lr)(unsigned n);
    void (*write_lr)(unsigned n, u64 value);
    u64 (*read_elrsr)();
    u32 (*read_misr)();
    u32 (*read_hcr)();
    void (*set_hcr)(u32 value);
    u32 (*read_vmcr)();
    void (*write_vmcr)(u32 value);
    void (*save_active)(ActivePriorities& to);
    void (*restore_active)(const ActivePriorities& from);
};

// Errno::inval: the node is no good; nomem. Fill in the layout.
Result<const Driver*> open_v2(device_tree::Node node, Layout& layout, unsigned& list_registers);
Result<const Driver*> open_v3(device_tree::Node node, Layout& layout, unsigned& list_registers);

// Distributor, and the same registers of a redistributor's SGI frame for interrupts below 32.
namespace reg {
inline constexpr u32 kCtlr = 0x000, kTyper = 0x004, kGroup = 0x080, kEnable = 0x100, kDisable = 0x180, kSetPending = 0x200,
                     kClearPending = 0x280, kSetActive = 0x300, kClearActive = 0x380, kPriority = 0x400, kTargets = 0x800,
                     kConfig = 0xc00, kSgi = 0xf00, kRouter = 0x6000;
}  // namespace reg

inline constexpr u8 kDefaultPriority = 0xa0;
inline constexpr unsigned kSpis = 32;

// Where the registers of interrupt n are: the distributor, or this CPU's frame for private ones on v3.
char* frame_of_line(unsigned irq);
void set_private_frame(char* frame);           // this CPU's, v3
char* distributor();
Result<Region> region(device_tree::Node node, u64 i);
// The same of registers that must be there, at least so many bytes: else with a log line.
Result<Region> registers(device_tree::Node node, u64 i, const char* what, u64 least);
char* map(const Region& r);                    // what cannot be mapped ends in a panic: nothing works without it
void setup_private(char* frame);               // all off but the SGIs, level, default priority
void setup_shared();                           // the SPIs: off, level, default priority
inline constexpr u32 kAllGroup1 = 0xffffffff;

}  // namespace xen::gic
