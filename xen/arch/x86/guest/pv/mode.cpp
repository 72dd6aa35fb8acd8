// SPDX-License-Identifier: MIT
// Guest kernel and guest user mode: the switch between them, and HYPERVISOR_iret, by which a kernel returns to either.
#include <asm/entry.hpp>
#include <asm/mm.hpp>
#include <asm/pv.hpp>
#include <asm/segments.hpp>
#include <xen/hypercall.hpp>
#include <xen/sched.hpp>
#include <xen/softirq.hpp>

#include "arch/x86/guest/pv/bounce.hpp"
#include "arch/x86/guest/pv/frame.hpp"

namespace xen::pv {
namespace {

Result<s64> give_up(Vcpu& v, const char* why) {
    domain::crash(*v.domain, "%s", why);
    return 0;
}

void load_frame(Vcpu& v, const iret_context& f) {
    arch::GuestRegs& r = v.arch.regs;
    r.rax = f.rax;
    r.rip = f.rip;
    r.cs = guest_selector(f.cs);
    r.rflags = (f.rflags & 0xffffffff & ~(kFlagIopl | kFlagVm | kFlagNt)) | kFlagIf;
    r.rsp = f.rsp;
    r.ss = guest_selector(f.ss);
    if (f.flags & VGCF_in_syscall) {
        r.entry_vector = arch::kEntrySyscall;   // SYSRET loads rcx and r11 from rip and rflags
        return;
    }
    r.entry_vector = 0;
    r.r11 = f.r11;
    r.rcx = f.rcx;
}

}  // namespace

void toggle_mode(Vcpu& v) {
    arch::ArchVcpu& a = v.arch;
    (a.in_kernel ? a.gs_base_kernel : a.gs_base_user) = arch::read_gs_base();
    a.in_kernel = !a.in_kernel;
    arch::swap_gs();
    mm::load_base(v);
    if (a.in_kernel && sched::areas_due(v)) [[unlikely]] sched::update_areas(v);
}

Result<s64> iret() {
    Vcpu& v = current();
    iret_context f;
    if (!guest::copy_in(&f, v.arch.regs.rsp, sizeof(f))) [[unlikely]]
        return give_up(v, "HYPERVISOR_iret without a frame on the stack");
    if ((f.cs & 3) == 3) {
        if (!v.arch.guest_table_user) return give_up(v, "HYPERVISOR_iret to user mode, which has no page table");
        toggle_mode(v);
    }
    if (v.domain->vm_assist >> VMASST_TYPE_architectural_iopl & 1)
        v.arch.iopl = static_cast<u8>(f.rflags >> kIoplShift & 3);
    load_frame(v, f);
    set_event_mask(v, f.rflags & kFlagIf ? 0 : 1);
    if (v.arch.nmi_masked) {
        v.arch.nmi_masked = false;
        softirq::raise(softirq::Kind::schedule);   // another one may wait
    }
    return static_cast<s64>(f.rax);
}

Result<s64> iret_in_multicall() { return hypercall::continue_with(static_cast<u64>(TRY(iret()))); }

}  // namespace xen::pv

using namespace xen;

extern "C" void pv_segment_fault(Vcpu& v) {
    const arch::ArchVcpu& a = v.arch;
    pv::failsafe(v, {a.ds, a.es, a.fs, a.gs});
}
