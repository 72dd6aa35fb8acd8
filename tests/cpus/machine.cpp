// SPDX-License-Identifier: MIT
#include "machine.hpp"

#include <asm/mmio.hpp>
#include <asm/pagemap.hpp>
#include <xen/console.hpp>
#include <xen/platform.hpp>

#include <map>
#include <mutex>

#include "../sim/cluster.hpp"
#include "../unit/acpi_tables.hpp"
#include "common/smp/smp.hpp"
#include "drivers/apic/registers.hpp"

namespace big {
namespace {

using namespace acpi_tables;

constexpr u64 kRsdp = 0xf0000, kXsdt = 0x10000, kMadt = 0x20000, kSrat = 0x30000, kSlit = 0x40000, kHpet = 0x41000;
constexpr u64 kHpetRegisters = 0xfd000;
constexpr u32 kCommandMsr = 0x830;
constexpr u32 kInit = 5, kStartup = 6;

std::vector<Command> written;
void (*receiver)(CpuId, u8);

void place(u64 at, Blob b) { memcpy(arch::direct_map(Paddr{at}), b.data(), b.size()); }

Blob madt() {
    Blob b = madt_header();
    put_at<u32>(b, 36, 0);   // where the simulated machine has the local APIC's memory
    b.insert(b.end(), {1, 12, 1, 0});
    put<u32>(b, static_cast<u32>(kIoApic.raw()));
    put<u32>(b, 0);
    for (u32 i = 0; i < kProcessors; ++i) {
        if (apic_id(i) < 255) add_lapic(b, static_cast<u8>(i), static_cast<u8>(apic_id(i)), 1);
        else add_x2apic(b, apic_id(i), i, 1);
    }
    return finish(b);
}

void add_cpu_affinity(Blob& b, u32 id, u32 node) {
    b.insert(b.end(), {2, 24, 0, 0});
    put<u32>(b, node);
    put<u32>(b, id);
    put<u32>(b, 1);
    put<u64>(b, 0);
}

// Proximity domains are not dense, and the processors stand in the reverse order.
u32 domain_of(u32 socket) { return socket * 2; }

Blob srat() {
    Blob b = table("SRAT", 3);
    b.resize(48);
    for (u32 node = 0; node < kSockets; ++node) {
        b.insert(b.end(), {1, 40});
        put<u32>(b, domain_of(node));
        put<u16>(b, 0);
        put<u64>(b, u64{node} * kNodeMib << 20);
        put<u64>(b, u64{kNodeMib} << 20);
        put<u32>(b, 0);
        put<u32>(b, 1);
        put<u64>(b, 0);
    }
    for (u32 i = kProcessors; i-- > 0;) add_cpu_affinity(b, apic_id(i), domain_of(i / kOnSocket));
    return finish(b);
}

Blob slit() {
    Blob b = table("SLIT");
    put<u64>(b, 9);
    for (u32 i = 0; i < 9; ++i)
        for (u32 j = 0; j < 9; ++j) b.push_back(static_cast<u8>(i == j ? 10 : 20 + i + j));
    return finish(b);
}

Blob hpet() {
    Blob b = table("HPET", 1);
    put<u32>(b, 0x8086a201);
    put<u32>(b, 0);
    put<u64>(b, kHpetRegisters);
    b.insert(b.end(), {0, 0, 0, 0});
    return finish(b);
}

void place_tables() {
    Blob x = table("XSDT", 1);
    for (u64 t : {kMadt, kSrat, kSlit, kHpet}) put<u64>(x, t);
    place(kXsdt, finish(x));
    place(kMadt, madt());
    place(kSrat, srat());
    place(kSlit, slit());
    place(kHpet, hpet());
    place(kRsdp, rsdp(0, kXsdt));
}

u64 drift_ppm, drift_since;

u64 reference_ns() {
    u64 now = sim::state().clock.load();
    return now + (now - drift_since) * drift_ppm / 1'000'000;
}

// 100 MHz; a read takes 500 ns.
class Hpet final : public sim::MmioDevice {
public:
    Hpet() : MmioDevice{arch::direct_map(Paddr{kHpetRegisters}), 0x400} {}
    u64 read(usize offset, unsigned) override {
        if (offset == 4) return 10'000'000;
        sim::advance(Nanos{500});
        return offset == 0xf0 ? static_cast<u32>(reference_ns() / 10) : 0;
    }
    void write(usize, unsigned, u64) override {}
};

// A processor that waits after INIT runs the start of the hypervisor's that was prepared.
void on_command(u32 target, u32 low) {
    static std::mutex mutex;
    static std::map<u32, bool> waits;
    u32 kind = low >> 8 & 7;
    {
        std::lock_guard g{mutex};
        written.push_back({target, low});
        if (kind == kInit) waits[target] = true;
        if (kind == kStartup && !std::exchange(waits[target], false)) return;
    }
    if (kind == kStartup) {
        sim::AsCpu on{sim::state().entry};
        return smp::arrive();
    }
    if (kind || !receiver) return;
    for (u32 i = 0; i < kMaxCpus; ++i)
        if (apic_id(i) == target) receiver(CpuId{i}, static_cast<u8>(low));
}

void on_msr_write(u32 msr, u64 v) {
    if (msr == kCommandMsr) on_command(static_cast<u32>(v >> 32), static_cast<u32>(v));
}

// Leaves 1 and 0xb of a processor that has x2APIC mode, with two threads a core.
void describe_processor(bool with_x2apic) {
    auto& leaves = sim::state().cpuid;
    arch::CpuidRegs one = arch::cpuid(1);
    if (with_x2apic) one.c |= 1u << 21;
    leaves[{1, 0}] = one;
    leaves[{0xb, 0}] = {1, 2, 0x100, 0};
    leaves[{0xb, 1}] = {7, kOnSocket, 0x201, 0};
}

void early(const BootInfo& boot) {
    place_tables();
    platform::init_early(boot);
}

}  // namespace

std::vector<Command>& commands() { return written; }
void drift(u64 ppm) {
    drift_since = sim::state().clock.load();
    drift_ppm = ppm;
}
void deliver_to(void (*fn)(CpuId, u8)) { receiver = fn; }

void all_on() {
    smp::start_others(0);
    REQUIRE(cpu_online.count() == kMaxCpus);
}

XapicCommands::XapicCommands() : MmioDevice{arch::direct_map(Paddr{apic::kCommandLow}), 0x20} {}
u64 XapicCommands::read(usize offset, unsigned) { return offset ? high_ : 0; }
void XapicCommands::write(usize offset, unsigned, u64 v) {
    if (offset) high_ = static_cast<u32>(v);
    else on_command(high_ >> 24, static_cast<u32>(v));
}

void start(bool with_x2apic) {
    static bool started = false;
    if (std::exchange(started, true)) return;
    describe_processor(with_x2apic);
    sim::state().relax_ticks = 100'000;
    sim::state().on_msr_write = on_msr_write;
    sim::start({.memory_mib = kSockets * kNodeMib, .cpus = 1, .early = early});
    static Hpet& clock = *new Hpet;
    static_cast<void>(clock);
    platform::init_time();
    std::optional<XapicCommands> registers;
    if (!with_x2apic) registers.emplace();
    smp::start_others(0);
}

}  // namespace big
