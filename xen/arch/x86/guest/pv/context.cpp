// SPDX-License-Identifier: MIT
// A vCPU's whole state as the ABI hands it over (public/arch-x86/xen.h, vcpu_guest_context): VCPUOP_initialise,
// setvcpucontext, the dom0 builder. The vCPU does not run.
#include <asm/fpu.hpp>
#include <asm/mm.hpp>
#include <asm/pv.hpp>
#include <xen/arch_vcpu.hpp>
#include <xen/sched.hpp>
#include <xen/time.hpp>

#include "arch/x86/guest/pv/bounce.hpp"
#include "arch/x86/guest/pv/frame.hpp"
#include "arch/x86/guest/pv/registers.hpp"
#include "lib/string.hpp"

namespace xen::pv {
namespace {

constexpr u64 kMaxLdtEntries = 8192;
constexpr usize kRegisterBytes = offsetof(arch::GuestRegs, ss) + sizeof(u64) - offsetof(arch::GuestRegs, r15);
static_assert(offsetof(cpu_user_regs, es) == kRegisterBytes, "both have the same registers in the same order");
constexpr usize kLegacyFpuBytes = 512, kXsaveHeader = 512;
constexpr u64 kX87 = 1, kSse = 2, kAvx = 4;

bool addresses_ok(const vcpu_guest_context& c) {
    for (u64 a : {c.user_regs.rip, c.user_regs.rsp, c.kernel_sp, c.fs_base, c.gs_base_kernel, c.gs_base_user,
                  c.event_callback_eip, c.syscall_callback_eip, c.failsafe_callback_eip})
        if (!canonical(a)) return false;
    for (const trap_info& t : c.trap_ctxt)
        if (!canonical(t.address)) return false;
    bool ldt_ok = !c.ldt_ents || canonical(c.ldt_base);
    return ldt_ok && arch::guest_range_ok(c.ldt_base, 1);
}

Status check(const vcpu_guest_context& c) {
    if (!addresses_ok(c)) return Errno::inval;
    if (page_offset(c.ldt_base) || c.ldt_ents > kMaxLdtEntries) return Errno::inval;
    return {};
}

// CR3 as the ABI has it (xen_pfn_to_cr3): for 64 bits the frame's address.
u64 as_cr3(Maybe<Mfn> f) { return f ? address_of(*f).raw() : 0; }
Mfn from_cr3(u64 cr3) { return frame_of(Paddr{cr3}); }

// Once a vCPU has its tables, a new context must name the same ones.
bool same_tables(const arch::ArchVcpu& a, const vcpu_guest_context& c) {
    if (as_cr3(a.guest_table) != c.ctrlreg[3] || as_cr3(a.guest_table_user) != c.ctrlreg[1]) return false;
    if (!a.guest_table_user && !(c.flags & VGCF_in_kernel)) return false;
    if (a.gdt_entries != c.gdt_ents || a.ldt_base != c.ldt_base || a.ldt_entries != c.ldt_ents) return false;
    for (unsigned i = 0; i * (kPageSize / 8) < a.gdt_entries; ++i)
        if (a.gdt_frames[i].value_or(Mfn{0}).raw() != c.gdt_frames[i]) return false;
    return true;
}

bool has_xsave_header(const arch::FpuState& f) { return f.size >= kXsaveHeader + 64; }

u64 components_of(const arch::FpuState& f) {
    u64 present = kX87 | kSse;
    if (has_xsave_header(f)) memcpy(&present, f.area + kXsaveHeader, sizeof(present));
    return present;
}

// A vCPU that has begun keeps its XCR0 and what the image does not hold: a suspension that was called off changes one
// register of the context that it read.
void load_fpu_image(Vcpu& v, const vcpu_guest_context& c) {
    if (!v.initialised) arch::reset_fpu(v);
    if (!(c.flags & VGCF_i387_valid)) return;
    arch::FpuState& f = *v.arch.fpu;
    memcpy(f.area, c.fpu_ctxt.x, kLegacyFpuBytes);
    u64 present = components_of(f) | kX87 | kSse;
    if (has_xsave_header(f)) memcpy(f.area + kXsaveHeader, &present, sizeof(present));
}

// What is in its initial state the processor does not write (SDM volume 1, 13.6 and 13.8.1).
void store_fpu_image(const arch::FpuState& f, vcpu_guest_context& c) {
    constexpr usize kMxcsr = 24, kRegisters = 32, kXmm = 160, kXmmEnd = 416;
    constexpr u16 kInitialControl = 0x37f;
    constexpr u32 kInitialMxcsr = 0x1f80;
    auto* image = reinterpret_cast<u8*>(c.fpu_ctxt.x);
    memcpy(image, f.area, kLegacyFpuBytes);
    u64 present = components_of(f);
    if (!(present & kX87)) {
        memset(image, 0, kMxcsr);
        memset(image + kRegisters, 0, kXmm - kRegisters);
        memcpy(image, &kInitialControl, sizeof(kInitialControl));
    }
    if (present & kSse) return;
    memset(image + kXmm, 0, kXmmEnd - kXmm);
    if (!(present & kAvx)) memcpy(image + kMxcsr, &kInitialMxcsr, sizeof(kInitialMxcsr));
}

void load_registers(Vcpu& v, const vcpu_guest_context& c) {
    arch::ArchVcpu& a = v.arch;
    arch::GuestRegs& r = a.regs;
    const cpu_user_regs& u = c.user_regs;
    memcpy(&r.r15, &u, kRegisterBytes);
    r.error_code = 0;
    r.entry_vector = 0;
    r.cs = guest_selector(u.cs);
    r.ss = guest_selector(u.ss);
    a.iopl = static_cast<u8>(u.rflags >> kIoplShift & 3);
    r.rflags = (u.rflags & 0xffffffff & ~(kFlagIopl | kFlagVm | kFlagNt)) | kFlagIf;
    a.ds = u.ds;
    a.es = u.es;
    a.fs = u.fs;
    a.gs = u.gs;
    // A selector other than null brings its own base.
    a.fs_base = u.fs & ~3 ? 0 : c.fs_base;
    a.gs_base_user = u.gs & ~3 ? 0 : c.gs_base_user;
    a.gs_base_kernel = c.gs_base_kernel;
}

void load_entry_points(arch::ArchVcpu& a, const vcpu_guest_context& c) {
    for (unsigned i = 0; i < 256; ++i) {
        const trap_info& t = c.trap_ctxt[i];
        a.traps[i] = {t.address, guest_selector(t.cs), static_cast<u8>(TI_GET_DPL(&t)), TI_GET_IF(&t) != 0};
    }
    a.kernel_ss = guest_selector(c.kernel_ss);
    a.kernel_sp = c.kernel_sp;
    a.event_callback.address = c.event_callback_eip;
    a.failsafe_callback = {c.failsafe_callback_eip, (c.flags & VGCF_failsafe_disables_events) != 0};
    a.syscall_callback = {c.syscall_callback_eip, (c.flags & VGCF_syscall_disables_events) != 0};
}

void load_special(Vcpu& v, const vcpu_guest_context& c) {
    arch::ArchVcpu& a = v.arch;
    for (unsigned i = 0; i < 8; ++i) a.cr[i] = c.ctrlreg[i];
    a.cr[0] = guest_cr0(v);
    a.cr[4] = guest_cr4(c.ctrlreg[4]);
    reset_debug_registers(v);
    for (unsigned i = 0; i < 8; ++i) (void)set_debug_register(v, i, c.debugreg[i]).ok();
}

Status install_gdt_of(Vcpu& v, const vcpu_guest_context& c) {
    if (c.gdt_ents > arch::kGuestGdtPages * (kPageSize / 8)) return Errno::inval;
    u32 entries = static_cast<u32>(c.gdt_ents);
    unsigned pages = static_cast<unsigned>(pages_for(u64{entries} * 8));
    Mfn list[arch::kGuestGdtPages];
    for (unsigned i = 0; i < pages; ++i) list[i] = Mfn{c.gdt_frames[i]};
    return mm::install_gdt(v, list, pages, entries);
}

// The tables' references stay with the vCPU. Errno::restart leaves it without tables, to be called again.
Status install_tables(Vcpu& v, const vcpu_guest_context& c) {
    Domain& d = *v.domain;
    TRY(mm::finish_deferred(current()));
    Guard g{d.arch.tables_lock};
    TRY(install_gdt_of(v, c));
    Mfn kernel = from_cr3(c.ctrlreg[3]);
    TRY(mm::get_page_and_type_of(kernel, d, PageType::l4));
    if (c.ctrlreg[1]) {
        Mfn user = from_cr3(c.ctrlreg[1]);
        if (Status s = mm::get_page_and_type_of(user, d, PageType::l4); !s) {
            if (!mm::put_typed(page_of(kernel))) mm::defer(current(), page_of(kernel));
            return s;
        }
        mm::hide_m2p(user, d);
        v.arch.guest_table_user = user;
    }
    mm::show_m2p(kernel);
    v.arch.guest_table = kernel;
    v.arch.ldt_base = c.ldt_base;
    v.arch.ldt_entries = static_cast<u32>(c.ldt_ents);
    return {};
}

void store_gdt(const arch::ArchVcpu& a, vcpu_guest_context& c) {
    c.gdt_ents = a.gdt_entries;
    for (unsigned i = 0; i < arch::kGuestGdtPages; ++i) c.gdt_frames[i] = a.gdt_frames[i].value_or(Mfn{0}).raw();
}

void store_registers(const Vcpu& v, vcpu_guest_context& c) {
    const arch::ArchVcpu& a = v.arch;
    cpu_user_regs& u = c.user_regs;
    memcpy(&u, &a.regs.r15, kRegisterBytes);
    u.entry_vector = a.regs.entry_vector & 0xff;
    u.saved_upcall_mask = 0;
    u.rflags |= u64{a.iopl} << kIoplShift;
    u.ds = a.ds;
    u.es = a.es;
    u.fs = a.fs;
    u.gs = a.gs;
    c.fs_base = a.fs_base;
    c.gs_base_kernel = a.gs_base_kernel;
    c.gs_base_user = a.gs_base_user;
}

u64 flags_of(const Vcpu& v) {
    const arch::ArchVcpu& a = v.arch;
    u64 f = VGCF_i387_valid;
    if (a.in_kernel) f |= VGCF_in_kernel;
    if (a.failsafe_callback.mask_events) f |= VGCF_failsafe_disables_events;
    if (a.syscall_callback.mask_events) f |= VGCF_syscall_disables_events;
    if (!sched::is_down(v)) f |= VGCF_online;
    return f;
}

}  // namespace

Status set_context(Vcpu& v, const vcpu_guest_context& c) {
    TRY(check(c));
    if (&v != &current()) arch::sync_vcpu(v);
    if (v.initialised) {
        if (!same_tables(v.arch, c)) return Errno::opnotsupp;
    } else if (!(c.flags & VGCF_in_kernel) && !c.ctrlreg[1]) {
        return Errno::inval;
    }
    v.arch.in_kernel = (c.flags & VGCF_in_kernel) != 0;
    load_fpu_image(v, c);
    load_registers(v, c);
    load_entry_points(v.arch, c);
    load_special(v, c);
    if (!v.initialised) {
        if (v.id.raw() == 0) v.domain->vm_assist = c.vm_assist;
        TRY(install_tables(v, c));
        v.initialised = true;
    }
    v.arch.cr3 = as_cr3(v.arch.in_kernel ? v.arch.guest_table : v.arch.guest_table_user);
    sched::set_down(v, !(c.flags & VGCF_online));
    if (v.id.raw() == 0) time::publish_wall_clock(*v.domain);   // ABI: domain builders clear the shared page before this
    return {};
}

void get_context(Vcpu& v, vcpu_guest_context& c) {
    const arch::ArchVcpu& a = v.arch;
    if (&v != &current()) arch::sync_vcpu(v);
    memset(&c, 0, sizeof(c));
    c.flags = flags_of(v);
    store_fpu_image(*a.fpu, c);
    store_registers(v, c);
    for (unsigned i = 0; i < 256; ++i) {
        const arch::TrapEntry& t = a.traps[i];
        if (!t.address) continue;
        c.trap_ctxt[i] = {static_cast<u8>(i), static_cast<u8>(t.dpl | (t.mask_events ? 4 : 0)), t.cs, t.address};
    }
    c.ldt_base = a.ldt_base;
    c.ldt_ents = a.ldt_entries;
    store_gdt(a, c);
    c.kernel_ss = a.kernel_ss;
    c.kernel_sp = a.kernel_sp;
    for (unsigned i = 0; i < 8; ++i) c.ctrlreg[i] = a.cr[i];
    c.ctrlreg[1] = as_cr3(a.guest_table_user);
    c.ctrlreg[3] = as_cr3(a.guest_table);
    for (unsigned i = 0; i < 8; ++i) c.debugreg[i] = a.dr[i];
    c.debugreg[7] |= c.debugreg[kIoBreakpoints];
    c.debugreg[kIoBreakpoints] = 0;
    c.event_callback_eip = a.event_callback.address;
    c.failsafe_callback_eip = a.failsafe_callback.address;
    c.syscall_callback_eip = a.syscall_callback.address;
    c.vm_assist = v.domain->vm_assist;
}

}  // namespace xen::pv

namespace xen::arch {

Status initialise_vcpu(Vcpu& v, const vcpu_guest_context& context) { return pv::set_context(v, context); }

}  // namespace xen::arch
