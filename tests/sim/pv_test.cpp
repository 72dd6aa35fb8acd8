// SPDX-License-Identifier: MIT
// A PV vCPU on the simulated machine: how its kernel is entered and left, and what it may do there.
#include <public/arch-x86/cpuid.h>
#include <public/callback.h>
#include <public/vcpu.h>
#include <asm/entry.hpp>
#include <asm/fpu.hpp>
#include <asm/mm.hpp>
#include <asm/policy.hpp>
#include <asm/pv.hpp>
#include <catch2/catch.hpp>
#include <sim/machine.hpp>
#include <xen/arch_vcpu.hpp>
#include <xen/event.hpp>
#include <xen/hypercall.hpp>
#include <xen/memory.hpp>
#include <xen/rangeset.hpp>

#include <array>
#include <memory>
#include <vector>

#include "arch/x86/guest/pv/bounce.hpp"
#include "arch/x86/guest/pv/traps.hpp"
#include "kernel.hpp"

using namespace xen;
using namespace xen::sim;

TEST_CASE("an exception of user mode lands on the kernel's stack") {
    Kernel k;
    k.handle(pv::kPageFault, 4);
    k.user_mode();
    k.regs().rcx = 11;
    k.regs().r11 = 12;
    k.fault(pv::kPageFault, 4 | 2, 0x1234000);
    CHECK(k.state().in_kernel);
    CHECK(k.regs().rip == kHandler);
    CHECK(k.regs().cs == arch::kGuestCs64);
    CHECK(k.regs().entry_vector == arch::kEntrySyscall);
    CHECK(k.regs().rsp == k.top() - 64);
    const std::vector<u64> expected{11, 12, 6, kUserRip, 0xe033, 0x202, kUserRsp, 0xe02b};
    for (unsigned i = 0; i < 8; ++i) CHECK(k.word(i) == expected[i]);
    CHECK(k.mask() == 1);
    CHECK(k.vcpu().info->arch.cr2 == 0x1234000);
}

TEST_CASE("an exception of the kernel stays on its stack, and RPL 0 tells") {
    Kernel k;
    k.handle(pv::kDivide, 0);
    k.mask(1);
    k.regs().rsp -= 24;
    u64 before = k.regs().rsp;
    k.fault(pv::kDivide);
    CHECK(k.regs().rsp == (before & ~u64{15}) - 56);
    CHECK(k.word(3) == (0xe030 | u64{1} << 32));
    CHECK(k.word(4) == 0x2);
    CHECK(k.word(5) == before);
    CHECK(k.mask() == 1);
}

TEST_CASE("a kernel without a handler or a stack dies alone") {
    {
        Kernel k;
        k.fault(pv::kDivide);
        CHECK(domain::crashed(k.domain()));
    }
    Kernel k;
    k.handle(pv::kDivide, 0);
    k.regs().rsp = 0xffff820000000000;   // the hypervisor's
    k.fault(pv::kDivide);
    CHECK(domain::crashed(k.domain()));
}

TEST_CASE("events mask themselves, system calls as asked") {
    Kernel k;
    k.vcpu().info->evtchn_upcall_pending = 1;
    pv_deliver_event(k.vcpu());
    CHECK((k.regs().rip == kEvent && k.mask() == 1));
    CHECK(k.word(4) == 0x202);

    Kernel u;
    u.user_mode();
    u.regs().rflags |= 0x400;
    pv_bounce_syscall(u.vcpu());
    CHECK((u.regs().rip == kSyscall && u.mask() == 1));
    CHECK_FALSE((u.regs().rflags & 0x400));
    CHECK(u.word(4) == 0x602);
}

TEST_CASE("a system call without an entry is an invalid opcode") {
    Kernel k;
    k.state().syscall_callback = {};
    k.handle(pv::kInvalidOpcode, 0);
    k.user_mode();
    pv_bounce_syscall(k.vcpu());
    CHECK(k.regs().rip == kHandler);
    CHECK(k.word(2) == kUserRip - 2);
}

