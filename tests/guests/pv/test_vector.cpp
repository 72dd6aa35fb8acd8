// SPDX-License-Identifier: MIT
// AVX-512 state: what CPUID offers, XCR0, the XSAVE area, and all registers kept while another vCPU with registers of
// its own runs on the same CPU. Nothing is printed on a processor without AVX-512.
#include "event.hpp"
#include "second.hpp"
#include "test.hpp"
#include <public/domctl.h>
#include <public/sched.h>

namespace {

constexpr u64 kAvxState = 7, kAllState = 0xe7;
constexpr u64 kCr4OsXsave = 1 << 18, kCr4FsGsBase = 1 << 16;
constexpr u32 kAvx512F = 1 << 16, kAvx512Bw = 1 << 30, kFsGsBase = 1;
constexpr unsigned kBytes = 32 * 64 + 8 * 8;
constexpr unsigned kRounds = 50;

struct Registers {
    u32 a, b, c, d;
};

Registers cpuid(u32 leaf, u32 subleaf = 0) {
    Registers r = {leaf, 0, subleaf, 0};
    asm volatile(".byte 0x0f, 0x0b, 0x78, 0x65, 0x6e; cpuid" : "+a"(r.a), "=b"(r.b), "+c"(r.c), "=d"(r.d));
    return r;
}

void set_control(u64 cr4_bits) {
    u64 cr4 = 0;
    asm volatile("mov %%cr4, %0" : "=r"(cr4));
    asm volatile("mov %0, %%cr4" : : "r"(cr4 | cr4_bits));
}

void enable(u64 state) {
    set_control(kCr4OsXsave);
    asm volatile("xsetbv" : : "a"(state), "d"(0), "c"(0));
}

u64 enabled() {
    u32 low = 0;
    u32 high = 0;
    asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return u64{high} << 32 | low;
}

extern "C" void vector_load(const u8* registers);
extern "C" void vector_store(u8* registers);

void fill(u8* to, u64 seed) {
    for (unsigned i = 0; i < kBytes; ++i) {
        seed = seed * 6364136223846793005 + 1442695040888963407;
        to[i] = static_cast<u8>(seed >> 56);
    }
}

// Loads registers of this round, lets something happen, and compares: the number of wrong bytes.
template <class F> unsigned lost_over(u8* before, u8* after, u64 seed, F happens) {
    fill(before, seed);
    vector_load(before);
    happens();
    vector_store(after);
    unsigned lost = 0;
    for (unsigned i = 0; i < kBytes; ++i) lost += before[i] != after[i];
    return lost;
}

u8 first_before[kBytes], first_after[kBytes];
u8 second_before[kBytes], second_after[kBytes];
volatile u64 second_state, second_rounds, second_lost;
volatile bool second_stop;

void yield() { hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield); }

// The second vCPU: the same with other values, or with YMM registers alone.
void work() {
    enable(second_state);
    while (!second_stop) {
        const u64 round = second_rounds;
        if (second_state == kAllState) {
            const unsigned lost = lost_over(second_before, second_after, ~round, yield);
            second_lost = second_lost + lost;
        } else {
            asm volatile("vpcmpeqb %xmm0, %xmm0, %xmm0; vpxor %xmm15, %xmm15, %xmm15");
            yield();
        }
        second_rounds = round + 1;
    }
}

unsigned lost_over_rounds(u64 seed) {
    unsigned lost = 0;
    for (unsigned i = 0; i < kRounds; ++i) lost += lost_over(first_before, first_after, seed + i, yield);
    return lost;
}

// The second vCPU gets the CPU when our time slice is over, wherever we are.
unsigned lost_over_preemption(u64 seed) {
    return lost_over(first_before, first_after, seed, [] {
        const u64 seen = second_rounds;
        const u64 end = system_time() + 3000000000;
        while (second_rounds == seen && system_time() < end) asm volatile("pause");
    });
}

long place_on(u64 vcpu, u64 cpus) {
    static xen_domctl op;
    op = zeroed<xen_domctl>();
    op.cmd = XEN_DOMCTL_setvcpuaffinity;
    op.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op.u.vcpuaffinity.vcpu = static_cast<u32>(vcpu);
    op.u.vcpuaffinity.flags = XEN_VCPUAFFINITY_HARD;
    static u64 map;
    map = cpus;
    set_handle(op.u.vcpuaffinity.cpumap_hard.bitmap, &map);
    op.u.vcpuaffinity.cpumap_hard.nr_bits = 64;
    return hypercall(__HYPERVISOR_domctl, address(&op));
}

