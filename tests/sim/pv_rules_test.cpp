// SPDX-License-Identifier: MIT
// Rules of what a PV kernel may put into registers and where it may be entered, one by one.
#include <asm/fpu.hpp>
#include <catch2/catch.hpp>
#include <public/callback.h>
#include <public/vcpu.h>
#include <sim/state.hpp>
#include <xen/rangeset.hpp>
#include <xen/softirq.hpp>

#include <memory>

#include "kernel.hpp"

using namespace xen;
using namespace xen::sim;

namespace {

constexpr u64 kNowhere = 0x0000900000000000;   // not canonical

bool refused(Kernel& k) { return k.regs().rip == kHandler; }

}  // namespace

TEST_CASE("a kernel is entered at canonical addresses only") {
    Kernel k;
    for (int type : {CALLBACKTYPE_event, CALLBACKTYPE_failsafe, CALLBACKTYPE_syscall, CALLBACKTYPE_syscall32,
                     CALLBACKTYPE_sysenter, CALLBACKTYPE_nmi}) {
        callback_register c{static_cast<u16>(type), 0, kNowhere};
        CHECK(sim::hypercall(__HYPERVISOR_callback_op, CALLBACKOP_register, address(c)) == -EINVAL);
    }
    CHECK(k.state().syscall_callback.address == kSyscall);
    CHECK(k.state().sysenter_callback.address == 0);
    CHECK(k.state().traps[pv::kNmi].address == 0);
}

TEST_CASE("DR7 has its fixed bits, and no upper half") {
    Kernel k;
    CHECK(sim::hypercall(__HYPERVISOR_set_debugreg, 7, u64{1} << 32) == -EINVAL);
    CHECK(sim::hypercall(__HYPERVISOR_set_debugreg, 6, u64{1} << 32) == -EINVAL);
    CHECK(sim::hypercall(__HYPERVISOR_set_debugreg, 7, 0xd801) == 0);
    CHECK(sim::hypercall(__HYPERVISOR_get_debugreg, 7) == 0x401);
    CHECK(sim::hypercall(__HYPERVISOR_set_debugreg, 6, 0x1000) == 0);
    CHECK(sim::hypercall(__HYPERVISOR_get_debugreg, 6) == 0xffff0ff0);
}

TEST_CASE("segment bases are canonical") {
    Kernel k;
    for (u32 which : {SEGBASE_FS, SEGBASE_GS_USER, SEGBASE_GS_KERNEL})
        CHECK(sim::hypercall(__HYPERVISOR_set_segment_base, which, kNowhere) == -EINVAL);
    k.handle(pv::kGeneralProtection, 0);
    k.regs().rcx = 0xc0000100;                    // FS_BASE by WRMSR
    k.regs().rax = 0;
    k.regs().rdx = kNowhere >> 32;
    k.privileged({0x0f, 0x30});
    CHECK(refused(k));
    CHECK(k.state().fs_base == 0);
}

TEST_CASE("model-specific registers that are not listed are out of reach") {
    constexpr u32 kEnergy = 0x611, kDebugControl = 0x1d9;
    sim::state().set_msr(kEnergy, 0x1234);
    sim::state().set_msr(kDebugControl, 0);
    Kernel r;
    r.handle(pv::kGeneralProtection, 0);
    r.regs().rcx = kEnergy;
    r.privileged({0x0f, 0x32});
    CHECK(refused(r));
    Kernel w;
    w.handle(pv::kGeneralProtection, 0);
    w.regs().rcx = kDebugControl;
    w.regs().rax = 3;
    w.regs().rdx = 0;
    w.privileged({0x0f, 0x30});
    CHECK(refused(w));
    CHECK(sim::state().msr(kDebugControl) == 0);
    Kernel e;                                     // EFER: only what it reads
    e.handle(pv::kGeneralProtection, 0);
    e.regs().rcx = 0xc0000080;
    e.regs().rax = 0;
    e.regs().rdx = 0;
    e.privileged({0x0f, 0x30});
    CHECK(refused(e));
}