TEST_CASE("iret to user mode, by SYSRET and by IRET") {
    Kernel k;
    k.state().guest_table_user = Mfn{0};
    k.mask(1);
    iret_context f{};
    f.rax = static_cast<u64>(-85);   // looks like a restart, is the guest's
    f.rip = kUserRip;
    f.cs = 0xe033;
    f.rflags = 0x3246;
    f.rsp = kUserRsp;
    f.ss = 0xe02b;
    f.rcx = 5;
    f.flags = VGCF_in_syscall;
    CHECK(k.iret(f) == -85);
    CHECK(k.regs().rip == kUserRip);
    CHECK_FALSE(k.state().in_kernel);
    CHECK(k.regs().entry_vector == arch::kEntrySyscall);
    CHECK(k.regs().rcx != 5);
    CHECK(k.mask() == 0);
    CHECK((k.regs().rflags & 0x3000) == 0);

    Kernel n;
    f.flags = 0;
    f.cs = 0xe030;
    f.rflags = 0x46;
    n.iret(f);
    CHECK(n.state().in_kernel);
    CHECK((n.regs().entry_vector == 0 && n.regs().rcx == 5));
    CHECK(n.regs().cs == 0xe033);
    CHECK(n.mask() == 1);
    CHECK((n.regs().rflags & 0x200));
    n.state().guest_table_user = nothing;
    k.state().guest_table_user = nothing;
}

TEST_CASE("iret to a user mode that has no tables ends the domain") {
    Kernel k;
    iret_context f{};
    f.cs = 3;
    k.iret(f);
    CHECK(domain::crashed(k.domain()));
}

TEST_CASE("a segment register that cannot be loaded calls the failsafe handler") {
    Kernel k;
    k.regs().rip = 0x77;
    pv_segment_fault(k.vcpu());
    CHECK(k.regs().rip == kFailsafe);
    CHECK(k.word(6) == 0x77);
    CHECK(k.mask() == 1);
}

TEST_CASE("trap tables: entries, end, clearing, refusal") {
    Kernel k;
    trap_info t[3] = {{1, 7, 0x10, 0x1000}, {0x80, 3, 0xe033, 0x2000}, {}};
    CHECK(sim::hypercall(__HYPERVISOR_set_trap_table, sim::address(t)) == 0);
    CHECK((k.state().traps[1].dpl == 3 && k.state().traps[1].mask_events && k.state().traps[1].cs == 0x13));
    CHECK(k.state().traps[0x80].address == 0x2000);
    t[0].address = 0x0000900000000000;
    CHECK(sim::hypercall(__HYPERVISOR_set_trap_table, sim::address(t)) == -22);
    CHECK(sim::hypercall(__HYPERVISOR_set_trap_table, 0) == 0);
    CHECK(k.state().traps[0x80].address == 0);
}

TEST_CASE("INT n goes through the trap table, if its level permits") {
    Kernel k;
    k.handle(0x21, 0);
    k.handle(pv::kGeneralProtection, 0);
    k.user_mode();
    std::array<u8, 16> code{0xcd, 0x21};
    k.regs().rip = sim::address(code);
    k.fault(pv::kGeneralProtection, 0x21 << 3 | 2);
    CHECK(k.word(3) == sim::address(code));           // #GP: rip stays
    CHECK(k.word(2) == (0x21 << 3 | 2));

    Kernel o;
    o.handle(0x21, 3);
    o.user_mode();
    o.regs().rip = sim::address(code);
    o.fault(pv::kGeneralProtection, 0x21 << 4 | 2);    // as QEMU's TCG says it
    CHECK(o.regs().rip == kHandler);
    CHECK(o.word(2) == sim::address(code) + 2);
}

TEST_CASE("callbacks are registered one by one") {
    Kernel k;
    callback_register c{CALLBACKTYPE_sysenter, CALLBACKF_mask_events, 0x5000};
    CHECK(sim::hypercall(__HYPERVISOR_callback_op, CALLBACKOP_register, sim::address(c)) == 0);
    CHECK((k.state().sysenter_callback.address == 0x5000 && k.state().sysenter_callback.mask_events));
    c.type = 9;
    CHECK(sim::hypercall(__HYPERVISOR_callback_op, CALLBACKOP_register, sim::address(c)) == -38);
    callback_unregister u{CALLBACKTYPE_event, 0};
    CHECK(sim::hypercall(__HYPERVISOR_callback_op, CALLBACKOP_unregister, sim::address(u)) == -22);
    CHECK(sim::hypercall(__HYPERVISOR_callback_op, 7, sim::address(u)) == -38);
}

