// SPDX-License-Identifier: MIT
#include "gic_machine.hpp"

#include <asm/cpu.hpp>
#include <asm/cpu_affinity.hpp>
#include <asm/mapping.hpp>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <xen/assert.hpp>
#include <xen/boot_tree.hpp>
#include <xen/smp.hpp>

#include <catch2/catch.hpp>

#include "log.hpp"
#include "sim/percpu.hpp"

namespace gic_test {
namespace {

using sim::GicRegister;

Gic* now = nullptr;
arch::CpuBlock blocks[16];
constexpr unsigned kNone = 1023;

char* window() {
    static char* at = static_cast<char*>(::mmap(nullptr, kWindowBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    return at;
}

std::string formatted(const char* fmt, va_list args) {
    char text[512];
    vsnprintf(text, sizeof(text), fmt, args);
    return text;
}

// MPIDR_EL1's fields as GICR_TYPER has them (IHI 0069 12.11.34).
u64 packed(u64 affinity) { return (affinity & 0xffffff) | (affinity >> 32 & 0xff) << 24; }

}  // namespace

Gic& gic_now() { return *now; }
unsigned v2_target(unsigned cpu) { return (cpu + 3) % 8; }

Gic::Gic(Options o) : MmioDevice{window(), kWindowBytes}, options{std::move(o)}, cpus_(options.affinities.size()) {
    now = this;
    sim::gic_registers = this;
    arm_test::log_lines().clear();
    if (options.frames.empty()) options.frames.push_back({.affinities = options.affinities});
    for (const Frames& run : options.frames)
        for (usize i = 0; i < run.affinities.size(); ++i) {
            u64 type = packed(run.affinities[i]) << 32 | (run.virtual_lpis ? 2 : 0);
            if (run.last && i + 1 == run.affinities.size()) type |= 1 << 4;
            frames_.push_back({run.at + i * run.apart, run.affinities[i], type});
        }
    for (unsigned i = 0; i < cpus_.size(); ++i) {
        for (unsigned irq = 0; irq < 32; ++irq) cpus_[i].own[irq] = {};
        for (const Frame& f : frames_)
            if (f.affinity == options.affinities[i]) cpus_[i].frame = f.at;
        blocks[i] = {};
        blocks[i].cpu = i;
        blocks[i].percpu_offset = sim::copy_percpu();
        arch::percpu_offsets[i] = blocks[i].percpu_offset;
    }
    for (unsigned irq = 32; irq < options.lines; ++irq) shared_[irq] = {};
    on(0);
}

Gic::~Gic() {
    now = nullptr;
    sim::gic_registers = nullptr;
}

void Gic::start() {
    describe(options);
    REQUIRE(gic::init());
    for (unsigned i = 0; i < cpus_.size(); ++i) {
        on(i);
        gic::init_cpu();
    }
    on(0);
}

std::string Gic::log() const {
    std::string text;
    for (const std::string& line : arm_test::log_lines()) text += line + "\n";
    return text;
}

void Gic::on(unsigned cpu) { arch::this_cpu_block = &blocks[cpu]; }
unsigned Gic::here() const { return arch::cpu_id().raw(); }
Line& Gic::line(unsigned irq, unsigned cpu) { return irq < 32 ? cpus_[cpu].own.at(irq) : shared_.at(irq); }

void Gic::raise(unsigned irq, unsigned cpu) {
    Line& l = line(irq, cpu);
    l.up = true;
    if (l.edge) l.latched = true;
}
void Gic::lower(unsigned irq, unsigned cpu) { line(irq, cpu).up = false; }

bool Gic::enabled() const { return v3() ? (control_ & 0x12) == 0x12 : control_ & 1; }

bool Gic::goes_to(unsigned irq, const Line& l, unsigned cpu) const {
    if (irq < 32) return true;
    return v3() ? l.router == options.affinities[cpu] : l.targets >> v2_target(cpu) & 1;
}

// The interrupt that would be acknowledged: the most urgent one that is enabled, pending, not active, and above what runs.
unsigned Gic::best(unsigned cpu) {
    Interface& c = cpus_[cpu];
    if (!c.on || !enabled() || c.asleep) return kNone;
    unsigned found = kNone, limit = c.mask;
    for (const auto& r : c.running) limit = r.priority < limit ? r.priority : limit;
    auto look = [&](std::map<unsigned, Line>& lines) {
        for (auto& [irq, l] : lines)
            if (l.enabled && l.pending() && !l.active && l.group1 == v3() && l.priority < limit && goes_to(irq, l, cpu))
                found = irq, limit = l.priority;
    };
    look(c.own);
    look(shared_);
    return found;
}

bool Gic::signalled(unsigned cpu) { return best(cpu) != kNone; }

u32 Gic::acknowledge() {
    Interface& c = cpus_[here()];
    unsigned irq = best(here()), sender = 0;
    if (irq == kNone) return spurious;
    Line& l = line(irq, here());
    if (!l.senders.empty()) {
        sender = *l.senders.begin();
        l.senders.erase(sender);
    } else l.latched = false;
    l.active = true;
    c.running.push_back({irq, sender, l.priority});
    return irq | sender << 10;
}

// Priority drop; and deactivation, where EOImode is 0 (IHI 0048 3.2.1, IHI 0069 4.1.3).
void Gic::end(u32 what) {
    Interface& c = cpus_[here()];
    if (c.running.empty() || (c.running.back().irq | c.running.back().sender << 10) != what)
        FAIL("the end of interrupt " << what << ", which is not the last that was acknowledged");
    unsigned irq = c.running.back().irq;
    c.running.pop_back();
    if (c.control & (v3() ? 2 : 1 << 9)) c.held.insert(what);
    else line(irq, here()).active = false;
}

// A shared interrupt may be deactivated by any CPU, but of an SGI or PPI only by its own.
void Gic::deactivate(u32 what) {
    Interface& c = cpus_[here()];
    if (!(c.control & (v3() ? 2 : 1 << 9))) FAIL("deactivation where EOImode is 0");
    unsigned irq = what & 0x3ff;
    if (irq < 32 && !c.held.count(what)) FAIL("interrupt " << what << " is deactivated before its priority is dropped");
    for (Interface& i : cpus_)
        if (&i == &c || irq >= 32) i.held.erase(what);
    line(irq, here()).active = false;
}

void Gic::send_v2(u32 v) {
    if (!std::exchange(published_, false)) FAIL("an SGI before the stores that it tells of");
    if (v & ~0xff000fu) FAIL("GICD_SGIR: filters and reserved bits: " << v);
    for (unsigned i = 0; i < cpus_.size(); ++i)
        if (v >> (16 + v2_target(i)) & 1) line(v & 15, i).senders.insert(v2_target(here()));
}

// ICC_SGI1R_EL1 (IHI 0069 12.2.19).
void Gic::send_v3(u64 v) {
    if (!std::exchange(published_, false)) FAIL("an SGI before the stores that it tells of");
    if (v & ~0x00fff0ff0fffffffull) FAIL("ICC_SGI1R_EL1: reserved bits: " << v);
    if (v >> 40 & 1) FAIL("ICC_SGI1R_EL1: to everybody");
    for (unsigned i = 0; i < cpus_.size(); ++i) {
        u64 a = options.affinities[i];
        u64 cluster = (a >> 32 & 0xff) << 48 | (a >> 16 & 0xff) << 32 | (a >> 8 & 0xff) << 16;
        bool same = (v & 0x00ff00ff00ff0000ull) == cluster && (v >> 44 & 15) == (a >> 4 & 15);
        if (same && (v >> (a & 15) & 1)) line(v >> 24 & 15, i).latched = true;
    }
}

// GICD_IGROUPR to GICD_ICACTIVER: a bit for each interrupt.
u64 Gic::bits(Interface* own, usize offset, bool write, u64 v) {
    unsigned first = (offset & 0x7f) * 8;
    u64 value = 0;
    for (unsigned i = 0; i < 32; ++i) {
        unsigned irq = first + i;
        if (irq >= options.lines || (own && irq >= 32)) continue;
        Line& l = own ? own->own[irq] : shared_[irq];
        bool bit = v >> i & 1;
        switch (offset & ~usize{0x7f}) {
        case 0x080:
            if (write && !own && (control_ & 3)) FAIL("groups change while the distributor is on");
            if (write) l.group1 = bit;
            value |= u64{l.group1} << i;
            break;
        case 0x100:
            if (write && bit) l.enabled = true;
            value |= u64{l.enabled} << i;
            break;
        case 0x180:
            if (write && bit) l.enabled = false;
            value |= u64{l.enabled} << i;
            break;
        case 0x200:
            if (write && bit) l.latched = true;
            break;
        case 0x280:
            if (write && bit) l.latched = false;
            break;
        case 0x300:
            if (write && bit) l.active = true;
            break;
        case 0x380:
            if (write && bit) l.active = false;
            break;
        }
    }
    return value;
}

u64 Gic::bank(Interface* own, usize offset, unsigned bytes, bool write, u64 v) {
    unsigned limit = own ? 32 : options.lines;
    if (offset >= 0x080 && offset < 0x400) {
        if (bytes != 4) FAIL("a bit register by " << bytes << " bytes");
        if (write && (offset & ~usize{0x7f}) == 0x180 && v3()) (own ? own->settles_in : settles_in_) = 3;
        return bits(own, offset, write, v);
    }
    auto of = [&](unsigned irq) -> Line& { return own && irq < 32 ? own->own[irq] : shared_[irq]; };
    if (offset >= 0x400 && offset < 0x800) {
        if (bytes != 1 && bytes != 4) FAIL("priorities by " << bytes << " bytes");
        for (unsigned i = 0; write && i < bytes; ++i)
            if (offset - 0x400 + i < limit) of(offset - 0x400 + i).priority = v >> 8 * i & 0xf8;   // five bits
        return 0;
    }
    if (offset >= 0xc00 && offset < 0xd00) {
        if (bytes != 4) FAIL("configuration by " << bytes << " bytes");
        u64 value = 0;
        for (unsigned i = 0; i < 16; ++i) {
            unsigned irq = (offset - 0xc00) * 4 + i;
            if (irq >= limit) continue;
            bool edge = v >> (2 * i + 1) & 1;
            if (write && irq >= 16 && edge != of(irq).edge) {
                if (of(irq).enabled) FAIL("the trigger of interrupt " << irq << " changes while it is enabled");
                of(irq).edge = edge;
            }
            value |= u64{of(irq).edge} << (2 * i + 1);
        }
        return value;
    }
    FAIL("nobody knows register " << std::hex << offset);
    return 0;
}

u64 Gic::distributor(usize offset, unsigned bytes, bool write, u64 v) {
    if (offset == 0) {
        if (settles_in_ && write && !options.distributor_hangs) FAIL("GICD_CTLR while a write is not done");
        if (write) control_ = static_cast<u32>(v), settles_in_ = 3;
        if (!v3()) settles_in_ = 0;
        if (!write && settles_in_ && !options.distributor_hangs) --settles_in_;
        return control_ | (settles_in_ ? u64{1} << 31 : 0);
    }
    if (offset == 4) return (options.lines + 31) / 32 - 1;
    if (v3() && offset >= 0x6000 && offset < 0x8000) {
        unsigned irq = (offset - 0x6000) / 8;
        if (bytes != 8 || irq < 32 || irq >= options.lines) FAIL("no route at " << std::hex << offset << " by " << bytes);
        if (!(control_ & 0x10)) FAIL("a route without affinity routing is not kept");
        if (write) shared_[irq].router = v;
        return shared_[irq].router;
    }
    if (!v3() && offset >= 0x800 && offset < 0xc00) {
        unsigned irq = offset - 0x800;
        if (irq < 32) {
            if (write) FAIL("private targets are read-only");
            return options.alone ? 0 : (1u << v2_target(here())) * 0x01010101u;
        }
        for (unsigned i = 0; write && i < bytes; ++i)
            if (irq + i < options.lines) shared_[irq + i].targets = static_cast<u8>(v >> 8 * i);
        return 0;
    }
    if (!v3() && offset == 0xf00 && write) return send_v2(static_cast<u32>(v)), 0;
    bool own = offset < 0x400 ? (offset & 0x7f) == 0 : offset < 0x800 ? offset < 0x420 : offset >= 0xc00 && offset < 0xc08;
    if (v3() && own) FAIL("private interrupts are the redistributor's");
    return bank(own ? &cpus_[here()] : nullptr, offset, bytes, write, v);
}

// GICC (IHI 0048 4.4).
u64 Gic::cpu_interface(usize offset, bool write, u64 v) {
    Interface& c = cpus_[here()];
    c.asleep = false;
    switch (offset) {
    case 0x00:
        if (write) c.control = static_cast<u32>(v), c.on = v & 1;
        return c.control;
    case 0x04:
        if (write) c.mask = static_cast<u32>(v);
        return c.mask;
    case 0x08:
        if (write) c.binary_point = static_cast<u32>(v);
        return c.binary_point;
    case 0x0c: return acknowledge();
    case 0x10: return end(static_cast<u32>(v)), 0;
    case 0x1000: return deactivate(static_cast<u32>(v)), 0;
    }
    FAIL("GICC has no register " << std::hex << offset);
    return 0;
}

u64 Gic::virtual_type() const { return (options.list_registers - 1) | u64{options.preemption_bits - 1} << 26; }

// GICH (IHI 0048 5.3).
u64 Gic::hypervisor(usize offset, bool write, u64 v) {
    Interface& c = cpus_[here()];
    if (offset >= 0x100 && offset < 0x100 + 4 * options.list_registers) {
        if (write) c.lists[(offset - 0x100) / 4] = v;
        return c.lists[(offset - 0x100) / 4];
    }
    switch (offset) {
    case 0x00:
        if (write) c.hcr = static_cast<u32>(v);
        return c.hcr;
    case 0x04: return options.list_registers - 1;
    case 0x08:
        if (write) c.vmcr = static_cast<u32>(v);
        return c.vmcr;
    case 0x10: return c.misr;
    case 0x30: return static_cast<u32>(c.elrsr);
    case 0x34:
        if (options.list_registers > 32) return c.elrsr >> 32;
        break;
    case 0xf0:
        if (write) c.group0[0] = v;
        return c.group0[0];
    }
    FAIL("GICH has no register " << std::hex << offset);
    return 0;
}

u64 Gic::redistributor(u64 at, unsigned bytes, bool write, u64 v) {
    const Frame* f = nullptr;
    for (const Frame& i : frames_)
        if (at >= i.at && at - i.at < 0x20000) f = &i;
    if (!f) FAIL("no redistributor at " << std::hex << at);
    u64 offset = at - f->at;
    if (bytes != 4 && (offset & ~u64{0x3ff}) != 0x10400) FAIL("a redistributor's register by " << bytes << " bytes");
    if (offset == 0x08) return static_cast<u32>(f->type);
    if (offset == 0x0c) return f->type >> 32;
    Interface& c = cpus_[here()];
    if (c.frame != f->at) FAIL("the redistributor of another CPU");
    if (offset == 0 && !write) {
        if (c.settles_in) --c.settles_in;
        return c.settles_in ? 1 << 3 : 0;
    }
    if (offset == 0x14) {
        if (write && !(v & 2) && c.asleep) c.wakes_in = 3;
        if (!write && c.wakes_in && !options.sleeps_on && !--c.wakes_in) c.asleep = false;
        return (c.asleep && !c.wakes_in ? 2 : 0) | (c.asleep ? 4 : 0);
    }
    if (offset < 0x10000) FAIL("GICR has no register " << std::hex << offset);
    if (c.asleep && !options.sleeps_on) FAIL("the interrupts of a redistributor that is asleep");
    if (offset == 0x10d00) return 0;   // group modifiers: none in one security state
    return bank(&c, offset - 0x10000, bytes, write, v);
}

u64 Gic::access(usize offset, unsigned bytes, bool write, u64 v) {
    u64 at = kWindow + offset;
    if (offset & (bytes - 1)) FAIL("an access that is not aligned");
    bool in = false;
    for (auto [start, size] : mapped) in |= at >= start && at + bytes <= start + size;
    if (!in) FAIL("a fault: nothing is mapped at " << std::hex << at);
    if (at < kDistributor + 0x10000) return distributor(at - kDistributor, bytes, write, v);
    if (v3()) return redistributor(at, bytes, write, v);
    if (bytes != 4) FAIL("an interface's register by " << bytes << " bytes");
    if (at < kHypervisor) return cpu_interface(at - kCpuInterface, write, v);
    if (at < kVirtualCpu) return hypervisor(at - kHypervisor, write, v);
    FAIL("the guest's interface is not the hypervisor's");
    return 0;
}

u64 Gic::read(usize offset, unsigned bytes) { return access(offset, bytes, false, 0); }
void Gic::write(usize offset, unsigned bytes, u64 v) { access(offset, bytes, true, v); }

u64 Gic::read(GicRegister r, unsigned n) {
    Interface& c = cpus_[here()];
    if (!v3()) FAIL("a system register of a GICv2");
    if (r != GicRegister::sre_el2 && r != GicRegister::vtr && !c.registers) FAIL("a system register before they are on");
    switch (r) {
    case GicRegister::sre_el2: return c.registers ? 9 : 0;
    case GicRegister::iar1: return acknowledge();
    case GicRegister::hcr: return c.hcr;
    case GicRegister::vtr: return virtual_type();
    case GicRegister::misr: return c.misr;
    case GicRegister::elrsr: return c.elrsr;
    case GicRegister::vmcr: return c.vmcr;
    case GicRegister::lr: REQUIRE(n < options.list_registers); return c.lists[n];
    case GicRegister::ap0r: REQUIRE(n < 1u << (options.preemption_bits - 5)); return c.group0[n];
    case GicRegister::ap1r: REQUIRE(n < 1u << (options.preemption_bits - 5)); return c.group1[n];
    default: FAIL("register " << static_cast<int>(r) << " is not to be read");
    }
    return 0;
}

void Gic::write(GicRegister r, unsigned n, u64 v) {
    Interface& c = cpus_[here()];
    if (!v3()) FAIL("a system register of a GICv2");
    if (r != GicRegister::sre_el2 && !c.registers) FAIL("a system register before they are on");
    switch (r) {
    case GicRegister::sre_el2: c.registers = (v & 1) && !options.firmware_keeps_registers; return;
    case GicRegister::sre_el1: REQUIRE((v & 1) == 1); return;
    case GicRegister::eoir1: return end(static_cast<u32>(v));
    case GicRegister::dir: return deactivate(static_cast<u32>(v));
    case GicRegister::sgi1r: return send_v3(v);
    case GicRegister::pmr: c.mask = static_cast<u32>(v); return;
    case GicRegister::bpr1: c.binary_point = static_cast<u32>(v); return;
    case GicRegister::ctlr: c.control = static_cast<u32>(v); return;
    case GicRegister::igrpen1:
        if (c.settles_in) FAIL("interrupts are taken that are just being disabled");
        c.on = v & 1;
        return;
    case GicRegister::hcr: c.hcr = static_cast<u32>(v); return;
    case GicRegister::vmcr: c.vmcr = static_cast<u32>(v); return;
    case GicRegister::lr: REQUIRE(n < options.list_registers); c.lists[n] = v; return;
    case GicRegister::ap0r: REQUIRE(n < 1u << (options.preemption_bits - 5)); c.group0[n] = v; return;
    case GicRegister::ap1r: REQUIRE(n < 1u << (options.preemption_bits - 5)); c.group1[n] = v; return;
    default: FAIL("register " << static_cast<int>(r) << " is not to be written");
    }
}

namespace {

alignas(8) u8 blob[8192];
std::unique_ptr<device_tree::Tree> tree;

std::vector<std::pair<u64, u64>> usual_reg(const Options& o) {
    if (o.version == gic::Version::v2)
        return {{kDistributor, 0x1000}, {kCpuInterface, 0x2000}, {kHypervisor, 0x1000}, {kVirtualCpu, 0x2000}};
    std::vector<std::pair<u64, u64>> all{{kDistributor, 0x10000}};
    for (const Frames& run : o.frames) all.push_back({run.at, run.affinities.size() * run.apart});
    return all;
}

}  // namespace

void describe(const Options& o, Description d) {
    device_tree::Builder b{blob};
    b.begin("");
    b.cells("#address-cells", {2});
    b.cells("#size-cells", {2});
    b.cells("interrupt-parent", {1});
    b.begin("no-controller");   // it comes first, and is not one
    b.flag("interrupt-controller");
    b.end();
    b.begin("intc");
    b.text("compatible", d.compatible.empty() ? o.version == gic::Version::v2 ? "arm,gic-400" : "arm,gic-v3"
                                              : Str{d.compatible.c_str(), d.compatible.size()});
    if (d.marked) b.flag("interrupt-controller");
    b.cells("#interrupt-cells", {3});
    b.cells("phandle", {1});
    device_tree::CellList reg;
    for (auto [at, bytes] : d.reg.empty() ? usual_reg(o) : d.reg) reg.add(device_tree::Range{at, bytes}, 2, 2);
    b.cells_of("reg", reg);
    if (!d.interrupts.empty()) {
        device_tree::CellList cells;
        for (u32 c : d.interrupts) cells.add(c);
        b.cells_of("interrupts", cells);
    }
    if (!d.regions && o.frames.size() > 1) d.regions = static_cast<unsigned>(o.frames.size());
    if (d.regions) b.cells("#redistributor-regions", {d.regions});
    if (d.stride) b.number("redistributor-stride", d.stride, 2);
    b.end();
    b.end();
    auto made = b.finish();
    REQUIRE(made.ok());
    tree = std::make_unique<device_tree::Tree>(device_tree::Tree::open(made.value()).value());
}

}  // namespace gic_test

// What the core calls in this world.
namespace xen {

using gic_test::gic_now;

sim::GicRegisters* sim::gic_registers = nullptr;

const device_tree::Tree& boot::tree() { return *gic_test::tree; }
CpuId smp::self() { return arch::cpu_id(); }

void panic(const char* fmt, ...) {
    va_list args;
    va_start(args, fmt);
    throw gic_test::Panic{gic_test::formatted(fmt, args)};
}
void bug(const char* condition, const char*, int) { panic("%s", condition); }

namespace arch {
u64 own_affinity() { return gic_now().options.affinities[cpu_id().raw()]; }
u64 affinity_of(CpuId cpu) { return gic_now().options.affinities[cpu.raw()]; }
void* map_device(Paddr at, usize bytes) {
    using namespace gic_test;
    if (at.raw() < kWindow || bytes > kWindowBytes || at.raw() - kWindow > kWindowBytes - bytes) return nullptr;
    gic_now().mapped.push_back({at.raw(), bytes});
    return window() + (at.raw() - kWindow);
}
}  // namespace arch
}  // namespace xen
