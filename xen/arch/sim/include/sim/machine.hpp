// SPDX-License-Identifier: MIT
// The simulated machine that host builds run the core on: physical memory, CPUs, a clock that only tests move.
// One for the whole program, brought up once; domains come and go on it. A host thread stands on one CPU at a time.
#pragma once

#include <xen/boot_info.hpp>
#include <xen/domain.hpp>

namespace xen::sim {

struct MachineConfig {
    u64 memory_mib = 128;
    unsigned cpus = 4;
    void (*early)(const BootInfo&) = nullptr;   // before free memory is known: firmware tables, NUMA nodes
};

// Brings the machine and the core up at the first call; later calls do nothing.
void start(MachineConfig c = {});

// Puts this thread on a CPU, and a vCPU on that CPU, until the end of the scope.
class On {
public:
    explicit On(Vcpu& v, CpuId cpu = CpuId{0});
    On(const On&) = delete;
    On& operator=(const On&) = delete;
    ~On();

private:
    arch::CpuBlock* outer_;
    Vcpu* previous_;
};

void advance(Nanos n);              // the clock
u64 flushes();                      // TLB flushes so far, of any kind
u64 guest_copies();                 // accesses to guests' memory so far, by the page

// A hypercall of the current vCPU, with its continuations, as the guest would see it.
s64 hypercall(u32 number, u64 a0 = 0, u64 a1 = 0, u64 a2 = 0, u64 a3 = 0, u64 a4 = 0, u64 a5 = 0);
// One entry of the current vCPU into the hypervisor: false when the call has yielded and wants to be made again, with
// the registers as they are then. `due` makes preemption due from the start.
struct Call {
    u64 number = 0, args[6]{};
};
void load(const Call& c);
bool enter(bool due);
template <class T>
u64 address(T& object) { return reinterpret_cast<u64>(&object); }

// A PV domain with vCPUs that need no page tables: guest addresses are host addresses until it sets a base pointer.
struct DomainOptions {
    u32 vcpus = 1;
    u64 pages = 256;                // most it may own
    bool privileged = false;
    u16 id = 0;                     // 0: one that is free
};
Domain& create_domain(DomainOptions o = {});
void destroy_domain(Domain& d);     // all steps, and RCU

}  // namespace xen::sim