TEST_CASE("CR4 has the bits that are the guest's, and no other") {
    constexpr u64 kVmx = 1 << 13, kSmep = 1 << 20, kPcid = 1 << 17, kTsd = 4;
    Kernel k;
    k.regs().rax = kVmx | kSmep | kPcid | kTsd;
    k.privileged({0x0f, 0x22, 0xe0});             // mov %rax, %cr4
    CHECK(k.advanced() == 3);
    CHECK((k.state().cr[4] & kTsd));
    CHECK_FALSE((k.state().cr[4] & (kVmx | kSmep | kPcid)));
}

TEST_CASE("state components are the kernel's to switch") {
    constexpr u64 kOsXsave = 1 << 18;
    Kernel k;
    k.handle(pv::kGeneralProtection, 0);
    k.state().cr[4] |= kOsXsave;
    k.user_mode();
    k.state().fpu->xcr0 = 1;
    k.regs().rcx = 0;
    k.regs().rax = 3;
    k.regs().rdx = 0;
    k.privileged({0x0f, 0x01, 0xd1});             // xsetbv
    CHECK(refused(k));
    CHECK(k.state().fpu->xcr0 == 1);
}

TEST_CASE("a port bitmap ends at its limit") {
    std::array<u8, 256> bitmap{};                 // all permitted
    Kernel in;
    in.handle(pv::kGeneralProtection, 0);
    in.state().io_bitmap = address(bitmap);
    in.state().io_bitmap_ports = 0x3f9;
    in.user_mode();
    in.regs().rdx = 0x3f8;
    in.privileged({0xee});                        // outb
    CHECK(in.advanced() == 1);
    Kernel out;
    out.handle(pv::kGeneralProtection, 0);
    out.state().io_bitmap = address(bitmap);
    out.state().io_bitmap_ports = 0x3f9;
    out.user_mode();
    out.regs().rdx = 0x3f8;
    out.privileged({0xef});                       // outl: three ports too many
    CHECK(refused(out));
}

TEST_CASE("the number of a bit has a sign, and reaches where it says") {
    MappedKernel up;
    up.regs().rdi = up.entry_address(9);
    up.regs().rax = 64 * 3 + 63;
    up.store({0x48, 0x0f, 0xab, 0x07}, 12);       // bts %rax, (%rdi)
    CHECK(up.advanced() == 4);
    CHECK(up.entry(12).raw == u64{1} << 63);
    MappedKernel down;
    down.regs().rdi = down.entry_address(9);
    down.regs().rax = ~u64{0};
    down.store({0x48, 0x0f, 0xab, 0x07}, 8);
    CHECK(down.advanced() == 4);
    CHECK(down.entry(8).raw == u64{1} << 63);
}

TEST_CASE("a vcpu_info lies aligned within its page") {
    Kernel k;
    Mfn f = give_page(k.domain());
    auto place = [&](u32 offset) {
        vcpu_register_vcpu_info op{};
        op.mfn = f.raw();
        op.offset = offset;
        return sim::hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0, address(op));
    };
    CHECK(place(4) == -ENXIO);
    CHECK(place(kPageSize - sizeof(vcpu_info) + 8) == -ENXIO);
    CHECK(place(~u32{7}) == -ENXIO);
    CHECK(page_of(f).references() == 1);
    CHECK(place(kPageSize - sizeof(vcpu_info)) == 0);
    CHECK(page_of(f).references() == 2);
    CHECK(place(0) == -EINVAL);                   // once
}

