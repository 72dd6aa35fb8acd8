// SPDX-License-Identifier: MIT
#include "guest.hpp"

namespace {

constexpr u64 kNotSupported = ~u64{0};
u64 errno_of(int n) { return static_cast<u64>(-static_cast<s64>(n)); }

}  // namespace

void test_calls() {
    check("xen_version", static_cast<u64>(hypercall(17)), 0x40011);
    check("hypercall without a number", static_cast<u64>(hypercall(63)), errno_of(38));
    check("hypercall with a wild number", static_cast<u64>(hypercall(~u64{0})), errno_of(38));
    check("hypercall with a wild pointer", static_cast<u64>(hypercall(17, 1, 0x0b000000)), errno_of(14));
    blocks[0].esr = ~u64{0};
    asm volatile("hvc #1" ::: "memory");
    check("HVC 1 is undefined", blocks[0].esr >> 26, 0);
    check("SMCCC version", static_cast<u64>(firmware(0x80000000)), 0x10001);
    check("SMCCC version by SMC", static_cast<u64>(firmware_smc(0x80000000)), 0x10001);
    check("SMCCC workaround 1", static_cast<u64>(firmware(0x80000001, 0x80008000)), kNotSupported);
    check("an unknown service", static_cast<u64>(firmware(0xbf00ff77)), kNotSupported);
    check("PSCI version", static_cast<u64>(firmware(0x84000000)), 0x10001);
    check("PSCI features: CPU_ON", static_cast<u64>(firmware(0x8400000a, 0xc4000003)), 0);
    check("PSCI features: MIGRATE", static_cast<u64>(firmware(0x8400000a, 0x84000005)), kNotSupported);
    check("PSCI migrate information", static_cast<u64>(firmware(0x84000006)), 2);
    check("CPU_ON of nobody", static_cast<u64>(firmware(0xc4000003, 0x77, 0x40000000)), errno_of(2));
    check("CPU_ON with wild affinity", static_cast<u64>(firmware(0xc4000003, ~u64{0}, 0x40000000)), errno_of(2));
    check("CPU_ON at an odd address", static_cast<u64>(firmware(0xc4000003, 0, 0x40000001)), errno_of(9));
    check("CPU_ON of oneself", static_cast<u64>(firmware(0xc4000003, 0, 0x40000000)), errno_of(4));
    check("AFFINITY_INFO of oneself", static_cast<u64>(firmware(0xc4000004, 0)), 0);
    check("AFFINITY_INFO of a cluster", static_cast<u64>(firmware(0xc4000004, 0, 1)), errno_of(2));
}

// As a kernel does before it turns its caches off: every line of the first level's data cache (ARM D7.5.9.4).
void clean_by_set_and_way() {
    WRITE_REGISTER(csselr_el1, u64{0});
    asm volatile("isb");
    u64 shape = READ_REGISTER(ccsidr_el1), line = (shape & 7) + 4, ways = (shape >> 3 & 0x3ff) + 1, sets = (shape >> 13 & 0x7fff) + 1;
    unsigned way_shift = ways > 1 ? static_cast<unsigned>(__builtin_clz(static_cast<u32>(ways - 1))) : 31;
    for (u64 way = 0; way < ways; ++way)
        for (u64 set = 0; set < sets; ++set) asm volatile("dc cisw, %0" ::"r"(way << way_shift | set << line) : "memory");
    asm volatile("dsb sy" ::: "memory");
}

void test_registers() {
    check("MPIDR", READ_REGISTER(mpidr_el1), u64{1} << 31);
    check("no EL2", READ_REGISTER(id_aa64pfr0_el1) >> 8 & 0xff, 0);
    check("no SVE", READ_REGISTER(id_aa64pfr0_el1) >> 32 & 15, 0);
    check("no pointer authentication", READ_REGISTER(id_aa64isar1_el1) & 0xff000ff0, 0);
    check("no performance monitors", READ_REGISTER(id_aa64dfr0_el1) >> 8 & 15, 0);
    check("an unallocated identification register", READ_REGISTER(s3_0_c0_c7_7), 0);
    check("MDSCR reads as zero", READ_REGISTER(mdscr_el1), 0);
    check("the OS lock is open", READ_REGISTER(oslsr_el1), 8);
    check("writes of debug registers", fault_of([] { WRITE_REGISTER(dbgbcr0_el1, ~u64{0}); }), 0);
    check("PMUSERENR", READ_REGISTER(pmuserenr_el0), 0);
    check("an implementation-defined register is undefined", fault_of([] { (void)READ_REGISTER(s3_0_c15_c1_0); }), 0);
    check("caches by set and way", fault_of([] { asm volatile("dc csw, %0; dc isw, %0; dc cisw, %0" ::"r"(u64{0})); }), 0);
    check("all of a cache", fault_of([] { clean_by_set_and_way(); }), 0);
}

