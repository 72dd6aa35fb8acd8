// SPDX-License-Identifier: MIT
#include <asm/entry_offsets.h>

#include <cstddef>

#include <asm/mapping.hpp>
#include <asm/percpu.hpp>
#include <asm/smp.hpp>
#include <xen/domain.hpp>

namespace xen::arch {

static_assert(offsetof(CpuBlock, current) == BLOCK_CURRENT);
static_assert(offsetof(CpuBlock, softirqs) == BLOCK_SOFTIRQS);
static_assert(offsetof(GuestRegs, x) == REGS_X);
static_assert(offsetof(GuestRegs, sp) == REGS_SP);
static_assert(offsetof(GuestRegs, pc) == REGS_PC);
static_assert(offsetof(GuestRegs, pstate) == REGS_PSTATE);
static_assert(sizeof(GuestRegs) == REGS_BYTES);
static_assert(offsetof(SecondaryStart, root) == START_ROOT);
static_assert(offsetof(SecondaryStart, stack) == START_STACK);
static_assert(offsetof(SecondaryStart, block) == START_BLOCK);
static_assert(kImageBase >> 39 == IMAGE_SLOT);
static_assert(offsetof(Vcpu, arch) == 0 && offsetof(ArchVcpu, regs) == 0);

}  // namespace xen::arch
