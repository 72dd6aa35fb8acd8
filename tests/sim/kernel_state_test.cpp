// SPDX-License-Identifier: MIT
// What a PV kernel does with ports, special registers, callbacks and contexts beyond the usual.
#include <public/callback.h>
#include <public/nmi.h>
#include <public/vcpu.h>
#include <asm/fpu.hpp>
#include <sim/state.hpp>
#include <xen/arch_vcpu.hpp>
#include <xen/rangeset.hpp>
#include <xen/sched.hpp>

#include <memory>

#include "arch/x86/guest/pv/ports.hpp"
#include "arch/x86/guest/pv/registers.hpp"
#include "control_calls.hpp"
#include "kernel.hpp"

using namespace xen;
using namespace xen::sim;

namespace {

u64 port_accesses() { return sim::state().port_accesses.load(); }

// How often the machine's ports are read for it.
u64 reads(Domain& d, u16 port, unsigned bytes, u32 expected) {
    u64 before = port_accesses();
    CHECK(pv::read_port(d, port, bytes) == expected);
    return port_accesses() - before;
}

}  // namespace

TEST_CASE("the CMOS index and PCI's address are remembered for each domain") {
    Kernel hardware{true}, guest;
    REQUIRE(hardware.domain().io_ports->add(0x70, 0x71));
    pv::write_port(hardware.domain(), 0x70, 1, 0x8b);
    pv::write_port(guest.domain(), 0x70, 1, 0x0a);
    CHECK(reads(hardware.domain(), 0x70, 1, 0x8b) == 0);
    CHECK(reads(guest.domain(), 0x70, 1, 0x0a) == 0);
    CHECK(reads(hardware.domain(), 0x71, 1, 0xff) == 1);
    CHECK(reads(guest.domain(), 0x71, 1, 0xff) == 0);        // not its own
    pv::write_port(guest.domain(), 0x71, 1, 1);
    pv::write_port(hardware.domain(), 0x71, 1, 1);
    CHECK(reads(hardware.domain(), 0x70, 2, 0xff8b) == 1);   // both in one access
    pv::write_port(guest.domain(), 0xcf8, 4, 0x80001234);
    CHECK(reads(guest.domain(), 0xcf8, 4, 0x80001234) == 0);
    CHECK(reads(guest.domain(), 0xcf8, 2, 0xffff) == 0);     // the address is written whole
    pv::write_port(guest.domain(), 0xcf8, 2, 7);
    CHECK(reads(guest.domain(), 0xcf8, 4, 0x80001234) == 0);
    pv::write_port(guest.domain(), 0xcfd, 3, 0x123456);
    CHECK(reads(guest.domain(), 0xcfc, 4, 0xffffffff) == 0);
    CHECK(reads(guest.domain(), 0xcfd, 4, 0xffffffff) == 0); // in pieces that the alignment allows
}

TEST_CASE("the timer behind the speaker is the hardware domain's") {
    Kernel hardware{true}, guest;
    for (u16 port : {u16{0x42}, u16{0x43}, u16{0x61}}) {
        CHECK(reads(hardware.domain(), port, 1, 0xff) == 1);
        CHECK(reads(guest.domain(), port, 1, 0xff) == 0);
        u64 before = port_accesses();
        pv::write_port(guest.domain(), port, 1, 0x80);
        CHECK(port_accesses() == before);
    }
    u64 before = port_accesses();
    pv::write_port(hardware.domain(), 0x42, 1, 5);
    for (u32 control : {0x80u, 0xcau, 0x00u}) pv::write_port(hardware.domain(), 0x43, 1, control);
    CHECK(port_accesses() == before);
    pv::write_port(hardware.domain(), 0x61, 1, 3);
    CHECK(port_accesses() == before + 1);                    // the other bits stay as they are
}

