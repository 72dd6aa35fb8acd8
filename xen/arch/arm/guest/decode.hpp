// SPDX-License-Identifier: MIT
// The A64 loads and stores whose aborts carry no syndrome (ARM C4.1.88): with write-back of the address, and of pairs. Pure.
#pragma once

#include "lib/maybe.hpp"
#include "lib/types.hpp"

namespace xen::guest {

struct Transfer {
    u8 bytes = 0;              // of one register
    bool write = false;
    bool sign_extends = false;
    bool wide = false;         // the register is an X register: sign extension fills 64 bits
    u8 rt = 0;
    u8 rt2 = 32;               // 32: none
    u8 rn = 31;                // 31: the stack pointer
    s32 offset = 0;            // added to rn on write-back
    bool write_back = false;
    bool is_pair() const { return rt2 != 32; }
};

// Nothing: another instruction (SIMD, exclusive, atomic), which no device register takes.
Maybe<Transfer> decode_transfer(u32 instruction);

}  // namespace xen::guest