void shared_cpu(const char* name, u64 state) {
    second_state = state;
    second_rounds = 0;
    second_lost = 0;
    second_stop = false;
    result(join(name, ".start"), start_second(work));
    check(join(name, ".runs"), wait_for([] { return second_rounds > 2; }));
    check(join(name, ".kept.yield"), lost_over_rounds(1) == 0);
    check(join(name, ".kept.preempted"), lost_over_preemption(2) == 0);
    const u64 rounds = second_rounds;
    check(join(name, ".switched"), rounds > kRounds / 2);
    check(join(name, ".second.kept"), second_lost == 0);
    second_stop = true;
    check(join(name, ".stopped"), wait_for([] { return !second_is_up(); }));
}

void offer() {
    const Registers d = cpuid(0xd);
    value("offer.components", d.a);
    value("offer.largest_area", d.c);
    for (u32 part : {2u, 5u, 6u, 7u}) {
        const Registers p = cpuid(0xd, part);
        value(join("offer.size.", part), p.a);
        value(join("offer.offset.", part), p.b);
    }
    value("offer.smep_smap", cpuid(7).b & (1u << 7 | 1u << 20));
    value("offer.pcid", cpuid(1).c & 1u << 17);
}

void control_register() {
    fault("enable.avx", catch_fault([] { enable(kAvxState); }));
    value("enabled.avx.area", cpuid(0xd).b);
    fault("zmm.before", catch_fault([] { asm volatile("vpxorq %zmm16, %zmm16, %zmm16"); }));
    fault("enable.part", catch_fault([] { enable(kAvxState | 0x20); }));
    fault("enable.without_avx", catch_fault([] { enable(0xe3); }));
    fault("enable.all", catch_fault([] { enable(kAllState); }));
    value("enabled", enabled());
    value("enabled.area", cpuid(0xd).b);
    fault("zmm.after", catch_fault([] { asm volatile("vpxorq %zmm16, %zmm16, %zmm16"); }));
}

void area() {
    alignas(64) static u8 saved[4096];
    memset(saved, 0x5a, sizeof(saved));
    memset(saved + 512, 0, 64);
    fill(first_before, 7);
    vector_load(first_before);
    asm volatile("xsave64 %0" : "+m"(saved) : "a"(~0u), "d"(~0u) : "memory");
    u64 present = 0;
    memcpy(&present, saved + 512, sizeof(present));
    value("area.present", present & ~u64{1});   // the x87 part may be as after a reset
    const Registers last = cpuid(0xd, 7);
    check("area.zmm16", memcmp(saved + last.b, first_before + 16 * 64, 16 * 64) == 0);
    check("area.end", saved[last.b + last.a] == 0x5a);
}

void bases() {
    value("fsgsbase.offered", cpuid(7).b & kFsGsBase);
    u64 seen = 0;
    fault("fsgsbase.before", catch_fault([&] { asm volatile("rdfsbase %0" : "=r"(seen)); }));
    fault("fsgsbase.enable", catch_fault([] { set_control(kCr4FsGsBase); }));
    fault("fsgsbase.write", catch_fault([] { asm volatile("wrfsbase %0" : : "r"(u64{0x123456789})); }));
    yield();
    fault("fsgsbase.read", catch_fault([&] { asm volatile("rdfsbase %0" : "=r"(seen)); }));
    value("fsgsbase.kept", seen);
    asm volatile("wrfsbase %0" : : "r"(u64{0}));
}

} // namespace

void test_vector() {
    const u32 features = cpuid(7).b;
    if (!(features & kAvx512F) || !(features & kAvx512Bw)) return;
    offer();
    control_register();
    area();
    check("kept.hypercall", lost_over(first_before, first_after, 3, [] {
                                hypercall(__HYPERVISOR_xen_version, 0);
                            }) == 0);
    result("pin.first", place_on(0, 1));
    result("pin.second", place_on(1, 1));
    shared_cpu("other", kAllState);
    shared_cpu("narrow", kAvxState);
    bases();
    result("unpin.second", place_on(1, ~u64{0}));
    result("unpin.first", place_on(0, ~u64{0}));
}
