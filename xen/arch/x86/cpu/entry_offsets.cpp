// SPDX-License-Identifier: MIT
// Checks the entry code's numbers against the structures, and gives it those that only the compiler knows.
#include <asm/entry_offsets.h>
#include <asm/layout.hpp>
#include <asm/percpu.hpp>
#include <public/trace.h>
#include <xen/domain.hpp>
#include <xen/hypercall.hpp>

#include "arch/x86/guest/pv/bounce.hpp"
#include "arch/x86/guest/pv/frame.hpp"

namespace xen::arch {
namespace {

static_assert(offsetof(CpuBlock, current) == BLOCK_CURRENT && offsetof(CpuBlock, softirqs) == BLOCK_SOFTIRQS &&
              offsetof(CpuBlock, scratch) == BLOCK_SCRATCH && offsetof(CpuBlock, regs_end) == BLOCK_REGS_END &&
              sizeof(CpuBlock) == BLOCK_SIZE && kStackSize == STACK_SIZE);
static_assert(offsetof(GuestRegs, r15) == REGS_R15 && offsetof(GuestRegs, rbx) == REGS_RBX && offsetof(GuestRegs, r11) == REGS_R11 &&
              offsetof(GuestRegs, rax) == REGS_RAX && offsetof(GuestRegs, rdi) == REGS_RDI &&
              offsetof(GuestRegs, error_code) == REGS_ERROR && offsetof(GuestRegs, entry_vector) == REGS_VECTOR &&
              offsetof(GuestRegs, rip) == REGS_RIP && offsetof(GuestRegs, ss) == REGS_SS && sizeof(GuestRegs) == REGS_SIZE);
static_assert(kXenCs == SEL_XEN_CS && kGuestCs32 == SEL_GUEST_CS32 && kGuestSs == SEL_GUEST_SS && kGuestCs64 == SEL_GUEST_CS64 &&
              kEntrySyscall == ENTRY_SYSCALL);
static_assert(hypercall::kNumbers == HYPERCALLS && TRC_PV_HYPERCALL_V2 == TRACE_HYPERCALL && abi_error(Errno::restart) == RESTART);
static_assert(HYPERCALL_IRET == __HYPERVISOR_iret && IRET_BY_SYSRET == VGCF_in_syscall &&
              ARCHITECTURAL_IOPL == 1 << VMASST_TYPE_architectural_iopl);
static_assert(offsetof(TrapEntry, address) == 0 && offsetof(TrapEntry, dpl) == TRAP_DPL &&
              offsetof(TrapEntry, mask_events) == TRAP_MASKS_EVENTS && sizeof(TrapEntry) == 16 && offsetof(Callback, address) == 0);
static_assert(offsetof(vcpu_info, evtchn_upcall_pending) == 0 && offsetof(vcpu_info, evtchn_upcall_mask) == INFO_MASK &&
              offsetof(vcpu_info, arch.cr2) == INFO_CR2);
static_assert(kXenStart >> 43 == (u64{XEN_START_TOP_21_BITS}) && (kXenEnd - kXenStart) >> 43 == 1);
static_assert(FLAG_IF == pv::kFlagIf && FLAGS_HIDDEN == (pv::kFlagIf | pv::kFlagIopl) &&
              FLAGS_CLEARED_BY_TRAP == (pv::kFlagAc | pv::kFlagVm | pv::kFlagRf | pv::kFlagNt | pv::kFlagTf | pv::kFlagIopl) &&
              FLAGS_REFUSED_TO_KERNEL == (pv::kFlagIopl | pv::kFlagVm | pv::kFlagNt));
static_assert(EXCEPTION_PAGE_FAULT == pv::kPageFault && EXCEPTION_INT80 == pv::kInt80 && FAULT_USER == pv::kErrorUser &&
              FAULT_PRESENT_RESERVED == (pv::kErrorPresent | pv::kErrorReserved));

// Vcpu and ArchVcpu are standard enough for offsetof on both compilers; they begin with the registers.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
static_assert(offsetof(Vcpu, arch) == 0 && offsetof(ArchVcpu, regs) == 0);

#define OFFSET_SYMBOL(name, value) asm volatile(".globl " #name "\n.set " #name ", %c0" ::"i"(value))

[[gnu::used, gnu::noinline]] void offsets() {
    OFFSET_SYMBOL(offset_stack_top, offsetof(ArchVcpu, stack_top));
    OFFSET_SYMBOL(offset_in_kernel, offsetof(ArchVcpu, in_kernel));
    OFFSET_SYMBOL(offset_nmi_masked, offsetof(ArchVcpu, nmi_masked));
    OFFSET_SYMBOL(offset_cr2, offsetof(ArchVcpu, cr) + 2 * sizeof(u64));
    OFFSET_SYMBOL(offset_traps, offsetof(ArchVcpu, traps));
    OFFSET_SYMBOL(offset_event_callback, offsetof(ArchVcpu, event_callback));
    OFFSET_SYMBOL(offset_info, offsetof(Vcpu, info));
    OFFSET_SYMBOL(offset_domain, offsetof(Vcpu, domain));
    OFFSET_SYMBOL(offset_vm_assist, offsetof(Domain, vm_assist));
}
#pragma GCC diagnostic pop

}  // namespace
}  // namespace xen::arch
