// SPDX-License-Identifier: MIT
// What comes from a guest to EL2, and what EL2 makes a guest take. The entry code has stored GuestRegs into the current vCPU's
// arch.regs and turned interrupts on; softirqs, the scheduler and vgic::enter_guest() are the exit path's.
#pragma once

#include <xen/domain.hpp>

// Synchronous exceptions and SErrors from EL1 and EL0, AArch64 or AArch32. esr: ESR_EL2 (ARM D17.2.37).
extern "C" void arm_guest_sync(xen::u64 esr);
extern "C" void arm_guest_serror(xen::u64 esr);

namespace xen::guest {

// As after PSCI CPU_ON or at a domain's start: EL1h, interrupts masked, MMU and caches off, HCR_EL2, VMPIDR, counters. The
// caller sets pc and x0. The vCPU runs nowhere.
void reset_vcpu(Vcpu& v);

// The affinity fields of MPIDR_EL1: 16 vCPUs a cluster, as toolstacks write into the cpu nodes.
constexpr u64 affinity_of(VcpuId id) { return (id.raw() & 15) | u64{id.raw() >> 4} << 8; }
constexpr Maybe<VcpuId> vcpu_of_affinity(u64 affinity) {
    u64 id = (affinity & 15) | (affinity >> 8 & 0xff) << 4;
    if ((affinity & 0xff00ffff00) != (affinity & 0xff00) || (affinity & 0xf0)) return nothing;
    return VcpuId{static_cast<u32>(id)};
}

// The current vCPU takes an exception at EL1, as if the processor had found the fault (ARM D1.10).
void inject_undefined(Vcpu& v, unsigned instruction_bytes);
void inject_data_abort(Vcpu& v, u64 address);           // synchronous external abort
void inject_prefetch_abort(Vcpu& v, u64 address);

// A guest's load or store to a device that is emulated.
struct Access {
    u64 address;        // guest-physical
    u64 value;          // of a store: the low `bytes`; of a load: to be filled in, zero-extended
    u8 bytes;           // 1, 2, 4, 8
    bool write;
};
enum class Outcome : u8 {
    nobody,             // no such device, or no register takes this access: the guest gets an abort
    done,
};

}  // namespace xen::guest
