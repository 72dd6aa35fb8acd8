// SPDX-License-Identifier: MIT
// The machine's interrupt controller: a GICv2 (ARM IHI 0048) or a GICv3 (IHI 0069). EOImode 1: acknowledging drops the
// priority, deactivation is a second step, for a guest's line by the guest's own EOI through the list register's HW bit.
// List registers, VMCR and active priorities have the v3 layout on both. Any context once init_cpu() ran on this CPU.
#pragma once

#include <xen/cpumask.hpp>

#include "lib/fixed_vector.hpp"
#include "lib/index.hpp"
#include "lib/maybe.hpp"

namespace xen::gic {

enum class Version : u8 { v2 = 2, v3 = 3 };

struct Region {
    Paddr start{};
    u64 bytes = 0;
};

// As the device tree has it: what dom0's tree and mappings are made from.
struct Layout {
    Version version = Version::v3;
    Region distributor{};
    Region cpu_interface{}, hypervisor{}, virtual_cpu{};   // v2: GICC, GICH, GICV; empty on v3 without the old interface
    FixedVector<Region, 16> redistributors;                // v3
    u64 redistributor_stride = 0;                          // 0: what the frames themselves say
    unsigned maintenance = 25;                             // PPI
};
const Layout& layout();
inline Version version() { return layout().version; }
unsigned lines();                     // interrupt numbers from 0 to below this exist

// -- the virtual interface of this CPU; interrupts off
unsigned list_registers();
u64 read_lr(unsigned n);
void write_lr(unsigned n, u64 value);
u64 read_elrsr();                     // list registers that are empty
u32 read_misr();
u32 read_hcr();                       // with EOIcount
void set_hcr(u32 value);
u32 read_vmcr();
void write_vmcr(u32 value);
struct ActivePriorities {
    u32 group0[4], group1[4];
};
void save_active(ActivePriorities& to);
void restore_active(const ActivePriorities& from);

// -- lines. SGIs and PPIs (below 32) are this CPU's.
void enable(unsigned irq);
void disable(unsigned irq);
void set_trigger(unsigned irq, bool edge);
void set_priority(unsigned irq, u8 priority);
void set_affinity(unsigned irq, CpuId cpu);
void deactivate(unsigned irq);
void set_active(unsigned irq, bool active);
void set_pending(unsigned irq, bool pending);
void send_sgi(CpuId cpu, unsigned sgi);
void send_sgi(const CpuMask& cpus, unsigned sgi);

inline constexpr unsigned kSpurious = 1020;   // and above: no interrupt
unsigned acknowledge();               // the interrupt that this CPU takes
void end(unsigned irq);               // priority drop

// -- set-up. False with a log line: the tree has no controller that is known.
bool init();
bool reach_cpu();                     // each CPU: false, with a log line, where none can be brought to it
void init_cpu();                      // each CPU, before it takes interrupts

}  // namespace xen::gic
