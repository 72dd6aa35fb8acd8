// SPDX-License-Identifier: MIT
// The leaf functions of arch/x86/cpu that have no effect, or a plain one, on the simulated machine.
#include <asm/desc.hpp>
#include <asm/features.hpp>
#include <asm/fpu.hpp>
#include <asm/mapping.hpp>
#include <stdlib.h>
#include <string.h>
#include <xen/arch_platform.hpp>
#include <xen/arch_vcpu.hpp>
#include <xen/domain.hpp>
#include <xen/smp.hpp>

#include "sim/state.hpp"

namespace xen {

CpuMask cpu_present;
CpuMask cpu_online;

namespace arch {

Features features;

void load_gdt(Vcpu&) {}
void load_ldt(u64, u32) {}
void flush_own_slots() {}
void dump_execution_state() {}
void dump_state(const GuestRegs&) {}

void context_switch(Vcpu& prev, Vcpu& next) {
    if (!prev.is_idle()) prev.domain->dirty_cpus.atomic_clear(cpu_id().raw());
    if (!next.is_idle()) next.domain->dirty_cpus.atomic_set(cpu_id().raw());
    set_current_vcpu(&next);
}
void sync_vcpu(Vcpu&) {}

Status create_fpu(Vcpu& v) {
    auto box = TRY(Box<FpuState>::create());
    box->size = 576;
    box->area = static_cast<u8*>(heap::allocate(box->size, 64));
    if (!box->area) return Errno::nomem;
    v.arch.fpu = box.leak();
    return {};
}

void destroy_fpu(Vcpu& v) {
    if (!v.arch.fpu) return;
    heap::release(v.arch.fpu->area);
    Box<FpuState>::adopt(std::exchange(v.arch.fpu, nullptr)).reset();
}

void reset_fpu(Vcpu& v) { memset(v.arch.fpu->area, 0, v.arch.fpu->size); }
void save_fpu(Vcpu&) {}
void load_fpu(Vcpu&) {}
void sync_fpu(Vcpu&) {}
Status set_xcr0(Vcpu& v, u64 value) {
    if (!(value & 1) || (value & ~u64{7})) return Errno::inval;
    v.arch.fpu->xcr0 = value;
    return {};
}
void set_task_switched(Vcpu&, bool on) { write_cr0(on ? read_cr0() | kCr0Ts : read_cr0() & ~kCr0Ts); }

void* map_device(Paddr at, usize) { return direct_map(at); }
void* map_firmware(Paddr at, usize) { return direct_map(at); }
void unmap(void*, usize) {}

}  // namespace arch

namespace smp {

void call_on(const CpuMask& cpus, void (*fn)(void*), void* data) {
    for (usize cpu : cpus) {
        arch::CpuBlock* outer = std::exchange(arch::this_cpu_block, &sim::block(CpuId{static_cast<u32>(cpu)}));
        fn(data);
        arch::this_cpu_block = outer;
    }
}

void send_event_check(CpuId) {}
CpuId self() { return arch::cpu_id(); }

}  // namespace smp
}  // namespace xen