TEST_CASE("debug registers refuse what would debug the hypervisor") {
    Kernel k;
    CHECK(sim::hypercall(__HYPERVISOR_set_debugreg, 0, 0x1000) == 0);
    CHECK(sim::hypercall(__HYPERVISOR_get_debugreg, 0) == 0x1000);
    CHECK(sim::hypercall(__HYPERVISOR_set_debugreg, 1, arch::kImage) == -1);
    CHECK(sim::hypercall(__HYPERVISOR_set_debugreg, 7, 0x2000) == -1);         // general detect
    CHECK(sim::hypercall(__HYPERVISOR_set_debugreg, 7, 0x20001) == -1);        // I/O without CR4.DE
    CHECK(sim::hypercall(__HYPERVISOR_set_debugreg, 8, 0) == -19);
    CHECK(sim::hypercall(__HYPERVISOR_get_debugreg, 8) == -19);
    k.state().cr[4] |= 8;
    CHECK(sim::hypercall(__HYPERVISOR_set_debugreg, 7, 0x20001) == 0);
    CHECK(sim::hypercall(__HYPERVISOR_get_debugreg, 7) == 0x20401);
    CHECK(k.state().dr[7] == 0x20400);
    CHECK(sim::hypercall(__HYPERVISOR_set_debugreg, 4, 0) == -19);
}

TEST_CASE("privileged instructions are done for a kernel") {
    Kernel k;
    k.privileged({0x0f, 0x20, 0xd0});           // mov %cr2, %rax
    CHECK(k.advanced() == 3);
    k.regs().rcx = 0xc0000100;
    k.regs().rax = 0x5000;
    k.regs().rdx = 0;
    k.privileged({0x0f, 0x30});                 // wrmsr FS_BASE
    CHECK(k.advanced() == 2);
    k.regs().rax = 0;
    k.privileged({0x0f, 0x32});
    CHECK(k.regs().rax == 0x5000);
    k.regs().rax = XEN_CPUID_FIRST_LEAF;
    k.privileged({0x0f, 0xa2});
    CHECK(k.regs().rbx == XEN_CPUID_SIGNATURE_EBX);
    k.privileged({0xfa});
    CHECK((k.advanced() == 1 && k.mask() == 0));
}

