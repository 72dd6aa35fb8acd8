// SPDX-License-Identifier: MIT
// A guest's processor as EL2 sees it when it trapped: registers, a syndrome, memory that can be read by address, one emulated
// device. What the scheduler, the timers and the domain's life are told is kept.
#pragma once

#include <asm/cpu.hpp>
#include <asm/trap.hpp>
#include <asm/vgic.hpp>
#include <xen/domain.hpp>

#include <map>
#include <memory>
#include <set>
#include <vector>

#include "arch/arm/guest/syndrome.hpp"

namespace trap_test {

using namespace xen;
using guest::Class;

constexpr u64 kPc = 0xffff800008001000, kVector = 0xffff800008100000;
constexpr u64 kDevice = 0x9000000, kDeviceBytes = 0x1000;      // of one emulated device; registers are what was written
constexpr u64 kMmio = 0x3001000;                               // of the interrupt controller, the same

struct Told {
    std::vector<guest::Access> accesses;
    std::map<u64, u64> registers;                              // what devices answer
    std::set<const Vcpu*> down, running, blocked, woken, paused;
    std::vector<unsigned> shutdowns;
    std::vector<u64> sgis;
    std::map<unsigned, bool> lines;                            // of the current vCPU, as levels
    std::vector<unsigned> private_lines;
    unsigned hypercalls = 0, blocks = 0, yields = 0, resets = 0;
    bool pending = false, wakes_at_block = false, polling = false;
    vgic::Version version = vgic::Version::v3;
    std::set<u64> mapped, writable;                            // pages of stage 2
    std::map<u64, u64> stage1;                                 // by virtual page: its guest address
    std::map<u64, u32> words;                                  // what can be read at an address
    u64 counter = 0;
    std::vector<u64> sets_and_ways;                            // operands
    bool maintained = true;                                    // all that the operand stands for
};

class Guest {
public:
    explicit Guest(unsigned vcpus = 2);
    ~Guest();
    Vcpu& vcpu(unsigned i = 0) { return *vcpus_[i]; }
    arch::GuestRegs& regs(unsigned i = 0) { return vcpu(i).arch.regs; }
    void on(unsigned i);
    void trap(Class c, u64 iss, bool four_bytes = true);
    // HVC, as the processor leaves it: behind the instruction.
    u64 call(u64 function, u64 a = 0, u64 b = 0, u64 c = 0);
    // Of the trapped instruction MRS or MSR with register 3; false: it was undefined.
    bool read(unsigned op0, unsigned op1, unsigned crn, unsigned crm, unsigned op2, u64* value = nullptr);
    bool write(unsigned op0, unsigned op1, unsigned crn, unsigned crm, unsigned op2, u64 value);
    // The vCPU took an exception of this class at EL1; then it is where it was before.
    bool took(Class c);

private:
    bool access(u64 key, bool read);
    std::unique_ptr<Domain> domain_;
    std::vector<std::unique_ptr<Vcpu>> vcpus_;
    arch::CpuBlock block_{};
};
Told& told();

}  // namespace trap_test