TEST_CASE("breakpoints on ports hit where an access touches them, behind the instruction") {
    constexpr u64 kDe = 8;
    Kernel k;
    k.handle(pv::kDebug, 0);
    k.state().cr[4] |= kDe;
    for (unsigned n : {0u, 1u}) REQUIRE(pv::set_debug_register(k.vcpu(), n, n ? 0x300 : 0x200));
    // The first on two ports, enabled; the second on one, for data and not for ports; the third not enabled.
    REQUIRE(pv::set_debug_register(k.vcpu(), 7, 1 | 2 << 16 | 1 << 18 | 4 | 1 << 20 | u64{2} << 24));
    CHECK(pv::port_breakpoints(k.vcpu(), 0x200, 1) == 1);
    CHECK(pv::port_breakpoints(k.vcpu(), 0x201, 1) == 1);
    CHECK(pv::port_breakpoints(k.vcpu(), 0x1ff, 2) == 1);
    CHECK(pv::port_breakpoints(k.vcpu(), 0x202, 1) == 0);
    CHECK(pv::port_breakpoints(k.vcpu(), 0x1ff, 1) == 0);
    CHECK(pv::port_breakpoints(k.vcpu(), 0x300, 1) == 0);
    k.regs().rdx = 0x200;
    k.privileged({0xee});
    CHECK(k.regs().rip == kHandler);
    CHECK((k.state().dr[6] & 1));
    pv::reset_debug_registers(k.vcpu());
    CHECK(pv::port_breakpoints(k.vcpu(), 0x200, 1) == 0);
}

TEST_CASE("debug registers answer by their second names, until CR4.DE takes those away") {
    constexpr u64 kDe = 8;
    Kernel k;
    for (u32 n : {0u, 1u, 2u, 3u}) {
        CHECK(sim::hypercall(__HYPERVISOR_set_debugreg, n, 0x1000 * n) == 0);
        CHECK(sim::hypercall(__HYPERVISOR_get_debugreg, n) == 0x1000 * n);
    }
    CHECK(sim::hypercall(__HYPERVISOR_set_debugreg, 4, 0xe) == 0);
    CHECK(sim::hypercall(__HYPERVISOR_get_debugreg, 4) == sim::hypercall(__HYPERVISOR_get_debugreg, 6));
    CHECK(sim::hypercall(__HYPERVISOR_get_debugreg, 5) == sim::hypercall(__HYPERVISOR_get_debugreg, 7));
    CHECK(sim::hypercall(__HYPERVISOR_set_debugreg, 6, u64{1} << 32) == -EINVAL);
    CHECK(sim::hypercall(__HYPERVISOR_set_debugreg, 7, u64{1} << 32) == -EINVAL);
    CHECK(sim::hypercall(__HYPERVISOR_set_debugreg, 7, 1) == 0);          // now they are loaded
    CHECK(sim::hypercall(__HYPERVISOR_set_debugreg, 7, 5) == 0);
    k.state().cr[4] |= kDe;
    CHECK(sim::hypercall(__HYPERVISOR_get_debugreg, 4) == -ENODEV);
    CHECK(sim::hypercall(__HYPERVISOR_get_debugreg, 5) == -ENODEV);
    k.handle(pv::kInvalidOpcode, 0);
    k.privileged({0x0f, 0x21, 0xe0});                                    // mov %dr4, %rax
    CHECK(k.regs().rip == kHandler);
}

TEST_CASE("segment bases, CR2, XCR0 and caches") {
    Kernel k;
    CHECK(sim::hypercall(__HYPERVISOR_set_segment_base, SEGBASE_GS_USER, 0x7000) == 0);
    CHECK(k.state().gs_base_user == 0x7000);
    CHECK(sim::hypercall(__HYPERVISOR_set_segment_base, SEGBASE_GS_USER_SEL, 0x2b) == 0);
    CHECK(sim::hypercall(__HYPERVISOR_set_segment_base, SEGBASE_GS_USER_SEL, 3) == 0);
    CHECK(sim::hypercall(__HYPERVISOR_set_segment_base, 9, 0) == -EINVAL);
    CHECK(sim::hypercall(__HYPERVISOR_fpu_taskswitch, 1) == 0);
    k.regs().rax = 0x1234;
    k.privileged({0x0f, 0x22, 0xd0});                                    // mov %rax, %cr2
    CHECK(k.vcpu().info->arch.cr2 == 0x1234);
    k.handle(pv::kGeneralProtection, 0);
    k.regs().rax = 0;
    k.privileged({0x0f, 0x22, 0xc0});                                    // CR0 without paging
    CHECK(k.regs().rip == kHandler);
    constexpr u64 kOsXsave = 1 << 18;
    k.state().cr[4] |= kOsXsave;
    k.regs().rcx = 1, k.regs().rax = 3, k.regs().rdx = 0;
    k.privileged({0x0f, 0x01, 0xd1});                                    // xsetbv of a register that there is not
    CHECK(k.regs().rip == kHandler);
    Kernel guest;
    guest.privileged({0x0f, 0x09});                                      // wbinvd: done, and nothing happens
    CHECK(guest.advanced() == 2);
    guest.handle(pv::kGeneralProtection, 0);
    for (const std::vector<u8>& code : {std::vector<u8>{0x0f, 0x01, 0x10}, {0x0f, 0x01, 0xd2}, {0x0f, 0x01, 0xe9}, {0xf0, 0xf4}}) {
        guest.privileged(code);                                          // lgdt, xgetbv's neighbours, lock hlt
        CHECK(guest.regs().rip == kHandler);
    }
}

