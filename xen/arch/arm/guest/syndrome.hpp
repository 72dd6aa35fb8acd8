// SPDX-License-Identifier: MIT
// The exception syndrome register (ARM D19.2.37): classes, and the fields of those that are handled.
#pragma once

#include "lib/types.hpp"

namespace xen::guest {

enum class Class : u8 {
    unknown = 0x00, wfx = 0x01, cp15 = 0x03, cp15_pair = 0x04, cp14 = 0x05, cp14_transfer = 0x06, fp = 0x07, vmrs = 0x08,
    pauth = 0x09, cp14_pair = 0x0c, illegal_state = 0x0e, hvc32 = 0x12, smc32 = 0x13, hvc64 = 0x16, smc64 = 0x17,
    system_register = 0x18, sve = 0x19, instruction_abort = 0x20, instruction_abort_same = 0x21, data_abort = 0x24,
    data_abort_same = 0x25, serror = 0x2f,
};

struct Syndrome {
    u64 raw;

    constexpr u64 bits(unsigned high, unsigned low) const { return raw >> low & ((u64{1} << (high - low + 1)) - 1); }
    constexpr bool bit(unsigned n) const { return raw >> n & 1; }
    constexpr Class ec() const { return static_cast<Class>(bits(31, 26)); }
    constexpr unsigned instruction_bytes() const { return bit(25) ? 4 : 2; }
    constexpr unsigned immediate() const { return static_cast<unsigned>(bits(15, 0)); }   // HVC, SMC
};

constexpr Syndrome make_syndrome(Class ec, bool four_bytes, u64 iss) {
    return {static_cast<u64>(ec) << 26 | u64{four_bytes} << 25 | iss};
}

// Aborts (ISS encodings for data and instruction aborts).
enum class Fault : u8 { translation, access_flag, permission, external, external_on_walk, other };

struct AbortSyndrome : Syndrome {
    constexpr bool valid() const { return bit(24); }                 // ISV: what follows describes the access
    constexpr unsigned bytes() const { return 1u << bits(23, 22); }
    constexpr bool sign_extends() const { return bit(21); }
    constexpr unsigned reg() const { return static_cast<unsigned>(bits(20, 16)); }
    constexpr bool wide_register() const { return bit(15); }
    constexpr bool far_not_valid() const { return bit(10); }
    constexpr bool cache_operation() const { return bit(8); }
    constexpr bool on_walk() const { return bit(7); }                // the guest's own table walk met stage 2
    constexpr bool write() const { return bit(6); }
    constexpr Fault fault() const {
        switch (bits(5, 2)) {
        case 1: return Fault::translation;
        case 2: return Fault::access_flag;
        case 3: return Fault::permission;
        case 4: return bits(1, 0) == 0 ? Fault::external : Fault::other;
        case 5: return Fault::external_on_walk;
        default: return Fault::other;
        }
    }
};

// MSR, MRS and system instructions (ISS encoding for trapped System instructions).
constexpr u32 register_key(unsigned op0, unsigned op1, unsigned crn, unsigned crm, unsigned op2) {
    return op0 << 20 | op2 << 17 | op1 << 14 | crn << 10 | crm << 1;
}

struct RegisterSyndrome : Syndrome {
    constexpr u32 key() const { return static_cast<u32>(raw & 0x3ffc1e); }
    constexpr unsigned op0() const { return static_cast<unsigned>(bits(21, 20)); }
    constexpr unsigned op1() const { return static_cast<unsigned>(bits(16, 14)); }
    constexpr unsigned op2() const { return static_cast<unsigned>(bits(19, 17)); }
    constexpr unsigned crn() const { return static_cast<unsigned>(bits(13, 10)); }
    constexpr unsigned crm() const { return static_cast<unsigned>(bits(4, 1)); }
    constexpr unsigned reg() const { return static_cast<unsigned>(bits(9, 5)); }
    constexpr bool read() const { return bit(0); }
};
static_assert(RegisterSyndrome{register_key(3, 3, 14, 2, 1)}.crn() == 14);

}  // namespace xen::guest
