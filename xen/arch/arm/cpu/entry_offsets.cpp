// SPDX-License-Identifier: MIT
#include <asm/entry_offsets.h>

#include <cstddef>

#include <asm/mapping.hpp>
#include <asm/workaround.hpp>
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
static_assert(static_cast<unsigned>(errata::Workaround::firmware_barrier) == WORKAROUND_FIRMWARE_BARRIER);
static_assert(static_cast<unsigned>(errata::Workaround::branches_8) == WORKAROUND_BRANCHES_8);
static_assert(static_cast<unsigned>(errata::Workaround::branches_24) == WORKAROUND_BRANCHES_24);
static_assert(static_cast<unsigned>(errata::Workaround::branches_32) == WORKAROUND_BRANCHES_32);
static_assert(offsetof(Vcpu, arch) == 0 && offsetof(ArchVcpu, regs) == 0);

}  // namespace xen::arch
