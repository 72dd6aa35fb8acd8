// SPDX-License-Identifier: MIT
// The hostile guest: everything that a guest can do to the hypervisor, with values that nobody chose, in rounds of eleven modes.
#include "hostile.hpp"
#include <public/sched.h>
#include <public/xen.h>

extern "C" [[gnu::visibility("hidden")]] volatile u64 hostile_is_v3;
extern "C" [[gnu::visibility("hidden")]] void second_start();

namespace hostile {
namespace {

// Calls of which some make an end of it: sched_op's shutdown, vcpu_op's down, and a multicall may have both.
bool may_end(u64 number) {
    return number == __HYPERVISOR_sched_op || number == __HYPERVISOR_sched_op_compat || number == __HYPERVISOR_vcpu_op ||
           number == __HYPERVISOR_multicall;
}

Random random{};
u64 registers[31];

constexpr u64 kPlaces[] = {kDistributor, kDistributor + 0x1000, kDistributor + 0x6000, kDistributor + 0xf000, kInterface,
                           kRedistributor, kRedistributor + 0x10000, kRedistributor + 0x20000, 0x22000000, 0x38000000, 0x39000000,
                           0, 0x08000000, 0x080a0000, 0x09000000, 0x0a000000, 0x40200000, 0x7ffff000, 0xfffffff000, 0x10000000000,
                           0xfffffffff000, 0xffff000000000000, ~u64{0} - 0xfff, kScratch, kScratch + kScratchBytes - 16};

u64 place() {
    u64 base = kPlaces[random.below(sizeof kPlaces / sizeof *kPlaces)];
    switch (random.below(4)) {
    case 0: return base;
    case 1: return base + (random.next() & 0xffc);
    case 2: return base + (random.next() & 0xfff);          // any alignment
    default: return base + 0x1000 - random.below(17);       // across pages
    }
}

// The virtual timer ends whatever waits.
void arm_timer() {
    WRITE_REGISTER(cntv_cval_el0, READ_REGISTER(cntvct_el0) + 20000);
    WRITE_REGISTER(cntv_ctl_el0, u64{1});
}

void enable_interrupts() {
    u64 own = hostile_is_v3 ? kRedistributor + 0x10000 : kDistributor;
    store(kDistributor, hostile_is_v3 ? 0x12 : 1);
    for (u64 at = 0x400; at < 0x420; at += 4) store(own + at, 0xa0a0a0a0);
    store(own + 0x100, 0xffffffff);
    if (hostile_is_v3) {
        store(kRedistributor + 0x14, 0);
        WRITE_REGISTER(s3_0_c4_c6_0, 0xf0);
        WRITE_REGISTER(s3_0_c12_c12_7, 1);
    } else {
        store(kInterface + 4, 0xf0);
        store(kInterface, 1);
    }
}

// Whatever the last instructions have changed of what the next ones need.
void recover() {
    WRITE_REGISTER(vbar_el1, reinterpret_cast<u64>(&hostile_vectors));
    WRITE_REGISTER(cntv_ctl_el0, u64{0});
    WRITE_REGISTER(cntp_ctl_el0, u64{0});
    WRITE_REGISTER(mdscr_el1, u64{0});
    enable_interrupts();
}

void step(u64 mode, u64 n) {
    report().mode = mode;
    report().step = n;
    report().faults = hostile_faults;
}

void word(u32 w, bool user) {
    for (u64& r : registers) r = random.below(2) ? place() : random.wild();
    report().word = u64{user} << 32 | w;
    run_word(w, registers, kScratch + kScratchBytes / 2, user);
}

// -- 1: loads and stores of all kinds (ARM C4.1.94), to devices, holes and what is none of its own.
void accesses() {
    constexpr u32 kForms[] = {0x38000000, 0x39000000, 0x38200800, 0x28000000, 0x29000000, 0x08000000, 0x3c000000, 0x2c000000, 0x0c000000};
    for (u64 n = 0; n < 6000; ++n) {
        u32 form = kForms[random.below(sizeof kForms / sizeof *kForms)];
        auto w = static_cast<u32>(random.next());
        word((w & 0xc0ffffff) | form, n & 1);
        if (!(n & 255)) step(1, n);
    }
}

// -- 2: the whole space of system instructions and registers (C5.1.2): read, written, at EL1 and EL0.
bool spares(u32 encoding) {
    u32 key = encoding >> 5 & 0x3fff, op0 = encoding >> 19 & 3;
    constexpr u32 kSctlr = 1 << 7, kVbar = 12 << 7;
    constexpr u32 kVirtualCompare = 3 << 11 | 14 << 7 | 3 << 3 | 2;      // CNTV_CVAL_EL0: QEMU 7.2 hangs where it wraps
    return op0 == 3 && (key == kSctlr || key == kVbar || key == kVirtualCompare);
}

void registers_all() {
    for (u32 space = 0; space < 0x10000; ++space) {
        u32 w = 0xd5000000 | space << 5 | (random.below(8) ? 0 : 31);
        bool wait = (w & 0xfffff01f) == 0xd503201f || (w & 0xfffff0ff) == 0xd50310ff;
        if (!wait && !spares(w)) word(w, false);
        word(w | 1u << 21, false);
        if (!(space & 3) && !wait) word(w | (space & 4 ? 1u << 21 : 0), true);
        if (!(space & 255)) {
            recover();
            step(2, space);
        }
    }
}

// -- 3: PSCI and other firmware, but for what would end the guest: SYSTEM_OFF and SYSTEM_RESET, CPU_OFF, and suspending for ever.
void firmware_calls() {
    constexpr u32 kBases[] = {0x84000000, 0xc4000000, 0x80000000, 0x80008000, 0xbf00ff00,
                              0x82000000, 0x86000000, 0x8600ff00, 0,          0xffffff00};
    for (u64 n = 0; n < 4000; ++n) {
        u32 f = kBases[random.below(sizeof kBases / sizeof *kBases)] + static_cast<u32>(random.below(0x24));
        u32 low = f & 0x1f;
        bool psci = (f & 0xbfffffe0) == 0x84000000;
        if (psci && (low == 2 || low == 8 || low == 9 || low == 0xb || low == 0x12)) continue;
        if (psci && (low == 1 || low == 0xc || low == 0xd || low == 0xe)) arm_timer();
        bool on = psci && low == 3;
        // A vCPU that starts anywhere but where it should would run wild for ever, and is none of ours any more.
        u64 entry = on && n & 1 ? reinterpret_cast<u64>(second_start) : random.wild() | 1;
        if (n & 2) firmware(f, on ? random.below(3) : random.wild(), entry, random.wild());
        else firmware_smc(f, random.wild());
        if (!(n & 255)) step(3, n);
    }
    recover();
}

// A multicall of calls that cannot end it.
void garbage_calls() {
    auto* entries = reinterpret_cast<volatile u64*>(kScratch);
    for (u64 i = 0; i < 32; ++i) {
        u64 op = random.below(40);
        entries[i * 8] = may_end(op) ? __HYPERVISOR_xen_version : op;
        for (u64 n = 2; n < 8; ++n) entries[i * 8 + n] = n & 1 ? kScratch + random.below(kScratchBytes) : random.below(40);
    }
    hypercall(__HYPERVISOR_multicall, kScratch, random.below(40));
}

// -- 4: hypercalls. What would end it or let it wait for ever is left out.
void hypercalls() {
    for (u64 n = 0; n < 12000; ++n) {
        u64 number = random.below(8) ? random.below(64) : random.wild();
        u64 a[3];
        for (u64& x : a) x = random.below(3) ? random.below(40) : random.below(2) ? random.wild() : kScratch + random.below(kScratchBytes);
        if (random.below(2)) a[1] = kScratch + (random.next() & 0xfff8);
        if (number == __HYPERVISOR_multicall) garbage_calls();
        else if (may_end(number) && a[0] != SCHEDOP_yield && a[0] < 8) continue;
        if (!(n & 15)) *reinterpret_cast<volatile u64*>(kScratch + (random.next() & 0xfff8)) = random.wild();
        hypercall(number, a[0], a[1], a[2]);
        if (!(n & 255)) step(4, n);
    }
}

// -- 5: every HVC, SMC, SVC, BRK, HLT and UDF there is, one in eight of them a round.
void immediates() {
    constexpr u32 kForms[] = {0xd4000002, 0xd4000003, 0xd4000001, 0xd4200000, 0xd4400000, 0xd4a00001, 0xd4a00002, 0xd4a00003, 0};
    for (u32 n = static_cast<u32>(random.below(8)); n < 0x10000; n += 8)
        for (u32 form : kForms) {
            if ((form == 0xd4000002 && (n == 0xea1 || !n)) || (form == 0xd4000003 && !n) || form == 0xd4000001) continue;
            word(form ? form | n << 5 : n, n & 1);
            if (!(n & 1023)) step(5, n);
        }
}

// -- 6: SGIs to everybody, with and without anybody who takes them.
void sgis() {
    for (u64 n = 0; n < 10000; ++n) {
        if (hostile_is_v3) {
            u64 all = random.below(8) ? 0 : u64{1} << 40;
            u64 to = random.below(4) ? random.below(16) << 24 | 3 | all : random.wild();
            WRITE_REGISTER(s3_0_c12_c11_5, to);
            if (!random.below(8)) WRITE_REGISTER(s3_0_c12_c12_1, random.below(1100));      // ends of what never began
            if (!random.below(8)) WRITE_REGISTER(s3_0_c12_c11_1, random.below(1100));
        } else {
            u64 to = random.below(4) ? random.below(4) << 24 | 0x30000 | random.below(16) : random.wild();
            store(kDistributor + 0xf00, static_cast<u32>(to));
            if (!random.below(8)) store(kInterface + 0x10, static_cast<u32>(random.below(1100)));
        }
        if (!(n & 63)) asm volatile("msr daifclr, #2\n isb\n nop\n msr daifset, #2" ::: "memory");
        if (!(n & 255)) step(6, n);
    }
    recover();
}

// -- 7: the interrupt controller's registers, with edges' and lines' interplay: any value anywhere, interrupts on now and then.
void controller() {
    for (u64 n = 0; n < 8000; ++n) {
        u64 at = (random.below(2) ? kDistributor : kRedistributor + random.below(4) * 0x10000) + (random.below(0x1000) & ~u64{3});
        if (random.below(4)) store(at, static_cast<u32>(random.wild()));
        else (void)load(at);
        if (!(n & 31)) {
            arm_timer();
            WRITE_REGISTER(cntv_tval_el0, random.below(100));
            WRITE_REGISTER(cntp_tval_el0, random.wild());
            WRITE_REGISTER(cntp_ctl_el0, random.below(4));
            asm volatile("msr daifclr, #2\n isb\n nop\n nop\n msr daifset, #2" ::: "memory");
        }
        if (!(n & 255)) step(7, n);
    }
    recover();
}

// -- 8: events: as many ports as it gets, and then sent without end.
void events() {
    struct {
        std::uint16_t dom, remote_dom;
        u32 port;
    } alloc = {0x7ff0, 0x7ff0, 0};
    for (u64 n = 0; n < 5000; ++n) {
        if (n < 1500) hypercall(32, 6, reinterpret_cast<u64>(&alloc));
        u32 port = static_cast<u32>(random.below(1100));
        hypercall(32, 4, reinterpret_cast<u64>(&port));
        if (!(n & 3)) hypercall(32, 3, reinterpret_cast<u64>(&port));
        if (!(n & 255)) step(8, n);
    }
}

// -- 9: caches by set and way, and other maintenance of wild addresses.
void caches() {
    for (u64 n = 0; n < 8000; ++n) {
        u64 v = random.wild();
        switch (n % 8) {
        case 0: asm volatile("dc csw, %0" ::"r"(v)); break;
        case 1: asm volatile("dc isw, %0" ::"r"(v)); break;
        case 2: asm volatile("dc cisw, %0" ::"r"(v)); break;
        case 3: asm volatile("dc civac, %0" ::"r"(place())); break;
        case 4: asm volatile("dc ivac, %0" ::"r"(place())); break;
        case 5: asm volatile("ic ivau, %0" ::"r"(place())); break;
        case 6: asm volatile("tlbi vmalle1is\n tlbi vaae1is, %0" ::"r"(v)); break;
        default: asm volatile("at s1e1w, %0\n at s1e0r, %0" ::"r"(place())); break;
        }
        if (!(n & 255)) step(9, n);
    }
}

// -- 10: waiting and yielding without end.
void waits() {
    for (u64 n = 0; n < 6000; ++n) {
        asm volatile("yield\n wfe\n sev\n sevl\n wfe");
        if (!(n & 255)) {
            arm_timer();
            asm volatile("wfi\n msr daifclr, #2\n isb\n nop\n msr daifset, #2" ::: "memory");
            step(10, n);
        }
    }
}

// -- 11: any instruction that is no branch, with any registers.
void instructions() {
    for (u64 n = 0; n < 20000; ++n) {
        auto w = static_cast<u32>(random.next());
        if ((w >> 26 & 7) == 5) continue;                   // branches, exceptions, system
        word(w, n & 1);
        if (!(n & 255)) {
            recover();
            step(11, n);
        }
    }
}

}  // namespace

// Never an address of its own image or close to it: it is to be there until the end.
u64 Random::wild() {
    u64 v = anything();
    return v >= kMemory - 0x100000 && v < kReport ? 0 : v;
}

u64 Random::anything() {
    u64 v = next();
    switch (v & 7) {
    case 0: return 0;
    case 1: return ~u64{0};
    case 2: return u64{1} << (v >> 8 & 63);
    case 3: return (u64{1} << (v >> 8 & 63)) - 1;
    case 4: return v >> 32;
    case 5: return v >> 8 & 0xff;
    default: return v;
    }
}

void guest() {
    random.state = report().seed;
    hostile_is_v3 = READ_REGISTER(id_aa64pfr0_el1) >> 24 & 15;
    recover();
    firmware(0xc4000003, 1, reinterpret_cast<u64>(second_start), 0);
    constexpr unsigned kModes = 11;
    for (u64 round = 1;; ++round) {
        for (unsigned m = 0; m < kModes; ++m) {
            switch (m) {
            case 0: accesses(); break;
            case 1: registers_all(); break;
            case 2: firmware_calls(); break;
            case 3: hypercalls(); break;
            case 4: immediates(); break;
            case 5: sgis(); break;
            case 6: controller(); break;
            case 7: events(); break;
            case 8: caches(); break;
            case 9: waits(); break;
            default: instructions(); break;
            }
            recover();
        }
        report().rounds = round;
    }
}

}  // namespace hostile

// The second vCPU: traps of all kinds beside the first one's, on the same domain.
extern "C" void second_main(u64) {
    hostile::Random own{READ_REGISTER(cntvct_el0) | 1};
    for (u64 n = 0;; ++n) {
        hostile::report().second = n;
        u64 number = own.below(64);
        if (!hostile::may_end(number)) hypercall(number, own.below(20), hostile::kScratch + own.below(4096) * 8);
        store(hostile::kDistributor + 0x10 + (own.below(0xff0) & ~u64{3}), static_cast<u32>(own.wild()));   // it stays on
        firmware(0x84000000 + own.below(2) * 0xa, own.wild());
        if (hostile_is_v3) WRITE_REGISTER(s3_0_c12_c11_5, own.below(16) << 24 | 3);
        asm volatile("yield");
    }
}