void test_faults() {
    constexpr u64 kHole = 0x0b000000;
    check("a load from nowhere aborts", fault_of([] { (void)load(kHole); }), 0x25);
    check("as an external abort", blocks[0].esr & 0x3f, 0x10);
    check("at its address", blocks[0].far, kHole);
    check("a store to nowhere aborts", fault_of([] { store(kHole, 1); }), 0x25);
    check("a pair to nowhere aborts", fault_of([] { asm volatile("stp xzr, xzr, [%0]" ::"r"(kHole) : "memory"); }), 0x25);
    u32 type = load(gic::kDistributor + 4), control = load(gic::kDistributor);
    u64 at = gic::kDistributor, a = 0, b = 0;
    asm volatile("ldp %w0, %w1, [%2]" : "=&r"(a), "=&r"(b) : "r"(at) : "memory");
    check("a pair of registers: the first", a, control);
    check("a pair of registers: the second", b, type);
    at = gic::kDistributor + 4;
    asm volatile("ldr %w0, [%1], #8" : "=&r"(a), "+r"(at)::"memory");
    check("a load with write-back: the value", a, type);
    check("a load with write-back: the address", at, gic::kDistributor + 12);
    WRITE_REGISTER(cpacr_el1, u64{3} << 20);
    check("a vector register to a device aborts", fault_of([] {
              register u64 x0 asm("x0") = gic::kDistributor;
              asm volatile(".inst 0x3dc00000" ::"r"(x0) : "memory");   // ldr q0, [x0]
          }),
          0x25);
}

namespace {

void arm_virtual(u64 ticks) {
    WRITE_REGISTER(cntv_tval_el0, ticks);
    WRITE_REGISTER(cntv_ctl_el0, u64{1});
}

void test_timers() {
    arm_virtual(1000);
    check("the virtual timer", wait_interrupt(), 27);
    arm_virtual(1000);
    check("the virtual timer again", wait_interrupt(), 27);
    WRITE_REGISTER(cntp_tval_el0, u64{1000});
    WRITE_REGISTER(cntp_ctl_el0, u64{1});
    check("the physical timer", wait_interrupt(), 30);
    check("the physical timer is off", READ_REGISTER(cntp_ctl_el0), 0);
    u64 before = READ_REGISTER(cntvct_el0);
    arm_virtual(100000);
    asm volatile("wfi" ::: "memory");
    check("WFI waits for the timer", READ_REGISTER(cntvct_el0) - before >= 100000, 1);
    check("which is then pending", wait_interrupt(), 27);
    WRITE_REGISTER(cntv_cval_el0, u64{1} << 60);   // more, with the offset, would wrap in QEMU 7.2, which then hangs
    WRITE_REGISTER(cntv_ctl_el0, u64{1});
    check("a timer of the far future", none_comes(), 1);
    WRITE_REGISTER(cntv_ctl_el0, u64{0});
}

}  // namespace

void test_interrupts() {
    test_timers();
    gic::send_sgi(0, 5);
    check("an SGI to oneself", wait_interrupt(), 5);
    check("once", none_comes(), 1);
    gic::send_sgi(7, 5);
    check("an SGI to nobody", none_comes(), 1);
    u64 d = gic::kDistributor;
    constexpr u32 kBit = u32{1} << (100 % 32);
    if (gic::is_v3()) *reinterpret_cast<volatile u64*>(d + 0x6000 + 100 * 8) = 0;
    else *reinterpret_cast<volatile u8*>(d + 0x800 + 100) = 1;
    *reinterpret_cast<volatile u8*>(d + 0x400 + 100) = 0x80;
    check("a priority byte", load(d + 0x400 + 100) & 0xff, 0x80);
    store(d + 0x200 + 12, kBit);
    check("an SPI that is off", none_comes(), 1);
    check("is pending", load(d + 0x200 + 12) & kBit, kBit);
    store(d + 0x100 + 12, kBit);
    check("and comes when enabled", wait_interrupt(), 100);
    check("and is over", (load(d + 0x200 + 12) | load(d + 0x300 + 12)) & kBit, 0);
    store(d + 0x180 + 12, kBit);
    for (u64 at = 0; at < 0x1000; at += 4) (void)load(d + at);
    check("identification", load(d + (gic::is_v3() ? 0xffe8 : 0xfe8)), gic::is_v3() ? 0x30 : 0x20);
}

extern "C" [[gnu::visibility("hidden")]] void second_start();

namespace {
volatile u64 second_context;
}

extern "C" void second_main(u64 context) {
    gic::enable_own(1);
    asm volatile("msr daifclr, #2" ::: "memory");
    second_context = context;
    gic::send_sgi(0, 9);
    volatile Block& b = blocks[1];
    while (b.last_interrupt != 10) asm volatile("wfi");
    firmware(0x84000002);   // CPU_OFF
}

void test_second() {
    constexpr u64 kOn = 0xc4000003, kInfo = 0xc4000004;
    if (static_cast<u64>(firmware(kInfo, 1)) == errno_of(2)) return print("one vCPU: nothing to start\n");
    for (u64 round = 1; round <= 3; ++round) {
        blocks[1].last_interrupt = 1023;
        check("CPU_ON", static_cast<u64>(firmware(kOn, 1, reinterpret_cast<u64>(second_start), round)), 0);
        check("its SGI comes", wait_interrupt(), 9);
        check("it has its context", second_context, round);
        check("CPU_ON of what is on", static_cast<u64>(firmware(kOn, 1, reinterpret_cast<u64>(second_start), 9)), errno_of(4));
        gic::send_sgi(1, 10);
        for (unsigned n = 0; n < 100000 && firmware(kInfo, 1) == 0; ++n) asm volatile("yield");
        check("it is off", static_cast<u64>(firmware(kInfo, 1)), 1);
    }
}

extern "C" void guest_main() {
    print("== arm64 test guest\n");
    test_calls();
    test_registers();
    gic::init();
    test_each_call();
    test_faults();
    test_interrupts();
    test_controller();
    test_second();
    finish();
}