TEST_CASE("TSC disabled in CR4 is disabled for user mode alone") {
    constexpr u64 kTsd = 4;
    Kernel k;
    k.handle(pv::kGeneralProtection, 0);
    k.state().cr[4] |= kTsd;
    for (const std::vector<u8>& code : {std::vector<u8>{0x0f, 0x31}, {0x0f, 0x01, 0xf9}}) {
        k.state().in_kernel = true;
        k.privileged(code);
        CHECK(k.advanced() == code.size());
        k.user_mode();
        k.privileged(code);
        CHECK(k.regs().rip == kHandler);
    }
}

TEST_CASE("string I/O goes both ways, by element, and faults where memory ends") {
    Kernel k;
    std::array<u8, 8> buffer{};
    k.regs().rdx = 0x1f0;
    k.regs().rdi = address(buffer) + 4;
    k.privileged({0x6c});                                                // insb
    CHECK((k.advanced() == 1 && buffer[4] == 0xff));
    CHECK(k.regs().rdi == address(buffer) + 5);
    k.regs().rflags |= 0x400;
    k.regs().rsi = address(buffer) + 4;
    k.privileged({0x6f});                                                // outsl, downwards
    CHECK(k.regs().rsi == address(buffer));
    k.regs().rflags &= ~u64{0x400};
    k.regs().rcx = 0;
    k.privileged({0xf2, 0x6e});
    CHECK(k.advanced() == 2);                                            // none
    k.regs().rcx = 300, k.regs().rsi = address(buffer);
    std::vector<u8> plenty(300);
    k.regs().rsi = reinterpret_cast<u64>(plenty.data());
    k.privileged({0xf3, 0x6e});
    CHECK((k.advanced() == 0 && k.regs().rcx == 300 - 256));             // others may run between
    k.handle(pv::kPageFault, 0);
    k.regs().rsi = arch::kXenStart + 16;
    k.privileged({0x6e});
    CHECK(k.regs().rip == kHandler);
    CHECK(k.state().cr[2] == arch::kXenStart + 16);
    k.regs().rdi = arch::kXenStart + 32;
    k.privileged({0x6c});
    CHECK(k.state().cr[2] == arch::kXenStart + 32);
}

