// SPDX-License-Identifier: MIT
// PV kernels that tests of the emulation run: one whose addresses are the host's, and one on page tables of its own.
#pragma once

#include <asm/entry.hpp>
#include <asm/mm.hpp>
#include <asm/pv.hpp>
#include <xen/arch_vcpu.hpp>

#include <array>
#include <vector>

#include "arch/x86/guest/pv/bounce.hpp"
#include "arch/x86/guest/pv/traps.hpp"
#include "guest.hpp"

namespace xen::sim {

using arch::Pte;

inline constexpr u64 kHandler = 0xffffffff81000000, kEvent = 0xffffffff81001000, kSyscall = 0xffffffff81002000,
              kFailsafe = 0xffffffff81003000;
inline constexpr u64 kUserRip = 0x400000, kUserRsp = 0x7ff000;

// A vCPU with a stack of its own; code is wherever a test puts it.
class Kernel {
public:
    explicit Kernel(bool privileged = false)
        : domain_{(sim::start(), sim::create_domain({.privileged = privileged}))}, v_{*domain_.vcpus[0]}, on_{v_} {
        arch::GuestRegs& r = regs();
        r.rsp = top();
        r.rip = 0x1000;
        r.cs = arch::kGuestCs64;
        r.ss = arch::kGuestSs;
        r.rflags = 0x202;
        v_.arch.kernel_sp = top();
        v_.arch.event_callback = {kEvent, false};
        v_.arch.failsafe_callback = {kFailsafe, true};
        v_.arch.syscall_callback = {kSyscall, true};
        v_.arch.iopl = 1;
        mask(0);
    }
    arch::GuestRegs& regs() { return v_.arch.regs; }
    arch::ArchVcpu& state() { return v_.arch; }
    Domain& domain() { return domain_; }
    Vcpu& vcpu() { return v_; }
    u64 top() { return reinterpret_cast<u64>(stack_.data() + stack_.size()); }
    u64 word(unsigned i) { return reinterpret_cast<u64*>(regs().rsp)[i]; }
    u8 mask() const { return v_.info->evtchn_upcall_mask; }
    void mask(u8 m) { v_.info->evtchn_upcall_mask = m; }
    void handle(unsigned vector, u8 flags) {
        trap_info table[2] = {{static_cast<u8>(vector), flags, 0xe033, kHandler}, {}};
        REQUIRE(sim::hypercall(__HYPERVISOR_set_trap_table, reinterpret_cast<u64>(table)) == 0);
    }
    void user_mode() {
        v_.arch.in_kernel = false;
        regs().rip = kUserRip;
        regs().rsp = kUserRsp;
    }
    void fault(unsigned vector, u32 error = 0, u64 cr2 = 0) {
        regs().entry_vector = vector;
        regs().error_code = error;
        pv_exception(v_, cr2);
    }
    // Executes an instruction that faulted with #GP.
    void privileged(std::vector<u8> bytes) {
        code_ = std::move(bytes);
        code_.resize(code_.size() + 16, 0x90);
        regs().rip = reinterpret_cast<u64>(code_.data());
        fault(pv::kGeneralProtection);
    }
    u64 advanced() { return regs().rip - reinterpret_cast<u64>(code_.data()); }
    s64 iret(const iret_context& f) {
        regs().rsp = reinterpret_cast<u64>(&f);
        regs().rax = __HYPERVISOR_iret;
        regs().entry_vector = arch::kEntrySyscall;
        hypercall::from_guest(v_);
        return static_cast<s64>(regs().rax);
    }

private:
    Domain& domain_;
    Vcpu& v_;
    sim::On on_;
    alignas(16) std::array<u64, 512> stack_{};
    std::vector<u8> code_;
};

// A kernel on page tables of its own: one page of code and data, and its L1 table, which it may only read.
class MappedKernel {
public:
    static constexpr u64 kBase = u64{1} << 39 | u64{1} << 30 | u64{1} << 21;
    static constexpr u64 kData = kBase, kTable = kBase + kPageSize, kSpare = 5;
    static constexpr u64 kLeaf = Pte::kPresent | Pte::kUser, kRw = kLeaf | Pte::kWrite;

    MappedKernel() : domain_{(sim::start(), sim::create_domain())}, v_{*domain_.vcpus[0]}, on_{v_} {
        for (Mfn& f : pages_) f = sim::give_page(domain_);
        set(0, 1, pages_[1], kRw);
        set(1, 1, pages_[2], kRw);
        set(2, 1, pages_[3], kRw);
        set(3, 0, pages_[4], kRw);
        set(3, 1, pages_[3], kLeaf);
        REQUIRE(sim::mmuext(MMUEXT_NEW_BASEPTR, pages_[0]) == 0);
        v_.arch.regs.cs = arch::kGuestCs64;
        v_.arch.regs.rsp = kData + kPageSize;
        v_.arch.traps[pv::kPageFault] = {kHandler, arch::kGuestCs64, 0, false};
    }
    arch::GuestRegs& regs() { return v_.arch.regs; }
    u64 spare_mfn() const { return pages_[kSpare].raw(); }
    Pte entry(unsigned i) { return table(3)[i]; }
    u8* data() { return static_cast<u8*>(arch::direct_map(pages_[4])); }   // what is at kData
    Domain& domain() { return domain_; }
    u64 uses(unsigned page) { return page_of(pages_[page]).type_uses(); }
    u64 entry_address(unsigned i) { return kTable + i * sizeof(Pte); }
    // Runs one store into its table, which faults.
    void store(std::vector<u8> code, unsigned i) { store_at(std::move(code), entry_address(i)); }
    void store_at(std::vector<u8> code, u64 fault) {
        memcpy(arch::direct_map(pages_[4]), code.data(), code.size());
        regs().rip = kData;
        regs().entry_vector = pv::kPageFault;
        regs().error_code = pv::kErrorPresent | pv::kErrorWrite | pv::kErrorUser;
        pv_exception(v_, fault);
    }
    u64 advanced() { return regs().rip - kData; }

private:
    Pte* table(unsigned i) { return static_cast<Pte*>(arch::direct_map(pages_[i])); }
    void set(unsigned t, unsigned i, Mfn target, u64 flags) { table(t)[i] = Pte::make(target, flags); }

    Domain& domain_;
    Vcpu& v_;
    sim::On on_;
    std::array<Mfn, 6> pages_;
};

}  // namespace xen::sim
