// SPDX-License-Identifier: MIT
// GICv2 (ARM IHI 0048): registers in memory, at most 8 CPUs. List registers, VMCR and priorities are converted from and to the
// v3 layout.
#include "drivers/gic/driver.hpp"

#include <asm/mmio.hpp>
#include <asm/gic_regs.hpp>
#include <xen/compiler.hpp>
#include <xen/percpu.hpp>
#include <xen/smp.hpp>

#include "drivers/gic/v2_list.hpp"

namespace xen::gic {
namespace {

// CPU interface (4.4) and virtual interface control (5.3).
constexpr u32 kCtlr = 0x00, kMask = 0x04, kBinaryPoint = 0x08, kTake = 0x0c, kEnd = 0x10, kDeactivate = 0x1000;
constexpr u32 kHcr = 0x00, kVtr = 0x04, kVmcr = 0x08, kMisr = 0x10, kEmpty = 0x30, kActive = 0xf0, kList = 0x100;
constexpr u32 kEnable = 1, kEoiMode = 1 << 9;

XEN_RO_AFTER_INIT constinit char* gicc = nullptr;
XEN_RO_AFTER_INIT constinit char* gich = nullptr;
XEN_RO_AFTER_INIT constinit unsigned list_count = 0;
constinit u8 targets[kMaxCpus]{};                       // each CPU's bit in target registers, found out by itself
XEN_PERCPU constinit PerCpu<u32> taken_sgi{};           // with the sender, as it must be ended

// A private line's target register reads as the CPU that looks (4.3.12).
u8 own_target() {
    for (unsigned i = 0; i < kSpis; i += 4)
        if (u32 v = arch::mmio_read32(distributor() + reg::kTargets + i)) return static_cast<u8>(v | v >> 8 | v >> 16 | v >> 24);
    return 1;
}

void init_this_cpu() {
    targets[smp::self().raw()] = own_target();
    arch::mmio_write32(distributor() + reg::kGroup, 0);
    setup_private(distributor());
    arch::mmio_write32(gich + kHcr, 0);
    arch::mmio_write32(gicc + kMask, 0xff);
    arch::mmio_write32(gicc + kBinaryPoint, 0);
    arch::mmio_write32(gicc + kCtlr, kEnable | kEoiMode);
}

// Of an SGI the sender's number is part of what is written back.
unsigned take() {
    u32 v = arch::mmio_read32(gicc + kTake);
    unsigned irq = v & 0x3ff;
    if (irq < 16) taken_sgi.local() = v;
    return irq;
}
u32 with_sender(unsigned irq) { return irq < 16 ? taken_sgi.local() : irq; }
void drop(unsigned irq) { arch::mmio_write32(gicc + kEnd, with_sender(irq)); }
void finish(unsigned irq) { arch::mmio_write32(gicc + kDeactivate, with_sender(irq)); }

void send(CpuId cpu, unsigned sgi) {
    arch::before_sgi();
    arch::mmio_write32(distributor() + reg::kSgi, u32{targets[cpu.raw()]} << 16 | sgi);
}

void route(unsigned irq, CpuId cpu) { arch::mmio_write8(distributor() + reg::kTargets + irq, targets[cpu.raw()]); }

u64 read_empty() {
    u64 v = arch::mmio_read32(gich + kEmpty);
    if (list_count > 32) v |= u64{arch::mmio_read32(gich + kEmpty + 4)} << 32;
    return v;
}

void save(ActivePriorities& to) {
    to = {};
    to.group0[0] = arch::mmio_read32(gich + kActive);
}
void restore(const ActivePriorities& from) { arch::mmio_write32(gich + kActive, from.group0[0]); }

constexpr Driver kDriver{
    .acknowledge = take,
    .end = drop,
    .deactivate = finish,
    .send_sgi = send,
    .set_affinity = route,
    .reach_cpu = [] { return true; },
    .init_cpu = init_this_cpu,
    .read_lr = [](unsigned n) { return v2::to_v3(arch::mmio_read32(gich + kList + n * 4)); },
    .write_lr = [](unsigned n, u64 v) { arch::mmio_write32(gich + kList + n * 4, v2::from_v3(v)); },
    .read_elrsr = read_empty,
    .read_misr = [] { return arch::mmio_read32(gich + kMisr); },
    .read_hcr = [] { return arch::mmio_read32(gich + kHcr); },
    .set_hcr = [](u32 v) { arch::mmio_write32(gich + kHcr, v); },
    .read_vmcr = [] { return arch::mmio_read32(gich + kVmcr); },
    .write_vmcr = [](u32 v) { arch::mmio_write32(gich + kVmcr, v & ~(u32{7} << 24)); },   // five bits of the mask
    .save_active = save,
    .restore_active = restore,
};

void init_distributor() {
    arch::mmio_write32(distributor() + reg::kCtlr, 0);
    for (unsigned i = kSpis; i < lines(); i += 32) arch::mmio_write32(distributor() + reg::kGroup + i / 8, 0);
    setup_shared();
    u32 boot = own_target();
    for (unsigned i = kSpis; i < lines(); i += 4) arch::mmio_write32(distributor() + reg::kTargets + i, boot * 0x01010101u);
    arch::mmio_write32(distributor() + reg::kCtlr, kEnable);
}

}  // namespace

XEN_INIT Result<const Driver*> open_v2(device_tree::Node node, Layout& layout, unsigned& list_registers) {
    layout.version = Version::v2;
    layout.cpu_interface = TRY(registers(node, 1, "CPU interface", 0x2000));
    layout.hypervisor = TRY(registers(node, 2, "virtual interface control", 0x1000));
    layout.virtual_cpu = TRY(registers(node, 3, "virtual CPU interface", 0x2000));
    gicc = map(layout.cpu_interface);
    gich = map(layout.hypervisor);
    list_count = (arch::mmio_read32(gich + kVtr) & 63) + 1;
    list_registers = list_count;
    init_distributor();
    return &kDriver;
}

}  // namespace xen::gic
