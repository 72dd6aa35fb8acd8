// SPDX-License-Identifier: MIT
// What the tests work with: hypercalls, firmware calls, registers, faults that are caught, the interrupt controller, output.
#pragma once

#include <cstdint>

using u8 = std::uint8_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using s64 = std::int64_t;

#define READ_REGISTER(name) ({ u64 v_; asm volatile("mrs %0, " #name : "=r"(v_)::"memory"); v_; })
#define WRITE_REGISTER(name, v) asm volatile("msr " #name ", %0; isb" ::"r"(u64{v}) : "memory")

// One for each vCPU (start.S): the last fault.
struct Block {
    u64 esr, far;
    u64 interrupts, last_interrupt;
    u64 reserved[4];
};
extern "C" [[gnu::visibility("hidden")]] Block blocks[2];   // hidden: no table of addresses, which nobody would relocate

s64 hypercall(u64 number, u64 a0 = 0, u64 a1 = 0, u64 a2 = 0);
s64 firmware(u64 function, u64 a1 = 0, u64 a2 = 0, u64 a3 = 0);        // by HVC
s64 firmware_smc(u64 function, u64 a1 = 0);
void print(const char* text);
void print_number(u64 v);
void check(const char* name, u64 is, u64 wanted);
void finish();      // says how the checks went, and turns the machine off
// The class of the exception that f makes, 0: none.
template <class F>
unsigned fault_of(F f) {
    volatile Block& b = blocks[0];
    b.esr = 0;
    f();
    asm volatile("isb" ::: "memory");
    return static_cast<unsigned>(b.esr >> 26);
}

inline u32 load(u64 a) { return *reinterpret_cast<volatile u32*>(a); }
inline void store(u64 a, u32 v) { *reinterpret_cast<volatile u32*>(a) = v; }

namespace gic {
inline constexpr u64 kDistributor = 0x08000000, kCpu = 0x08010000, kRedistributor = 0x080a0000;   // dom0's
struct Board {
    u64 distributor = kDistributor, cpu = kCpu, redistributor = kRedistributor;
};
extern Board board [[gnu::visibility("hidden")]];   // as above; a guest that is not dom0 finds other places
bool is_v3();
void init();                         // distributor, this vCPU's interface, PPIs 27 and 30, SGIs
void enable_own(unsigned vcpu);
void enable_spi(unsigned spi);       // for the first vCPU
void send_sgi(unsigned vcpu, unsigned sgi);
u32 take();                          // with interrupts masked: the one that is pending, which then is over; 1023: none
u64 private_frame(unsigned vcpu);    // registers of interrupts below 32
}  // namespace gic

// Interrupts are let in until one came; 1023: none did in a minute.
u64 wait_interrupt();
bool none_comes();                   // in a tenth of a second

void test_calls();
void test_each_call();      // calls.cpp; after gic::init()
void test_registers();
void test_faults();
void test_interrupts();
void test_controller();     // controller.cpp
void test_second();
