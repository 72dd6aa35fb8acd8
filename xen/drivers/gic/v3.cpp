// SPDX-License-Identifier: MIT
// GICv3 (ARM IHI 0069): affinity routing, one security state or its non-secure view; every interrupt is of group 1.
#include "drivers/gic/driver.hpp"

#include <asm/cpu.hpp>
#include <asm/cpu_affinity.hpp>
#include <asm/gic_regs.hpp>
#include <asm/mmio.hpp>
#include <xen/assert.hpp>
#include <xen/compiler.hpp>
#include <xen/log.hpp>
#include <xen/percpu.hpp>
#include <xen/smp.hpp>

namespace xen::gic {
namespace {

// GICD_CTLR (12.9.4), as one security state and the non-secure view have it.
constexpr u32 kEnableGroup1 = 1 << 1, kRouting = 1 << 4, kBusy = u32{1} << 31;
// Redistributor (12.10, 12.11): its second frame holds the private interrupts.
constexpr u32 kRedistributorCtlr = 0x00, kWaker = 0x14, kTyperLow = 0x08, kTyperHigh = 0x0c, kSgiFrame = 0x10000, kGroupModifier = 0xd00;
constexpr u32 kDisabling = 1 << 3, kSleep = 1 << 1, kAsleep = 1 << 2, kLast = 1 << 4, kVirtualLpis = 1 << 1;
constexpr u64 kFrames = 0x20000, kFramesWithLpis = 0x40000, kFrameSize = 0x10000;
constexpr u64 kSreOn = 1, kSreLower = 1 << 3, kEoiMode = 1 << 1;
constexpr unsigned kPatience = 1'000'000;

struct Mapped {
    char* at = nullptr;
    u64 bytes = 0;
};
XEN_RO_AFTER_INIT constinit FixedVector<Mapped, 16> regions{};
XEN_RO_AFTER_INIT constinit u64 stride = 0;
XEN_RO_AFTER_INIT constinit unsigned apr_count = 1;

// Until none of the bits is set any more; false where that takes too long.
bool wait_clear(const char* at, u32 bits) {
    for (unsigned i = 0; i < kPatience; ++i) {
        if (!(arch::mmio_read32(at) & bits)) return true;
        arch::relax();
    }
    return false;
}
void wait_distributor() {
    if (!wait_clear(distributor() + reg::kCtlr, kBusy)) log_warning("GICv3: the distributor is busy for too long");
}

// Aff3.Aff2.Aff1.Aff0 of GICR_TYPER's upper half and of MPIDR_EL1.
u32 packed_affinity(u64 mpidr) { return static_cast<u32>((mpidr & 0xffffff) | (mpidr >> 32 & 0xff) << 24); }

char* find_redistributor() {
    u32 own = packed_affinity(arch::own_affinity());
    for (const Mapped& r : regions)
        for (char* at = r.at; static_cast<u64>(r.at + r.bytes - at) >= kFrames;) {
            u32 low = arch::mmio_read32(at + kTyperLow);
            if (arch::mmio_read32(at + kTyperHigh) == own) return at;
            if (low & kLast) break;
            u64 step = stride ? stride : low & kVirtualLpis ? kFramesWithLpis : kFrames;
            if (static_cast<u64>(r.at + r.bytes - at) <= step) break;
            at += step;
        }
    return nullptr;
}

bool wake(char* redistributor) {
    arch::mmio_write32(redistributor + kWaker, arch::mmio_read32(redistributor + kWaker) & ~kSleep);
    return wait_clear(redistributor + kWaker, kAsleep);
}

bool reach_this_cpu() {
    char* redistributor = find_redistributor();
    if (!redistributor) {
        log_error("CPU %u has no GICv3 redistributor in the device tree", smp::self().raw());
        return false;
    }
    if (!wake(redistributor)) {
        log_error("CPU %u: its GICv3 redistributor does not wake up", smp::self().raw());
        return false;
    }
    set_private_frame(redistributor + kSgiFrame);
    return true;
}

void init_interface() {
    arch::write_icc_sre_el2(arch::icc_sre_el2() | kSreOn | kSreLower);
    arch::isb();
    if (!(arch::icc_sre_el2() & kSreOn)) panic("the firmware keeps the GICv3's system registers for itself");
    arch::write_icc_sre_el1(kSreOn);
    arch::write_ich_hcr(0);
    arch::write_icc_bpr1(0);
    arch::write_icc_ctlr(kEoiMode);
    arch::write_icc_pmr(0xff);
    arch::write_icc_igrpen1(1);
    arch::isb();
}

void init_this_cpu() {
    char* frame = frame_of_line(0);
    arch::mmio_write32(frame + reg::kGroup, kAllGroup1);
    arch::mmio_write32(frame + kGroupModifier, 0);
    setup_private(frame);
    (void)wait_clear(frame - kSgiFrame + kRedistributorCtlr, kDisabling);
    init_interface();
}

void send(CpuId cpu, unsigned sgi) {
    u64 to = arch::affinity_of(cpu);
    u64 list = u64{1} << (to & 15);
    u64 value = (to >> 32 & 0xff) << 48 | (to >> 16 & 0xff) << 32 | (to >> 8 & 0xff) << 16 | (to >> 4 & 15) << 44 | u64{sgi} << 24 | list;
    arch::before_sgi();
    arch::write_icc_sgi1r(value);
    arch::isb();
}

void route(unsigned irq, CpuId cpu) {
    arch::mmio_write64(distributor() + reg::kRouter + irq * 8, arch::affinity_of(cpu));
}

unsigned take() {
    unsigned irq = static_cast<unsigned>(arch::icc_iar1() & 0xffffff);
    arch::isb();
    return irq;
}
void drop(unsigned irq) {
    arch::write_icc_eoir1(irq);
    arch::isb();
}
void finish(unsigned irq) {
    arch::write_icc_dir(irq);
    arch::isb();
}

void save(ActivePriorities& to) {
    for (unsigned i = 0; i < apr_count && i < 4; ++i) {
        to.group0[i] = static_cast<u32>(arch::ich_apr(0, i));
        to.group1[i] = static_cast<u32>(arch::ich_apr(1, i));
    }
}
void restore(const ActivePriorities& from) {
    for (unsigned i = 0; i < apr_count && i < 4; ++i) {
        arch::write_ich_apr(0, i, from.group0[i]);
        arch::write_ich_apr(1, i, from.group1[i]);
    }
}

constexpr Driver kDriver{
    .acknowledge = take,
    .end = drop,
    .deactivate = finish,
    .send_sgi = send,
    .set_affinity = route,
    .reach_cpu = reach_this_cpu,
    .init_cpu = init_this_cpu,
    .read_lr = arch::ich_lr,
    .write_lr = arch::write_ich_lr,
    .read_elrsr = arch::ich_elrsr,
    .read_misr = [] { return static_cast<u32>(arch::ich_misr()); },
    .read_hcr = [] { return static_cast<u32>(arch::ich_hcr()); },
    .set_hcr = [](u32 v) { arch::write_ich_hcr(v); },
    .read_vmcr = [] { return static_cast<u32>(arch::ich_vmcr()); },
    .write_vmcr = [](u32 v) { arch::write_ich_vmcr(v); },
    .save_active = save,
    .restore_active = restore,
};

void init_distributor() {
    arch::mmio_write32(distributor() + reg::kCtlr, 0);
    wait_distributor();
    for (unsigned i = kSpis; i < lines(); i += 32) arch::mmio_write32(distributor() + reg::kGroup + i / 8, kAllGroup1);
    setup_shared();
    wait_distributor();
    arch::mmio_write32(distributor() + reg::kCtlr, kRouting | kEnableGroup1);
    wait_distributor();
    for (unsigned i = kSpis; i < lines(); ++i) route(i, smp::self());
}

}  // namespace

XEN_INIT Result<const Driver*> open_v3(device_tree::Node node, Layout& layout, unsigned& list_registers) {
    layout.version = Version::v3;
    u64 count = node.number("#redistributor-regions").value_or(1);
    stride = node.number("redistributor-stride").value_or(0);
    if (stride && (stride < kFrames || stride % kFrameSize)) {
        log_error("Interrupt controller: redistributors cannot be %#llx bytes apart", static_cast<unsigned long long>(stride));
        return Errno::inval;
    }
    layout.redistributor_stride = stride;
    regions.clear();
    for (u64 i = 0; i < count; ++i) {
        Region r = TRY(registers(node, 1 + i, "redistributors", kFrames));
        if (!layout.redistributors.push(r) || !regions.push({map(r), r.bytes})) {
            log_error("Interrupt controller: more than %zu regions of redistributors", regions.size());
            return Errno::inval;
        }
    }
    // Behind them the interface for guests of the old version, where there is one.
    if (auto r = region(node, 1 + count)) layout.cpu_interface = r.value();
    if (auto r = region(node, 2 + count)) layout.hypervisor = r.value();
    if (auto r = region(node, 3 + count)) layout.virtual_cpu = r.value();
    u64 type = arch::ich_vtr();                       // 12.4.8
    list_registers = static_cast<unsigned>(type & 31) + 1;
    unsigned preemption_bits = static_cast<unsigned>(type >> 26 & 7) + 1;
    apr_count = preemption_bits > 5 ? 1u << (preemption_bits - 5) : 1;
    init_distributor();
    return &kDriver;
}

}  // namespace xen::gic
