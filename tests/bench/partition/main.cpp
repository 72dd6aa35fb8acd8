// SPDX-License-Identifier: MIT
// One of four domains that start with the hypervisor: it writes a line on its UART as a driver does, and sleeps.
#include "measure.hpp"

namespace {

// The board's SBSA UART (public/arch-arm.h); data, and a flag register with "transmit FIFO full" (ARM DDI 0183 3.3).
constexpr u64 kUart = 0x22000000, kFlags = 0x18;
constexpr u32 kTransmitFull = 1 << 5;

void write(const char* text) {
    for (; *text; ++text) {
        while (load(kUart + kFlags) & kTransmitFull) {}
        store(kUart, static_cast<u8>(*text));
    }
}

}  // namespace

extern "C" void guest_main() {
    write("the first line of a guest\n");
    end_count();
    for (;;) asm volatile("wfi");
}
