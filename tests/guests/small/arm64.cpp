// SPDX-License-Identifier: MIT
// The small guest on arm64. Its command line, in the device tree, has "small=" and a word as x86's has.
#include <cstdint>
#include <public/sched.h>

extern "C" std::int64_t sched_op(std::uint64_t operation, const void* argument);
extern "C" void wait_for_interrupt();

namespace {

constexpr sched_shutdown_t kPowerOff = {SHUTDOWN_poweroff}, kCrash = {SHUTDOWN_crash};

[[noreturn]] void shut_down(const sched_shutdown_t& why) {
    for (;;) sched_op(SCHEDOP_shutdown, &why);
}

// The size of a device tree (Devicetree Specification 5.2), big endian and without alignment asked for.
std::uint32_t size_of(const unsigned char* tree) {
    return std::uint32_t{tree[4]} << 24 | std::uint32_t{tree[5]} << 16 | std::uint32_t{tree[6]} << 8 | tree[7];
}

bool begins(const unsigned char* at, const char* text) {
    while (*text)
        if (*at++ != static_cast<unsigned char>(*text++)) return false;
    return true;
}

// The first letter of the word.
char word(const unsigned char* tree) {
    constexpr char kName[] = "small=";
    for (std::uint32_t i = 0; i + sizeof kName < size_of(tree); ++i)
        if (begins(tree + i, kName)) return static_cast<char>(tree[i + sizeof kName - 1]);
    return 0;
}

}  // namespace

extern "C" [[noreturn]] void guest_main(const unsigned char* tree) {
    switch (word(tree)) {
    case 'b':   // block
        for (;;) wait_for_interrupt();
    case 's':   // spin
        for (;;) asm volatile("");
    case 'p':   // poweroff
        shut_down(kPowerOff);
    default: shut_down(kCrash);
    }
}
