// SPDX-License-Identifier: MIT
// Checks the entry code's numbers against the structures, and gives it those that only the compiler knows.
#include <asm/entry_offsets.h>
#include <asm/layout.hpp>
#include <asm/percpu.hpp>
#include <public/trace.h>
#include <xen/domain.hpp>
#include <xen/hypercall.hpp>

namespace xen::arch {
namespace {

static_assert(offsetof(CpuBlock, current) == BLOCK_CURRENT && offsetof(CpuBlock, percpu_offset) == BLOCK_PERCPU &&
              offsetof(CpuBlock, scratch) == BLOCK_SCRATCH && offsetof(CpuBlock, regs_end) == BLOCK_REGS_END &&
              sizeof(CpuBlock) == BLOCK_SIZE && kStackSize == STACK_SIZE);
static_assert(offsetof(GuestRegs, r15) == REGS_R15 && offsetof(GuestRegs, rbx) == REGS_RBX && offsetof(GuestRegs, r11) == REGS_R11 &&
              offsetof(GuestRegs, rax) == REGS_RAX && offsetof(GuestRegs, rdi) == REGS_RDI &&
              offsetof(GuestRegs, error_code) == REGS_ERROR && offsetof(GuestRegs, entry_vector) == REGS_VECTOR &&
              offsetof(GuestRegs, rip) == REGS_RIP && offsetof(GuestRegs, ss) == REGS_SS && sizeof(GuestRegs) == REGS_SIZE);
static_assert(kXenCs == SEL_XEN_CS && kGuestCs32 == SEL_GUEST_CS32 && kGuestSs == SEL_GUEST_SS && kGuestCs64 == SEL_GUEST_CS64 &&
              kEntrySyscall == ENTRY_SYSCALL);
static_assert(hypercall::kNumbers == HYPERCALLS && TRC_PV_HYPERCALL_V2 == TRACE_HYPERCALL && abi_error(Errno::restart) == RESTART);

// Vcpu and ArchVcpu are standard enough for offsetof on both compilers; they begin with the registers.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-offsetof"
static_assert(offsetof(Vcpu, arch) == 0 && offsetof(ArchVcpu, regs) == 0);

#define OFFSET_SYMBOL(name, value) asm volatile(".globl " #name "\n.set " #name ", %c0" ::"i"(value))

[[gnu::used, gnu::noinline]] void offsets() {
    OFFSET_SYMBOL(offset_stack_top, offsetof(ArchVcpu, stack_top));
    OFFSET_SYMBOL(offset_in_kernel, offsetof(ArchVcpu, in_kernel));
    OFFSET_SYMBOL(offset_info, offsetof(Vcpu, info));
}
#pragma GCC diagnostic pop

}  // namespace
}  // namespace xen::arch
