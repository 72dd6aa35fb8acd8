// SPDX-License-Identifier: MIT
// The fuzzers: each takes any bytes and returns, or a sanitizer, a bug_if() or a check of its own ends the program.
// What a run leaves behind must not change what the next one does.
#pragma once

#include "input.hpp"

namespace xen::fuzz {

void run_image(Input in);          // kernel images, their compressions and notes
void run_command_line(Input in);   // options, and what is parsed of their values
void run_acpi(Input in);           // the firmware's tables
void run_instructions(Input in);   // decoder and emulator of a PV guest's privileged instructions
void run_microcode(Input in);      // the vendors' containers and the archive before a ramdisk
void run_cpu_policy(Input in);     // CPUID leaves and MSRs that a toolstack sets
void run_boot_info(Input in);      // what a multiboot2 loader hands over
void run_device_tree(Input in);    // device trees, and the domains that they describe
void run_calls(Input in);          // hypercalls of several domains, one after the other and interleaved

// A broken rule: says which, and ends the program.
[[noreturn]] void broken(const char* rule);

}  // namespace xen::fuzz
