// SPDX-License-Identifier: MIT
// `mem=`: RAM above an address is left alone. What the loader put there moves down first.
#include <asm/pagemap.hpp>
#include <xen/compiler.hpp>
#include <xen/log.hpp>
#include <xen/option.hpp>

#include "arch/x86/boot/boot.hpp"
#include "lib/string.hpp"

namespace xen::boot {
namespace {

constexpr Paddr kReached{u64{1} << 32};   // by the boot tables' direct map

struct Places {
    std::array<Paddr, BootInfo::kMaxModules> at{};
};

// Where the modules are to lie; nothing when they do not fit.
XEN_INIT Maybe<Places> place_modules(FreeRanges& free, Paddr limit) {
    Places p;
    for (usize i = 0; i < info.module_count; ++i) {
        const BootModule& m = info.modules[i];
        p.at[i] = m.start;
        if (m.start + m.bytes <= limit || !m.bytes) continue;
        Maybe<Paddr> room = free.take(m.bytes, kPageSize, limit < kReached ? limit : kReached);
        if (!room) return nothing;
        p.at[i] = *room;
    }
    return p;
}

XEN_INIT void move_modules(const Places& p) {
    for (usize i = 0; i < info.module_count; ++i) {
        BootModule& m = info.modules[i];
        if (m.start == p.at[i]) continue;
        memcpy(arch::direct_map(p.at[i]), arch::direct_map(m.start), m.bytes);
        m.start = p.at[i];
    }
}

}  // namespace

XEN_INIT void limit_memory() {
    Paddr limit{option::values().mem_limit & kPageMask};
    if (!option::values().mem_limit) return;
    static FreeRanges below;   // too large for the stack
    below = free_memory;
    below.remove(limit, Paddr{kPageMask});
    Maybe<Places> places = place_modules(below, limit);
    if (limit < info.image_end || !places)
        return log_warning("mem=%luM is too little for the hypervisor, dom0's kernel and its ramdisk: ignored", limit.raw() >> 20);
    if (!limit_ram(info, limit)) return;
    move_modules(*places);
    free_memory = below;
}

}  // namespace xen::boot
