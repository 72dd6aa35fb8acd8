// SPDX-License-Identifier: MIT
// What the distribution's static libraries (libfdt and those that unpack a kernel) ask for, compiled with the stack
// protector as they are. On arm64 the canary is this word; on x86 it is a word of the thread's block.
#include <xen/assert.hpp>

#include "lib/types.hpp"

extern "C" {
extern const xen::u64 __stack_chk_guard;
[[noreturn]] void __stack_chk_fail();

const xen::u64 __stack_chk_guard = 0x9e3779b97f4a7c15;
void __stack_chk_fail() { xen::panic("a library of the distribution overwrote the stack"); }
}