TEST_CASE("a vCPU's areas, timers and context are looked at before they are taken") {
    Kernel k;
    vcpu_register_runstate_memory_area area{};
    area.addr.p = arch::kXenStart;
    CHECK(sim::hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_runstate_memory_area, 0, address(area)) == -EFAULT);
    vcpu_register_time_memory_area time{};
    time.addr.p = arch::kXenStart;
    CHECK(sim::hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_time_memory_area, 0, address(time)) == -EFAULT);
    CHECK(k.vcpu().runstate_area == 0);
    CHECK(k.vcpu().time_area == 0);
    for (u64 period : {u64{1}, u64{999'999}, u64{1} << 63}) {
        vcpu_set_periodic_timer op{period};
        CHECK(sim::hypercall(__HYPERVISOR_vcpu_op, VCPUOP_set_periodic_timer, 0, address(op)) == -EINVAL);
    }
    auto context = std::make_unique<vcpu_guest_context>();
    context->flags = VGCF_in_kernel;
    CHECK(sim::hypercall(__HYPERVISOR_vcpu_op, VCPUOP_initialise, 0, reinterpret_cast<u64>(context.get())) == -EEXIST);
}

TEST_CASE("a handler starts with the flags of a trap") {
    constexpr u64 kTrap = 1 << 8, kNested = 1 << 14, kAlignment = 1 << 18, kLevel = 3 << 12;
    Kernel k;
    k.handle(pv::kDivide, 0);
    k.user_mode();
    k.regs().rflags |= kTrap | kNested | kAlignment | kLevel;
    k.fault(pv::kDivide);
    CHECK(k.regs().rip == kHandler);
    CHECK_FALSE((k.regs().rflags & (kTrap | kNested | kAlignment | kLevel)));
    CHECK((k.regs().rflags & 0x200));
}

TEST_CASE("SYSENTER without an entry is a general protection fault") {
    Kernel k;
    k.handle(pv::kGeneralProtection, 0);
    k.user_mode();
    pv_bounce_sysenter(k.vcpu());
    CHECK(refused(k));
    CHECK_FALSE(domain::crashed(k.domain()));
}

TEST_CASE("an access that reaches ports of others is none of the machine") {
    Kernel k;
    REQUIRE(k.domain().io_ports->add(0x3f8, 0x3f8));
    sim::state().port_accesses = 0;
    k.regs().rdx = 0x3f8;
    k.regs().rax = 0;
    k.privileged({0xec});                         // inb
    CHECK(k.advanced() == 1);
    CHECK(sim::state().port_accesses == 1);
    k.privileged({0xed});                         // inl: three ports too many
    CHECK(k.advanced() == 1);
    CHECK(sim::state().port_accesses == 1);
    CHECK(k.regs().rax == 0xffffffff);
}

TEST_CASE("of a mask of vCPUs no more is read than there are") {
    MappedKernel k;                               // one vCPU; nothing is mapped behind its table
    mmuext_op op{};
    op.cmd = MMUEXT_TLB_FLUSH_MULTI;
    op.arg2.vcpumask.p = reinterpret_cast<const void*>(MappedKernel::kTable + kPageSize - 1);
    memcpy(k.data(), &op, sizeof op);
    CHECK(sim::hypercall(__HYPERVISOR_mmuext_op, MappedKernel::kData, 1, 0, DOMID_SELF) == 0);
}

TEST_CASE("a kernel that asked for the architecture's rules sees its I/O privilege level, and has level 0") {
    constexpr u64 kIopl = 3 << 12;
    Kernel plain;
    plain.handle(pv::kDivide, 0);
    plain.fault(pv::kDivide);
    CHECK_FALSE((plain.word(4) & kIopl));
    Kernel k;
    REQUIRE(sim::hypercall(__HYPERVISOR_vm_assist, VMASST_CMD_enable, VMASST_TYPE_architectural_iopl) == 0);
    k.handle(pv::kDivide, 0);
    k.state().iopl = 2;
    k.fault(pv::kDivide);
    CHECK((k.word(4) & kIopl) == u64{2} << 12);
    k.handle(pv::kGeneralProtection, 0);
    k.state().iopl = 0;
    k.privileged({0xfa});                         // cli: level 0 may
    CHECK(k.advanced() == 1);
    // IRET sets it.
    k.state().guest_table_user = Mfn{0};
    iret_context f{};
    f.rip = kUserRip, f.cs = 0xe033, f.rflags = 0x202 | 1 << 12, f.rsp = kUserRsp, f.ss = 0xe02b;
    k.iret(f);
    CHECK(k.state().iopl == 1);
    CHECK_FALSE((k.regs().rflags & kIopl));
    k.state().guest_table_user = nothing;
}

TEST_CASE("INT 80h has a gate of its own, which leads to the kernel's handler where that permits it") {
    auto call = [](u8 flags, bool handler) {
        Kernel k;
        k.handle(pv::kGeneralProtection, 0);
        if (handler) {
            trap_info t[3] = {{pv::kInt80, flags, 0xe033, kEvent}, {pv::kGeneralProtection, 0, 0xe033, kHandler}, {}};
            REQUIRE(sim::hypercall(__HYPERVISOR_set_trap_table, reinterpret_cast<u64>(t)) == 0);
        }
        k.user_mode();
        k.regs().rip += 2;                        // a trap: behind the instruction
        k.fault(pv::kInt80);
        bool reached = k.regs().rip == kEvent;
        CHECK(k.word(reached ? 2 : 3) == kUserRip + (reached ? 2 : 0));
        if (!reached) CHECK(k.word(2) == (u32{pv::kInt80} << 3 | 2));
        return reached;
    };
    CHECK(call(3, true));
    CHECK_FALSE(call(0, true));
    CHECK_FALSE(call(3, false));
}

TEST_CASE("a use of the x87 state after a switch reaches the kernel's handler, with TS clear") {
    Kernel k;
    k.handle(pv::kNoDevice, 0);
    REQUIRE(sim::hypercall(__HYPERVISOR_fpu_taskswitch, 1) == 0);
    k.fault(pv::kNoDevice);
    CHECK(refused(k));
    CHECK_FALSE((arch::read_cr0() & arch::kCr0Ts));
}

TEST_CASE("XSETBV takes states that go together, for register 0") {
    constexpr u64 kOsXsave = 1 << 18;
    Kernel k;
    k.handle(pv::kGeneralProtection, 0);
    k.state().cr[4] |= kOsXsave;
    k.state().fpu->xcr0 = 1;
    auto set = [&](u64 which, u64 value) {
        k.regs().rcx = which, k.regs().rax = value, k.regs().rdx = 0;
        k.privileged({0x0f, 0x01, 0xd1});
        return !refused(k);
    };
    CHECK(set(0, 3));
    CHECK(k.advanced() == 3);
    CHECK(k.state().fpu->xcr0 == 3);
    CHECK_FALSE(set(1, 3));
    CHECK_FALSE(set(0, 2));                       // x87 cannot be off
    CHECK(k.state().fpu->xcr0 == 3);
}

TEST_CASE("system calls of 32-bit programs go to entries of their own, where there are any") {
    Kernel k;
    k.handle(pv::kGeneralProtection, 0);
    k.user_mode();
    pv_bounce_syscall32(k.vcpu());
    CHECK(k.regs().rip == kSyscall);              // the 64-bit one's
    k.state().syscall32_callback = {kEvent, false};
    k.user_mode();
    pv_bounce_syscall32(k.vcpu());
    CHECK(k.regs().rip == kEvent);
    k.user_mode();
    pv_bounce_sysenter(k.vcpu());
    CHECK(refused(k));
    CHECK(k.word(2) == 0);
    k.state().sysenter_callback = {kFailsafe, false};
    k.user_mode();
    pv_bounce_sysenter(k.vcpu());
    CHECK(k.regs().rip == kFailsafe);
}

TEST_CASE("an interrupt that cannot be masked comes once, and the next one after the return") {
    Kernel k;
    pv_before_entry(k.vcpu());
    CHECK(k.regs().rip == 0x1000);
    k.state().nmi_pending = true;
    pv_before_entry(k.vcpu());                    // no handler: it waits
    CHECK((k.regs().rip == 0x1000 && k.state().nmi_pending));
    k.handle(pv::kNmi, 0);
    pv_before_entry(k.vcpu());
    CHECK(refused(k));
    CHECK((k.state().nmi_masked && !k.state().nmi_pending));
    k.state().nmi_pending = true;
    k.regs().rip = 0x2000;
    pv_before_entry(k.vcpu());
    CHECK(k.regs().rip == 0x2000);
    iret_context f{};
    f.rip = 0x3000, f.cs = 0xe030, f.rflags = 0x202, f.rsp = k.top(), f.ss = 0xe02b;
    k.iret(f);
    CHECK_FALSE(k.state().nmi_masked);
    pv_before_entry(k.vcpu());
    CHECK(refused(k));
    softirq::pending_mask.local().store(0, std::memory_order_relaxed);
}