TEST_CASE("every callback has its place, and an NMI waits for its handler") {
    Toolstack t;
    auto callback = [](u16 type, u64 address_of_it) {
        callback_register c{type, 0, address_of_it};
        return sim::hypercall(__HYPERVISOR_callback_op, CALLBACKOP_register, address(c));
    };
    auto forget = [](u16 type) {
        callback_unregister c{type, 0};
        return sim::hypercall(__HYPERVISOR_callback_op, CALLBACKOP_unregister, address(c));
    };
    arch::ArchVcpu& a = current().arch;
    CHECK(callback(CALLBACKTYPE_syscall32, 0x5000) == 0);
    CHECK(a.syscall32_callback.address == 0x5000);
    CHECK(callback(CALLBACKTYPE_syscall32, u64{1} << 47) == -EINVAL);
    CHECK(callback(CALLBACKTYPE_nmi, u64{1} << 47) == -EINVAL);
    for (u16 type : {u16{CALLBACKTYPE_event}, u16{CALLBACKTYPE_failsafe}, u16{CALLBACKTYPE_syscall}, u16{CALLBACKTYPE_syscall32},
                     u16{CALLBACKTYPE_sysenter}})
        CHECK(forget(type) == -EINVAL);
    CHECK(forget(99) == -ENOSYS);
    // The machine's NMI came before there was a handler.
    t.control.shared->arch.nmi_reason = 1;
    CHECK(callback(CALLBACKTYPE_nmi, 0x6000) == 0);
    CHECK(a.nmi_pending);
    CHECK(forget(CALLBACKTYPE_nmi) == 0);
    CHECK(a.traps[pv::kNmi].address == 0);
    t.control.shared->arch.nmi_reason = 0;
    a.nmi_pending = false;
    xennmi_callback nmi{};
    nmi.handler_address = u64{1} << 47;
    CHECK(sim::hypercall(__HYPERVISOR_nmi_op, XENNMI_register_callback, address(nmi)) == -EINVAL);
    nmi.handler_address = 0x6000;
    CHECK(sim::hypercall(__HYPERVISOR_nmi_op, XENNMI_register_callback, address(nmi)) == 0);
    CHECK(a.traps[pv::kNmi].address == 0x6000);
    CHECK_FALSE(a.nmi_pending);
    CHECK(sim::hypercall(__HYPERVISOR_nmi_op, XENNMI_unregister_callback, 0) == 0);
    CHECK(sim::hypercall(__HYPERVISOR_nmi_op, 9, 0) == -ENOSYS);
}

TEST_CASE("an NMI is delivered once, to a handler, before anything else runs") {
    Kernel k;
    k.regs().rip = 0x1000;
    pv_before_entry(k.vcpu());
    CHECK(k.regs().rip == 0x1000);                                       // there is none
    arch::raise_nmi(k.vcpu());
    arch::raise_nmi(k.vcpu());
    pv_before_entry(k.vcpu());
    CHECK(k.regs().rip == 0x1000);                                       // nobody handles it
    k.handle(pv::kNmi, 4);
    pv_before_entry(k.vcpu());
    CHECK((k.regs().rip == kHandler && k.mask() == 1));
    k.regs().rip = 0x1000;
    arch::raise_nmi(k.vcpu());
    pv_before_entry(k.vcpu());
    CHECK(k.regs().rip == 0x1000);                                       // not while one is handled
}

namespace {

// A context that a vCPU may start with, but for what a test spoils.
struct Start {
    Toolstack t;
    Vcpu& v = *t.guest.vcpus[1];
    Mfn table = give_page(t.guest), user = give_page(t.guest), gdt = give_page(t.guest);
    std::unique_ptr<vcpu_guest_context> c = std::make_unique<vcpu_guest_context>();
    Start() {
        v.initialised = false;
        c->flags = VGCF_in_kernel | VGCF_i387_valid | VGCF_online;
        c->user_regs.cs = 0xe033, c->user_regs.ss = 0xe02b;
        c->ctrlreg[3] = address_of(table).raw();
    }
    s64 give() {
        xen_domctl op = t.about(XEN_DOMCTL_setvcpucontext);
        op.u.vcpucontext.vcpu = 1, op.u.vcpucontext.ctxt.p = c.get();
        return t.run(op);
    }
};

}  // namespace

