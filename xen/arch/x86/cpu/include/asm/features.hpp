// SPDX-License-Identifier: MIT
// What the boot CPU has and the hypervisor uses. Filled once in detect_features(), the same on every CPU.
#pragma once

#include "lib/types.hpp"

namespace xen::arch {

enum class Vendor : u8 { other, intel, amd };

struct Features {
    Vendor vendor = Vendor::other;
    bool smep = false, smap = false, fsgsbase = false, pcid = false, invpcid = false, page1g = false, svm = false, xsave = false,
         xsaveopt = false, xsavec = false, x2apic = false, sysenter = false, pat = false, umip = false, mce = false;
    u64 xcr0 = 0;            // all state components that guests may enable; 0 without XSAVE
    u32 xsave_size = 512;    // bytes of an area with all of them
    u8 physical_bits = 36;
};
extern Features features;

// A number for each address space in CR3; INVPCID to reach those that are not current.
inline bool uses_pcid() { return features.pcid && features.invpcid; }

void detect_features();      // boot CPU, first
void log_features();         // one line: what of it is used
// Each CPU, itself: control registers, PAT, EFER, FPU. After the per-CPU block is in place.
void setup_cpu();

}  // namespace xen::arch