TEST_CASE("RDTSC gives the processor's counter or one made of system time") {
    Kernel k;
    Domain& d = *k.vcpu().domain;
    auto read = [&] {
        k.privileged({0x0f, 0x31});
        CHECK(k.advanced() == 2);
        return k.regs().rdx << 32 | k.regs().rax;
    };
    REQUIRE(arch::set_tsc(d, 2, 0, 0, 0));
    CHECK(!d.arch.tsc.emulated);
    CHECK(policy::guest_cpuid(k.vcpu(), 0x40000003, 0).a % 2 == 0);
    u64 native = read();
    CHECK(native <= arch::rdtsc());
    CHECK(arch::rdtsc() - native < 1'000'000'000);

    // Two megahertz: a thousandth of a second is two thousand ticks.
    REQUIRE(arch::set_tsc(d, 1, 2000, 5'000'000, 3));
    CHECK(policy::guest_cpuid(k.vcpu(), 0x40000003, 0).a % 2 == 1);
    CHECK(policy::guest_cpuid(k.vcpu(), 0x40000003, 0).c == 2000);
    CHECK(policy::guest_cpuid(k.vcpu(), 0x40000003, 0).d == 4);
    u64 first = read();
    CHECK((first >= 9'999 && first < 20'000));
    sim::advance(micros(1000));
    u64 second = read();
    CHECK((second >= first + 1'999 && second < first + 4'000));
    CHECK(arch::tsc_elapsed(d) >= 6'000'000);

    // Its time page agrees with what it reads.
    time::Stamp stamp = time::local_stamp();
    time::Scale scale = time::tsc_scale();
    arch::show_guest_time(d, stamp, scale);
    u64 millisecond = time::scaled(2000, scale);
    CHECK((millisecond >= 999'999 && millisecond <= 1'000'000));
    CHECK(arch::set_tsc(d, 3, 0, 0, 0).error() == Errno::inval);

    // The stamp is older than the domain.
    REQUIRE(arch::set_tsc(d, 1, 2000, 0, 0));
    stamp.system = Nanos{d.arch.tsc.start.raw() - 1'000'000};
    arch::show_guest_time(d, stamp, scale);
    CHECK(u64{0} - stamp.tsc == 1'999);
    s64 seen = stamp.system.raw() + static_cast<s64>(time::scaled(read() - stamp.tsc, scale));
    CHECK((seen >= d.arch.tsc.start.raw() - 1000 && seen <= time::now().raw()));
    for (u64 elapsed : {u64{1} << 63, ~u64{0}, ~u64{0} >> 1}) {
        REQUIRE(arch::set_tsc(d, 1, 2000, elapsed, 0));
        CHECK(arch::tsc_elapsed(d) - elapsed < 1'000'000'000);
    }
}

TEST_CASE("what the emulator does not do comes back as #GP") {
    Kernel k;
    k.handle(pv::kGeneralProtection, 0);
    k.privileged({0xf4});
    CHECK(k.regs().rip == kHandler);
    Kernel m;
    m.handle(pv::kGeneralProtection, 0);
    m.regs().rcx = 0xdeadbeef;
    m.privileged({0x0f, 0x32});
    CHECK(m.regs().rip == kHandler);
    Kernel u;
    u.handle(pv::kGeneralProtection, 0);
    u.user_mode();
    u.privileged({0x0f, 0x20, 0xc0});
    CHECK(u.regs().rip == kHandler);
}

TEST_CASE("ports: by level, by bitmap, by what the domain owns") {
    Kernel k;
    k.regs().rdx = 0x1f0;
    k.regs().rax = 0;
    k.privileged({0xec});
    CHECK((k.advanced() == 1 && (k.regs().rax & 0xff) == 0xff));
    k.regs().rdx = 0xcf8;
    k.regs().rax = 0x80000010;
    k.privileged({0xef});
    k.regs().rax = 0;
    k.privileged({0xed});
    CHECK(k.regs().rax == 0x80000010);          // remembered, not written

    Kernel u;
    u.handle(pv::kGeneralProtection, 0);
    u.user_mode();
    u.regs().rdx = 0x3f8;
    u.privileged({0xee});
    CHECK(u.regs().rip == kHandler);            // IOPL 1 is the kernel's

    Kernel b;
    std::array<u8, 256> bitmap;
    bitmap.fill(0xff);
    bitmap[0x3f8 / 8] = 0;
    b.state().io_bitmap = sim::address(bitmap);
    b.state().io_bitmap_ports = 0x800;
    b.user_mode();
    b.regs().rdx = 0x3f8;
    b.privileged({0xee});
    CHECK(b.advanced() == 1);
}

TEST_CASE("OUTS and INS with REP go through memory") {
    Kernel k;
    std::array<u16, 8> buffer{};
    k.regs().rdx = 0x1f0;
    k.regs().rdi = sim::address(buffer);
    k.regs().rcx = 8;
    k.privileged({0xf3, 0x66, 0x6d});
    CHECK(k.advanced() == 3);
    CHECK((k.regs().rcx == 0 && k.regs().rdi == sim::address(buffer) + 16));
    CHECK((buffer[0] == 0xffff && buffer[7] == 0xffff));
}

TEST_CASE("the forced prefix gives the guest's CPUID even to user mode") {
    Kernel k;
    k.user_mode();
    std::array<u8, 32> code{0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2};
    k.regs().rip = sim::address(code);
    k.regs().rax = 1;
    k.fault(pv::kInvalidOpcode);
    CHECK(k.regs().rip == sim::address(code) + 7);
    CHECK((k.regs().rcx >> 31 & 1));            // a hypervisor is there
    CHECK_FALSE((k.regs().rdx >> 3 & 1));       // no PSE
}

TEST_CASE("hypervisor leaves") {
    Kernel k;
    auto zero = policy::guest_cpuid(k.vcpu(), 0x40000000, 0);
    CHECK(zero.a == 0x40000005);
    CHECK(policy::guest_cpuid(k.vcpu(), 0x40000001, 0).a == (4 << 16 | 17));
    CHECK(policy::guest_cpuid(k.vcpu(), 0x40000002, 0).c == XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD);
    CHECK(policy::guest_cpuid(k.vcpu(), 0x40000005, 0).b != 0);
    CHECK(policy::guest_cpuid(k.vcpu(), 0x40000006, 0).b == 0);
    CHECK(policy::guest_cpuid(k.vcpu(), 0x40000100, 0).b == 0);
}

TEST_CASE("a vCPU's context comes back as it was set") {
    Kernel k;
    auto c = std::make_unique<vcpu_guest_context>();
    c->flags = VGCF_in_kernel | VGCF_syscall_disables_events;
    c->user_regs.rip = 0xffffffff80000000;
    c->user_regs.rflags = 0x1000;   // IOPL 1
    c->user_regs.cs = 0x10;
    c->trap_ctxt[14] = {14, 4, 0xe033, kHandler};
    c->kernel_sp = 0x9000;
    c->debugreg[0] = 0x1234;
    c->ctrlreg[3] = 0;
    k.vcpu().initialised = true;    // its tables are not looked at here
    k.state().guest_table = Mfn{0};
    k.state().guest_table_user = nothing;
    k.state().fpu->xcr0 = 7;
    REQUIRE(pv::set_context(k.vcpu(), *c));
    CHECK(k.state().fpu->xcr0 == 7);   // of a vCPU that has begun
    auto back = std::make_unique<vcpu_guest_context>();
    pv::get_context(k.vcpu(), *back);
    CHECK(back->user_regs.rip == 0xffffffff80000000);
    CHECK(back->user_regs.cs == 0x13);
    CHECK(back->user_regs.rflags == 0x1200);
    CHECK((back->trap_ctxt[14].address == kHandler && back->trap_ctxt[14].flags == 4));
    CHECK(back->kernel_sp == 0x9000);
    CHECK(back->debugreg[0] == 0x1234);
    CHECK((back->flags & VGCF_syscall_disables_events));
    CHECK((back->ctrlreg[0] & 0x80000001) == 0x80000001);

    c->gdt_ents = 5;
    CHECK(pv::set_context(k.vcpu(), *c).error() == Errno::opnotsupp);
    c->user_regs.rip = 0x0000900000000000;
    CHECK(pv::set_context(k.vcpu(), *c).error() == Errno::inval);
    k.state().guest_table = nothing;
}

using arch::Pte;

TEST_CASE("a kernel's plain store into its table becomes a checked update") {
    MappedKernel k;
    k.regs().rdi = k.entry_address(9);
    k.regs().rsi = Pte::make(Mfn{k.spare_mfn()}, MappedKernel::kRw).raw;
    k.store({0x48, 0x89, 0x37}, 9);                       // mov %rsi, (%rdi)
    CHECK(k.advanced() == 3);
    CHECK(k.entry(9).mfn().raw() == k.spare_mfn());
    CHECK(k.uses(5) == 1);

    k.store({0xf0, 0x80, 0x27, 0xfd}, 9);                 // lock andb $~2, (%rdi): no longer writable
    CHECK(k.advanced() == 4);
    CHECK_FALSE(k.entry(9).writable());
    CHECK(k.uses(5) == 0);

    k.regs().rax = 0;
    k.store({0x48, 0x87, 0x07}, 9);                       // xchg %rax, (%rdi)
    CHECK(k.advanced() == 3);
    CHECK((Pte{k.regs().rax}.mfn().raw() == k.spare_mfn()));
    CHECK(k.entry(9).raw == 0);
}

TEST_CASE("compare and exchange on a table entry") {
    MappedKernel k;
    k.regs().rdi = k.entry_address(9);
    k.regs().rcx = Pte::make(Mfn{k.spare_mfn()}, MappedKernel::kLeaf).raw;
    k.regs().rax = 1;
    k.store({0xf0, 0x48, 0x0f, 0xb1, 0x0f}, 9);           // lock cmpxchg %rcx, (%rdi)
    CHECK(k.advanced() == 5);
    CHECK(k.regs().rax == 0);
    CHECK_FALSE((k.regs().rflags & 0x40));
    CHECK(k.entry(9).raw == 0);
    k.store({0xf0, 0x48, 0x0f, 0xb1, 0x0f}, 9);
    CHECK((k.regs().rflags & 0x40));
    CHECK(k.entry(9).present());
}

TEST_CASE("a store that no table may have comes back as a page fault") {
    MappedKernel k;
    k.regs().rdi = k.entry_address(9);
    k.regs().rsi = Pte::make(Mfn{2}, MappedKernel::kRw).raw;     // not its frame
    k.store({0x48, 0x89, 0x37}, 9);
    CHECK(k.regs().rip == kHandler);
    CHECK(k.entry(9).raw == 0);
    MappedKernel u;
    u.regs().rdi = u.entry_address(9);
    u.store({0x0f, 0x11, 0x07}, 9);                       // movups: none that a kernel uses on tables
    CHECK(u.regs().rip == kHandler);
}

TEST_CASE("a fault that the tables no longer explain is over") {
    MappedKernel k;
    k.regs().rip = 0x77;
    k.regs().entry_vector = pv::kPageFault;
    k.regs().error_code = pv::kErrorPresent | pv::kErrorWrite | pv::kErrorUser;
    pv_exception(current(), MappedKernel::kData + 8);
    CHECK(k.regs().rip == 0x77);
}
