// SPDX-License-Identifier: MIT
// The Arm part of a domain and a vCPU, as far as the common code needs it to compile.
#pragma once

#include <array>

#include <asm/layout.hpp>

#include "lib/index.hpp"
#include "lib/maybe.hpp"

namespace xen::arch {

struct GuestRegs {
    std::array<u64, 31> x;
    u64 sp, pc, pstate;
};

struct ArchVcpu {
    GuestRegs regs{};
};

inline bool kernel_addresses_mapped(const ArchVcpu&) { return true; }

struct ArchDomain {
    Maybe<Mfn> shared_info_mfn{};
};

}  // namespace xen::arch
