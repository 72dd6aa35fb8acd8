// SPDX-License-Identifier: MIT
// SDM volume 3, 9.11.6 and 9.11.7; AMD: the patch loader MSR.
#include <atomic>

#include <asm/cpu.hpp>
#include <xen/arch_control.hpp>
#include <xen/heap.hpp>
#include <xen/log.hpp>
#include <xen/smp.hpp>
#include <xen/time.hpp>

#include "arch/x86/microcode/microcode.hpp"
#include "common/control/platform/platform_op.hpp"
#include "lib/string.hpp"

namespace xen::microcode {
namespace {

using arch::Vendor;

constexpr u32 kMsrRevision = 0x8b, kMsrIntelLoad = 0x79, kMsrIntelPlatform = 0x17, kMsrAmdLoad = 0xc0010020;
constexpr usize kIntelHeader = 48;
constexpr usize kAlign = 16;

struct Kept {
    Array<u8> storage;
    Patch patch;
};
Kept kept;

// Intel's register holds the revision only after CPUID was executed.
u32 revision(Vendor v) {
    if (v == Vendor::amd) return static_cast<u32>(arch::rdmsr_safe(kMsrRevision).value_or(0));
    if (!arch::wrmsr_safe(kMsrRevision, 0)) return 0;
    arch::cpuid(1);
    return static_cast<u32>(arch::rdmsr_safe(kMsrRevision).value_or(0) >> 32);
}

// On this CPU, interrupts off.
void load(const Patch& p, Vendor v) {
    u64 at = reinterpret_cast<u64>(p.bytes.data());
    Status s = v == Vendor::intel ? arch::wrmsr_safe(kMsrIntelLoad, at + kIntelHeader) : arch::wrmsr_safe(kMsrAmdLoad, at);
    if (!s) log_warning("CPU %u refuses microcode %#x", arch::cpu_id().raw(), p.revision);
}

bool newer(const Patch& p, const Processor& c) {
    return c.vendor == Vendor::intel ? static_cast<s32>(p.revision) > static_cast<s32>(c.revision) : p.revision > c.revision;
}

// Loads what is newer; false when the processor then has another revision.
bool apply(const Patch& p) {
    Processor c = this_processor();
    if (!newer(p, c)) return c.revision == p.revision;
    load(p, c.vendor);
    u32 now = revision(c.vendor);
    if (now == p.revision) {
        log_info("CPU %u: microcode %#x, it was %#x", arch::cpu_id().raw(), now, c.revision);
        return true;
    }
    log_warning("CPU %u: microcode %#x was loaded, but the processor still says %#x (an emulator does)",
                arch::cpu_id().raw(), p.revision, now);
    return false;
}

Result<Kept> keep(const Patch& p) {
    Kept k;
    k.storage = TRY(Array<u8>::create(p.bytes.size() + kAlign));
    u8* start = k.storage.data() + (-reinterpret_cast<u64>(k.storage.data()) & (kAlign - 1));
    memcpy(start, p.bytes.data(), p.bytes.size());
    k.patch = {{start, p.bytes.size()}, p.revision};
    return k;
}

// No CPU runs anything else while one loads: first threads load, second threads of their cores wait for them.
struct Meeting {
    const Patch* patch;
    u32 expected;
    Nanos limit;
    std::atomic<u32> arrived{0}, loaded{0}, failed{0};
    std::atomic<bool> off{false};
    u32 first_threads = 0;
};

bool wait_for(const std::atomic<u32>& count, u32 n, Meeting& m) {
    while (count.load(std::memory_order_acquire) < n) {
        if (m.off.load(std::memory_order_relaxed)) return false;
        if (time::now() > m.limit) m.off.store(true, std::memory_order_relaxed);
        arch::relax();
    }
    return true;
}

void attend(void* data) {
    Meeting& m = *static_cast<Meeting*>(data);
    m.arrived.fetch_add(1, std::memory_order_acq_rel);
    if (!wait_for(m.arrived, m.expected, m)) return;
    bool second = arch::is_second_thread(arch::cpu_id());
    if (second && !wait_for(m.loaded, m.first_threads, m)) return;
    if (!apply(*m.patch)) m.failed.fetch_add(1, std::memory_order_relaxed);
    if (!second) m.loaded.fetch_add(1, std::memory_order_acq_rel);
}

Status apply_everywhere(const Patch& p) {
    CpuMask cpus = cpu_online;
    Meeting m{.patch = &p, .expected = static_cast<u32>(cpus.count()), .limit = time::now() + seconds(1).raw()};
    for (usize i : cpus) m.first_threads += !arch::is_second_thread(CpuId{static_cast<u32>(i)});
    smp::call_on(cpus, attend, &m);
    if (m.arrived.load(std::memory_order_relaxed) < m.expected) return Errno::busy;
    if (m.failed.load(std::memory_order_relaxed) || m.loaded.load(std::memory_order_relaxed) < m.first_threads) return Errno::io;
    return {};
}

}  // namespace

Processor this_processor() {
    Processor c{arch::features.vendor, arch::cpuid(1).a, 0, 0};
    if (c.vendor == Vendor::intel) c.platform = 1u << (arch::rdmsr_safe(kMsrIntelPlatform).value_or(0) >> 50 & 7);
    if (c.vendor != Vendor::other) c.revision = revision(c.vendor);
    return c;
}

void apply_here() {
    if (!kept.patch.bytes.empty()) apply(kept.patch);
}

Status update(Bytes container) {
    Processor c = this_processor();
    if (c.vendor == Vendor::other) return Errno::inval;
    Patch p = TRY(find_newest(container, c));
    if (!kept.patch.bytes.empty() && p.revision == kept.patch.revision) return Errno::exist;
    Kept fresh = TRY(keep(p));
    TRY(apply_everywhere(fresh.patch));
    kept = std::move(fresh);
    return {};
}

}  // namespace xen::microcode

namespace xen::arch {

// ABI: that nothing is newer is told as nothing found.
Status update_microcode(Bytes container) {
    Status s = microcode::update(container);
    return !s && s.error() == Errno::exist ? Status{Errno::noent} : s;
}

}  // namespace xen::arch
