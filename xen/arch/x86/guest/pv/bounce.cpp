// SPDX-License-Identifier: MIT
#include "arch/x86/guest/pv/bounce.hpp"

#include <asm/entry.hpp>
#include <asm/guest_words.hpp>
#include <asm/pv.hpp>
#include <xen/event.hpp>
#include <xen/log.hpp>

#include "arch/x86/guest/pv/frame.hpp"
#include "arch/x86/guest/pv/trace.hpp"

namespace xen::pv {
namespace {

// What a kernel sees of its virtual IOPL, if it asked for the architecture's rules.
u64 shown_iopl(const Vcpu& v) {
    bool architectural = v.domain->vm_assist >> VMASST_TYPE_architectural_iopl & 1;
    return architectural ? u64{v.arch.iopl} << kIoplShift : 0;
}

// The registers with which the kernel's handler starts (SDM 3A 6.12.1.3: a trap clears these flags; AC, too, so that no
// kernel code is checked for alignment).
void enter_handler(arch::GuestRegs& r, u64 handler, u64 sp) {
    r.entry_vector = arch::kEntrySyscall;
    r.rflags = (r.rflags & ~(kFlagAc | kFlagVm | kFlagRf | kFlagNt | kFlagTf | kFlagIopl)) | kFlagIf;
    r.rsp = sp;
    r.ss = arch::kGuestSs;
    r.cs = arch::kGuestCs64;
    r.rip = handler;
}

[[gnu::cold]] void no_stack(Vcpu& v, u64 at) {
    domain::crash(*v.domain, "no room for a trap frame on the kernel stack at %016lx", at);
}

[[gnu::cold]] void no_handler(Vcpu& v) {
    const arch::GuestRegs& r = v.arch.regs;
    domain::crash(*v.domain, "no handler in the kernel for what happened at %04lx:%016lx", r.cs & 0xffff, r.rip);
}

[[gnu::cold]] void log_missing(const Vcpu& v, unsigned vector, u32 error_code) {
    const arch::GuestRegs& r = v.arch.regs;
    log_guest("d%uv%u: exception %u, error %x at %04lx:%016lx, and no handler", v.domain->id.raw(), v.id.raw(), vector,
              error_code, r.cs & 0xffff, r.rip);
}

}  // namespace

namespace {

template <Shape kShape>
[[gnu::always_inline]] inline void bounce_as(Vcpu& v, u64 handler, bool mask_events, u32 error_code,
                                             const arch::Selectors& selectors = {}) {
    arch::GuestRegs& r = v.arch.regs;
    bool from_kernel = v.arch.in_kernel;
    u64 sp = r.rsp;
    if (!from_kernel) {
        toggle_mode(v);
        sp = v.arch.kernel_sp;
    }
    u8 mask = event_mask(v);
    auto frame = make_frame<kShape>({r, from_kernel, mask, shown_iopl(v), error_code, selectors});
    u64 at = frame_address(sp, frame.kBytes);
    if (!arch::guest_range_ok(at, frame.kBytes) || !arch::put_words(at, frame.words)) [[unlikely]]
        return no_stack(v, at);
    if (!handler || !canonical(handler)) [[unlikely]] return no_handler(v);
    if (mask_events) set_event_mask(v, 1);
    enter_handler(r, handler, at);
}

}  // namespace

void bounce(Vcpu& v, const arch::Callback& to) { bounce_as<Shape::plain>(v, to.address, to.mask_events, 0); }

void inject(Vcpu& v, unsigned vector) {
    const arch::TrapEntry& t = v.arch.traps[vector];
    trace_trap(v.arch.regs.rip, vector, false, 0);
    if (!t.address) [[unlikely]] log_missing(v, vector, 0);
    bounce_as<Shape::plain>(v, t.address, t.mask_events, 0);
}

void inject_error(Vcpu& v, unsigned vector, u32 error_code) {
    const arch::TrapEntry& t = v.arch.traps[vector];
    if (vector != kPageFault) trace_trap(v.arch.regs.rip, vector, true, error_code);
    if (!t.address) [[unlikely]] log_missing(v, vector, error_code);
    bounce_as<Shape::error>(v, t.address, t.mask_events, error_code);
}

void inject_page_fault(Vcpu& v, u64 address, u32 error_code) {
    v.arch.cr[2] = address;
    if (v.info) shared_store(v.info->arch.cr2, address);
    error_code &= ~kErrorUser;
    if (!v.arch.in_kernel) error_code |= kErrorUser;
    trace_page_fault(v.arch.regs.rip, address, error_code);
    inject_error(v, kPageFault, error_code);
}

// A kernel is in ring 1 as far as its trap table knows.
bool permits_soft_int(const Vcpu& v, unsigned vector) {
    return v.arch.traps[vector].dpl >= (v.arch.in_kernel ? 1 : 3);
}

void failsafe(Vcpu& v, const arch::Selectors& selectors) {
    const arch::Callback& to = v.arch.failsafe_callback;
    bounce_as<Shape::failsafe>(v, to.address, to.mask_events, 0, selectors);
}

}  // namespace xen::pv

using namespace xen;

extern "C" void pv_deliver_event(Vcpu& v) {
    pv::bounce(v, {v.arch.event_callback.address, true});
}

extern "C" void pv_before_entry(Vcpu& v) {
    if (!__atomic_load_n(&v.arch.nmi_pending, __ATOMIC_ACQUIRE) || v.arch.nmi_masked) return;
    const arch::TrapEntry& handler = v.arch.traps[pv::kNmi];
    if (!handler.address) return;
    __atomic_store_n(&v.arch.nmi_pending, false, __ATOMIC_RELEASE);
    v.arch.nmi_masked = true;
    pv::bounce(v, {handler.address, handler.mask_events});
}
