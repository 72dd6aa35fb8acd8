// SPDX-License-Identifier: MIT
#include "guest.hpp"
#include <cstddef>

namespace {

unsigned checks, failures;

}  // namespace

void print_number(u64 v) {
    char text[19] = "0x";
    unsigned n = 2;
    bool begun = false;
    for (int shift = 60; shift >= 0; shift -= 4) {
        unsigned digit = v >> shift & 15;
        begun = begun || digit || !shift;
        if (begun) text[n++] = static_cast<char>(digit < 10 ? '0' + digit : 'a' + digit - 10);
    }
    text[n] = 0;
    print(text);
}

// What the compiler calls for.
extern "C" {
void* memset(void* to, int byte, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) static_cast<volatile u8*>(to)[i] = static_cast<u8>(byte);
    return to;
}
void* memcpy(void* to, const void* from, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i) static_cast<volatile u8*>(to)[i] = static_cast<const u8*>(from)[i];
    return to;
}
}

s64 hypercall(u64 number, u64 a0, u64 a1, u64 a2) {
    register u64 x0 asm("x0") = a0;
    register u64 x1 asm("x1") = a1;
    register u64 x2 asm("x2") = a2;
    register u64 x16 asm("x16") = number;
    asm volatile("hvc #0xea1" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x16)::"x3", "x4", "memory");
    return static_cast<s64>(x0);
}

s64 firmware(u64 function, u64 a1, u64 a2, u64 a3) {
    register u64 x0 asm("x0") = function;
    register u64 x1 asm("x1") = a1;
    register u64 x2 asm("x2") = a2;
    register u64 x3 asm("x3") = a3;
    asm volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)::"memory");
    return static_cast<s64>(x0);
}

s64 firmware_smc(u64 function, u64 a1) {
    register u64 x0 asm("x0") = function;
    register u64 x1 asm("x1") = a1;
    asm volatile("smc #0" : "+r"(x0), "+r"(x1)::"x2", "x3", "memory");
    return static_cast<s64>(x0);
}

// CONSOLEIO_write.
void print(const char* text) {
    u64 n = 0;
    while (text[n]) ++n;
    hypercall(18, 0, n, reinterpret_cast<u64>(text));
}

void check(const char* name, u64 is, u64 wanted) {
    ++checks;
    if (is == wanted) {
        print("ok ");
        print(name);
    } else {
        ++failures;
        print("FAIL ");
        print(name);
        print(": ");
        print_number(is);
        print(", not ");
        print_number(wanted);
    }
    print("\n");
}

void finish() {
    print("== done: ");
    print_number(checks);
    print(" checks, ");
    print_number(failures);
    print(" failed\n");
    firmware(0x84000008);   // SYSTEM_OFF
}

extern "C" void wild_exception() {
    print("FAIL an exception that nothing has a vector for\n");
    firmware(0x84000008);
}
