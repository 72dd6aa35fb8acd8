// SPDX-License-Identifier: MIT
// Exceptions of the hypervisor itself, NMIs and machine checks. Guests' exceptions go to arch/x86/guest/pv.
#include <asm/backtrace.hpp>
#include <asm/cpu.hpp>
#include <asm/entry.hpp>
#include <asm/fixup.hpp>
#include <asm/layout.hpp>
#include <asm/mapping.hpp>
#include <xen/assert.hpp>
#include <xen/console.hpp>
#include <xen/domain.hpp>
#include <xen/log.hpp>
#include <xen/platform.hpp>

namespace xen::arch {
namespace {

constexpr u32 kDebug = 1, kNmi = 2, kPageFault = 14, kMachineCheck = 18;
constexpr u64 kFlagTf = 0x100;

constexpr const char* kNames[32] = {
    "divide error", "debug", "NMI", "breakpoint", "overflow", "bound range", "invalid opcode", "no device",
    "double fault", "coprocessor segment", "invalid TSS", "segment not present", "stack fault", "general protection",
    "page fault", "15", "x87 error", "alignment check", "machine check", "SIMD error", "virtualization", "control protection",
};

struct Entry {
    s32 fault, target;
};
struct Patch {
    s32 at;
    u32 kind;
};

bool in_descriptors(u64 address) { return address >= kPerDomain && address < kPerDomain + kSlotSize; }

u64 resolve(const s32& relative) { return reinterpret_cast<u64>(&relative) + static_cast<u64>(s64{relative}); }

[[noreturn]] void die(const GuestRegs& r) {
    const char* name = r.entry_vector < 32 && kNames[r.entry_vector] ? kNames[r.entry_vector] : "unexpected vector";
    panic_at(r, "Fatal exception: %s in the hypervisor at %016lx, error %04x, address %016lx", name, r.rip, r.error_code, read_cr2());
}

}  // namespace

extern "C" const Entry fixup_table_start[], fixup_table_end[];
extern "C" const Patch smap_patch_start[], smap_patch_end[];

u64 fixup_for(u64 rip) {
    for (const Entry* e = fixup_table_start; e != fixup_table_end; ++e)
        if (resolve(e->fault) == rip) return resolve(e->target);
    return 0;
}

void patch_smap() {
    static constexpr u8 kInstruction[2][3] = {{0x0f, 0x01, 0xca}, {0x0f, 0x01, 0xcb}};
    for (const Patch* p = smap_patch_start; p != smap_patch_end; ++p) {
        auto* at = reinterpret_cast<u8*>(resolve(p->at));
        for (unsigned i = 0; i < 3; ++i) at[i] = kInstruction[p->kind & 1][i];
    }
}

extern "C" void xen_exception(GuestRegs& r) {
    u64 address = read_cr2();
    if (r.entry_vector == kPageFault && in_descriptors(address) && current_vcpu() &&
        pv_descriptor_fault(*current_vcpu(), address))
        return;
    if (u64 target = fixup_for(r.rip)) {
        r.rip = target;
        return;
    }
    die(r);
}

// IRET to the guest faulted; interrupts off. ABI: the guest's handler sees it as a fault of the code that it returned to.
extern "C" void guest_iret_fault(Vcpu& v) {
    u64 address = read_cr2();
    irq_enable();
    pv_exception(v, address);
}

// #DB of the hypervisor happens when a guest single-steps into SYSENTER, or sets a breakpoint on what MOV SS delays
// past an entry (SDM volume 3, 6.8.3): nothing of ours.
extern "C" void xen_ist_exception(GuestRegs& r) {
    if (r.entry_vector == kDebug) {
        r.rflags &= ~kFlagTf;
        write_dr(6, 0xffff0ff0);
        return;
    }
    if (r.entry_vector == kNmi) {
        platform::handle_nmi(r);
        return;
    }
    if (r.entry_vector == kMachineCheck) log_error("Machine check, MCG_STATUS %016lx", rdmsr(0x17a));
    die(r);
}

}  // namespace xen::arch