TEST_CASE("a context is refused for every part that cannot be") {
    Start s;
    auto spoiled = [&](auto change) {
        vcpu_guest_context before = *s.c;
        change(*s.c);
        s64 r = s.give();
        *s.c = before;
        return r;
    };
    CHECK(spoiled([](auto& c) { c.trap_ctxt[3].address = u64{1} << 47; }) == -EINVAL);
    CHECK(spoiled([](auto& c) { c.ldt_ents = 1, c.ldt_base = u64{1} << 47; }) == -EINVAL);
    CHECK(spoiled([](auto& c) { c.ldt_base = arch::kXenStart; }) == -EINVAL);
    CHECK(spoiled([](auto& c) { c.ldt_base = 8; }) == -EINVAL);
    CHECK(spoiled([](auto& c) { c.ldt_ents = 8193; }) == -EINVAL);
    CHECK(spoiled([](auto& c) { c.flags &= ~u32{VGCF_in_kernel}; }) == -EINVAL);       // user mode without tables
    CHECK(spoiled([](auto& c) { c.gdt_ents = 15 * 512; }) == -EINVAL);
    CHECK(spoiled([](auto& c) { c.ctrlreg[3] = 0x2000; }) == -EINVAL);                 // not its frame
    CHECK(spoiled([&](auto& c) { c.ctrlreg[1] = 0x2000; }) == -EINVAL);
    CHECK(page_of(s.table).type_uses() == 0);                                          // what was taken is given back
    CHECK_FALSE(s.v.initialised);
}

TEST_CASE("a vCPU with tables, descriptors and a user mode comes back as it was given") {
    Start s;
    s.c->ctrlreg[1] = address_of(s.user).raw();
    s.c->gdt_ents = 512, s.c->gdt_frames[0] = s.gdt.raw();
    s.c->ldt_base = 0x10000, s.c->ldt_ents = 20;
    s.c->flags |= VGCF_failsafe_disables_events;
    s.c->user_regs.fs = 0x2b, s.c->fs_base = 0x5000;                                   // the selector has its own base
    s.c->user_regs.gs = 0x2b, s.c->gs_base_user = 0x6000;
    s.c->trap_ctxt[14] = {14, 0, 0xe033, 0x7000};
    s.c->fpu_ctxt.x[0] = 0x7f;
    CHECK(s.give() == 0);
    CHECK(s.v.initialised);
    CHECK(s.v.arch.fs_base == 0);
    CHECK(s.v.arch.gs_base_user == 0);
    CHECK(s.v.arch.fpu->area[0] == 0x7f);
    CHECK(page_of(s.user).page_type() == PageType::l4);
    CHECK(page_of(s.gdt).page_type() == PageType::seg_desc);
    auto back = std::make_unique<vcpu_guest_context>();
    xen_domctl op = s.t.about(XEN_DOMCTL_getvcpucontext);
    op.u.vcpucontext.vcpu = 1, op.u.vcpucontext.ctxt.p = back.get();
    CHECK(s.t.run(op) == 0);
    CHECK((back->ctrlreg[1] == s.c->ctrlreg[1] && back->ctrlreg[3] == s.c->ctrlreg[3]));
    CHECK((back->gdt_ents == 512 && back->gdt_frames[0] == s.gdt.raw() && back->ldt_ents == 20));
    CHECK((back->flags & (VGCF_failsafe_disables_events | VGCF_in_kernel | VGCF_online)) ==
          (VGCF_failsafe_disables_events | VGCF_in_kernel | VGCF_online));
    CHECK((back->trap_ctxt[14].address == 0x7000 && back->trap_ctxt[14].flags == 0));
    // Once it has tables, another context must name the same.
    CHECK(s.give() == 0);
    auto with = [&](auto change) {
        vcpu_guest_context before = *s.c;
        change(*s.c);
        s64 r = s.give();
        *s.c = before;
        return r;
    };
    CHECK(with([](auto& c) { c.ctrlreg[3] += 0x1000; }) == -EOPNOTSUPP);
    CHECK(with([](auto& c) { c.ctrlreg[1] = 0; }) == -EOPNOTSUPP);
    CHECK(with([](auto& c) { c.gdt_ents = 256; }) == -EOPNOTSUPP);
    CHECK(with([](auto& c) { c.gdt_frames[0] += 1; }) == -EOPNOTSUPP);
    CHECK(with([](auto& c) { c.ldt_base = 0x20000; }) == -EOPNOTSUPP);
    CHECK(with([](auto& c) { c.ldt_ents = 21; }) == -EOPNOTSUPP);
    CHECK(with([](auto& c) { c.flags &= ~u32{VGCF_in_kernel}; }) == 0);                // it has a user mode
    CHECK_FALSE(s.v.arch.in_kernel);
    CHECK(s.v.arch.cr3 == s.c->ctrlreg[1]);
}
