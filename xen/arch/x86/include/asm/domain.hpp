// SPDX-License-Identifier: MIT
// The x86 part of a domain and a vCPU. Members belong to the vCPU itself (its own hypercalls and traps run on
// its CPU) unless noted; another CPU touches them only while the vCPU is paused.
#pragma once

#include <array>

#include <asm/guest_tsc.hpp>
#include <asm/layout.hpp>
#include <asm/regs.hpp>
#include <xen/lock.hpp>

#include "lib/index.hpp"
#include "lib/maybe.hpp"

namespace xen::mm { struct LogDirty; }

namespace xen::arch {

struct FpuState;       // xsave area and what goes with it (arch/x86/cpu)
struct CpuPolicy;      // what CPUID and MSRs answer (arch/x86/guest)
struct PvMsrs;

// One entry of the guest's trap table (public/arch-x86/xen.h trap_info).
struct TrapEntry {
    u64 address = 0;
    u16 cs = 0;
    u8 dpl = 0;            // flags bits 0-1
    bool mask_events = false;  // flags bit 2
};

struct Callback {
    u64 address = 0;
    bool mask_events = false;
};

struct ArchVcpu {
    GuestRegs regs{};                  // first: the entry code finds the vCPU from here
    u64 stack_top = 0;                 // hypervisor stack of the CPU it runs on; set by the context switch
    bool in_kernel = true;             // guest kernel or guest user mode (TF_kernel_mode)
    u8 iopl = 0;                       // virtual IOPL 0..3 (PHYSDEVOP_set_iopl)
    u64 io_bitmap = 0;                 // guest address of its port bitmap (PHYSDEVOP_set_iobitmap)
    u32 io_bitmap_ports = 0;
    bool fpu_used = false;             // state is loaded since the last switch
    bool nmi_masked = false;           // from an NMI's bounce to the next HYPERVISOR_iret
    bool nmi_pending = false;          // set by other CPUs, too: atomic accesses only
    u16 ds = 0, es = 0, fs = 0, gs = 0;
    u64 fs_base = 0, gs_base_kernel = 0, gs_base_user = 0;
    u64 kernel_ss = 0, kernel_sp = 0;  // stack_switch
    u64 cr3 = 0;                       // what CR3 holds while it runs, kernel or user table
    Maybe<Mfn> guest_table{};          // L4 in kernel mode, one reference of type L4 each
    Maybe<Mfn> guest_table_user{};     // L4 in user mode
    std::array<u64, 8> cr{};           // guest's view of CR0..CR4 (2 = fault address)
    std::array<u64, 8> dr{};           // guest's debug registers (7 with the parts emulated for I/O apart)
    std::array<Maybe<Mfn>, kGuestGdtPages> gdt_frames{};
    u32 gdt_entries = 0;
    u64 ldt_base = 0;
    u32 ldt_entries = 0;
    bool ldt_mapped = false;           // some page of it is in the per-domain slot
    Callback event_callback{}, failsafe_callback{}, syscall_callback{}, sysenter_callback{}, syscall32_callback{},
        nmi_callback{};
    u16 event_cs = 0, failsafe_cs = 0;
    std::array<TrapEntry, 256> traps{};
    Maybe<Mfn> deferred_table{};       // a partial page whose teardown it still owes (arch/x86/mm)
    FpuState* fpu = nullptr;
    PvMsrs* msrs = nullptr;
};

inline constexpr u32 kMaxE820 = 1024;

// Whether the guest kernel's own addresses can be reached while the vCPU is on its CPU: not from guest user mode.
inline bool kernel_addresses_mapped(const ArchVcpu& v) { return v.in_kernel; }

struct ArchDomain {
    Spinlock<LockRank::page_lock> tables_lock;  // the types and contents of its page tables
    u64* perdomain_l3 = nullptr;       // page table of slot 260, owned
    u64 perdomain_l3_pa = 0;
    Maybe<Mfn> shared_info_mfn{};
    CpuPolicy* policy = nullptr;
    void* e820 = nullptr;              // entries of XENMEM_set_memory_map, owned; kMaxE820 fit
    u32 e820_count = 0;
    bool holds_pages = true;           // dying: as far as is known (arch/x86/mm/relinquish.cpp)
    bool cpuid_faulting = false;
    u32 pci_address = 0;               // what it wrote to port 0xcf8
    u8 cmos_index = 0;                 // what it wrote to port 0x70
    u64 own_pages_end = 0;             // entries of which pages take the short way (arch/x86/mm/own_pages.hpp)
    mm::LogDirty* log_dirty = nullptr; // where its changed pages are marked, if they are (arch/x86/mm/log_dirty.hpp)
    mm::LogDirty* log_dirty_work = nullptr;   // the same, also while it is being made; the domctl lock's
    GuestTsc tsc;
};

}  // namespace xen::arch
