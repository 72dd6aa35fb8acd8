// SPDX-License-Identifier: MIT
// What every file of the test guest needs: the ABI headers, short integer names and the hypercall
// gate. One vCPU runs the tests; a second one is started only by test_vcpu.cpp.
#pragma once
#include <cstddef>
#include <cstdint>
#include <public/xen.h>

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using s16 = std::int16_t;
using s64 = std::int64_t;

constexpr u64 kVirtBase = 0xffffffff80000000;
constexpr u64 kPageSize = 4096;
// Not canonical, the hypervisor's own, and not mapped: the three wrong addresses of every test.
constexpr u64 kNonCanonical = 0x0000900000000000;
constexpr u64 kHypervisor = 0xffff830000000000;
constexpr u64 kUnmapped = 0x0000000012345000;

extern "C" char hypercall_page[];
extern start_info* boot_info;
extern shared_info* shared;

// Hypercalls go through the page that the loader filled (32 bytes an entry, public/xen.h).
inline long hypercall(u64 number, u64 a1 = 0, u64 a2 = 0, u64 a3 = 0, u64 a4 = 0, u64 a5 = 0) {
    register u64 r10 asm("r10") = a4;
    register u64 r8 asm("r8") = a5;
    char* target = hypercall_page + number * 32;
    long result = 0;
    asm volatile("call *%[target]"
                 : "=a"(result), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10), "+r"(r8)
                 : [target] "0"(target)
                 : "rcx", "r11", "r9", "memory");
    return result;
}

// The same without the page, for numbers beyond it and for a wild sixth argument.
inline long raw_hypercall(u64 number, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5, u64 a6) {
    register u64 r10 asm("r10") = a4;
    register u64 r8 asm("r8") = a5;
    register u64 r9 asm("r9") = a6;
    long result = 0;
    asm volatile("syscall"
                 : "=a"(result), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10), "+r"(r8), "+r"(r9)
                 : "0"(number)
                 : "rcx", "r11", "memory");
    return result;
}

template <class T> u64 address(T* pointer) { return reinterpret_cast<u64>(pointer); }
template <class T> T* at(u64 virtual_address) { return reinterpret_cast<T*>(virtual_address); }

inline void set_upcall_mask(bool masked) {
    __atomic_store_n(&shared->vcpu_info[0].evtchn_upcall_mask, u8{masked}, __ATOMIC_SEQ_CST);
}

inline u64 read_tsc() {
    u32 low = 0;
    u32 high = 0;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return u64{high} << 32 | low;
}
