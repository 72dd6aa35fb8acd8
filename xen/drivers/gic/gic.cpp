// SPDX-License-Identifier: MIT
// What both versions have in common: finding the controller in the tree, and the registers by interrupt.
#include "drivers/gic/driver.hpp"

#include <asm/cpu.hpp>
#include <asm/mapping.hpp>
#include <asm/mmio.hpp>
#include <xen/assert.hpp>
#include <xen/boot_tree.hpp>
#include <xen/compiler.hpp>
#include <xen/lock.hpp>
#include <xen/log.hpp>
#include <xen/percpu.hpp>

namespace xen::gic {
namespace {

XEN_RO_AFTER_INIT constinit const Driver* driver = nullptr;
XEN_RO_AFTER_INIT constinit Layout found{};
XEN_RO_AFTER_INIT constinit unsigned lr_count = 0;
XEN_RO_AFTER_INIT constinit unsigned line_count = 0;
XEN_RO_AFTER_INIT constinit char* gicd = nullptr;
XEN_PERCPU constinit PerCpu<char*> private_frame{};
constinit Spinlock<LockRank::apic, IrqRule::off> config_lock;   // registers that hold several lines

void set_bit(unsigned irq, u32 bank) {
    arch::mmio_write32(frame_of_line(irq) + bank + irq / 32 * 4, 1u << irq % 32);
}

// The first interrupt of the node that says so, as a GIC's specifier has it: type 1 is private, from 16 on.
unsigned maintenance_of(device_tree::Node node) {
    auto i = node.interrupt(0);
    if (!i || i.value().cells.size() < 2 || i.value().cells[0] != 1) return 25;
    return i.value().cells[1] + 16;
}

struct Known {
    const char* compatible;
    Version version;
};
constexpr Known kKnown[] = {{"arm,gic-v3", Version::v3},
                            {"arm,gic-400", Version::v2},
                            {"arm,cortex-a15-gic", Version::v2},
                            {"arm,cortex-a7-gic", Version::v2},
                            {"arm,cortex-a9-gic", Version::v2}};

XEN_INIT const Known* known(device_tree::Node node) {
    if (!node.has("interrupt-controller")) return nullptr;
    for (const Known& k : kKnown)
        if (node.compatible(k.compatible)) return &k;
    return nullptr;
}

XEN_INIT Result<const Driver*> open(device_tree::Node node, Version version) {
    bool v3 = version == Version::v3;
    found = {};
    found.maintenance = maintenance_of(node);
    found.distributor = TRY(registers(node, 0, "distributor", v3 ? 0x10000 : 0x1000));
    gicd = map(found.distributor);
    unsigned lines = 32 * ((arch::mmio_read32(gicd + reg::kTyper) & 31) + 1);   // ITLinesNumber
    line_count = lines < kSpurious ? lines : kSpurious;
    return v3 ? open_v3(node, found, lr_count) : open_v2(node, found, lr_count);
}

}  // namespace

char* distributor() { return gicd; }
void set_private_frame(char* frame) { private_frame.local() = frame; }
char* frame_of_line(unsigned irq) { return irq < kSpis && private_frame.local() ? private_frame.local() : gicd; }

Result<Region> region(device_tree::Node node, u64 i) {
    device_tree::Range r = TRY(node.machine_reg(i));
    return Region{Paddr{r.start}, r.bytes};
}

XEN_INIT Result<Region> registers(device_tree::Node node, u64 i, const char* what, u64 least) {
    auto r = region(node, i);
    if (!r) log_error("Interrupt controller: reg has no %s", what);
    if (!r || r.value().bytes >= least) return r;
    log_error("Interrupt controller: %s of %#llx bytes, must have %#llx", what, static_cast<unsigned long long>(r.value().bytes),
              static_cast<unsigned long long>(least));
    return Errno::inval;
}

XEN_INIT char* map(const Region& r) {
    void* p = arch::map_device(r.start, r.bytes);
    if (!p) panic("Interrupt controller: registers at %#lx, %#llx bytes, cannot be mapped", r.start.raw(),
                  static_cast<unsigned long long>(r.bytes));
    return static_cast<char*>(p);
}

void setup_private(char* frame) {
    arch::mmio_write32(frame + reg::kDisable, ~0u);
    arch::mmio_write32(frame + reg::kClearPending, ~0u);
    arch::mmio_write32(frame + reg::kClearActive, ~0u);
    for (unsigned i = 0; i < kSpis; i += 4) arch::mmio_write32(frame + reg::kPriority + i, kDefaultPriority * 0x01010101u);
    arch::mmio_write32(frame + reg::kConfig + 4, 0);    // PPIs: timers and maintenance are levels
    arch::mmio_write32(frame + reg::kEnable, 0xffff);   // SGIs
}

void setup_shared() {
    for (unsigned i = kSpis; i < line_count; i += 32) {
        arch::mmio_write32(gicd + reg::kDisable + i / 8, ~0u);
        arch::mmio_write32(gicd + reg::kClearPending + i / 8, ~0u);
        arch::mmio_write32(gicd + reg::kClearActive + i / 8, ~0u);
    }
    for (unsigned i = kSpis; i < line_count; i += 4)
        arch::mmio_write32(gicd + reg::kPriority + i, kDefaultPriority * 0x01010101u);
    for (unsigned i = kSpis; i < line_count; i += 16) arch::mmio_write32(gicd + reg::kConfig + i / 4, 0);
}

const Layout& layout() { return found; }
unsigned lines() { return line_count; }
unsigned list_registers() { return lr_count; }

XEN_INIT bool init() {
    for (Maybe<device_tree::Node> n = boot::tree().root(); n; n = n->next()) {
        const Known* k = known(*n);
        if (!k) continue;
        auto opened = open(*n, k->version);
        if (!opened) {
            log_error("%.*s: unusable (%u)", static_cast<int>(n->name().size()), n->name().data(),
                      static_cast<unsigned>(opened.error()));
            return false;
        }
        driver = opened.value();
        log_line("GICv%u: %u lines, %u list registers", static_cast<unsigned>(found.version), line_count, lr_count);
        return true;
    }
    log_error("There is no GICv2 or GICv3 in the device tree");
    return false;
}

bool reach_cpu() { return driver->reach_cpu(); }

void init_cpu() {
    if (!reach_cpu()) panic("CPU %u cannot have interrupts", arch::cpu_id().raw());
    driver->init_cpu();
}

unsigned acknowledge() { return driver->acknowledge(); }
void end(unsigned irq) { driver->end(irq); }
void deactivate(unsigned irq) { driver->deactivate(irq); }
void send_sgi(CpuId cpu, unsigned sgi) { driver->send_sgi(cpu, sgi); }
void send_sgi(const CpuMask& cpus, unsigned sgi) {
    for (usize i : cpus) driver->send_sgi(CpuId{static_cast<u32>(i)}, sgi);
}

void enable(unsigned irq) { set_bit(irq, reg::kEnable); }
void disable(unsigned irq) { set_bit(irq, reg::kDisable); }
void set_active(unsigned irq, bool active) { set_bit(irq, active ? reg::kSetActive : reg::kClearActive); }
void set_pending(unsigned irq, bool pending) { set_bit(irq, pending ? reg::kSetPending : reg::kClearPending); }
void set_priority(unsigned irq, u8 priority) { arch::mmio_write8(frame_of_line(irq) + reg::kPriority + irq, priority); }
void set_affinity(unsigned irq, CpuId cpu) {
    if (irq >= kSpis) driver->set_affinity(irq, cpu);
}

// Two bits a line, the upper one says edge (IHI 0069 12.9.9).
void set_trigger(unsigned irq, bool edge) {
    Guard g{config_lock};
    char* at = frame_of_line(irq) + reg::kConfig + irq / 16 * 4;
    u32 bit = 2u << irq % 16 * 2, old = arch::mmio_read32(at);
    u32 now = edge ? old | bit : old & ~bit;
    if (now != old) arch::mmio_write32(at, now);
}

u64 read_lr(unsigned n) { return driver->read_lr(n); }
void write_lr(unsigned n, u64 v) { driver->write_lr(n, v); }
u64 read_elrsr() { return driver->read_elrsr(); }
u32 read_misr() { return driver->read_misr(); }
u32 read_hcr() { return driver->read_hcr(); }
void set_hcr(u32 v) { driver->set_hcr(v); }
u32 read_vmcr() { return driver->read_vmcr(); }
void write_vmcr(u32 v) { driver->write_vmcr(v); }
void save_active(ActivePriorities& to) { driver->save_active(to); }
void restore_active(const ActivePriorities& from) { driver->restore_active(from); }

}  // namespace xen::gic
