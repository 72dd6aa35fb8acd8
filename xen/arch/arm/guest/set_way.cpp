// SPDX-License-Identifier: MIT
#include "arch/arm/guest/set_way.hpp"

#include <asm/cache.hpp>
#include <asm/id_registers.hpp>
#include <asm/p2m.hpp>

#include "arch/arm/guest/cache_shape.hpp"
#include "arch/arm/mm/flush.hpp"

namespace xen::guest {
namespace {

constexpr unsigned kMost = 64;   // pages, before interrupts are looked at

// ID_AA64MMFR2_EL1.CCIDX (D19.2.66).
bool has_wide_ids() { return arch::read_id_register(7, 2) >> 20 & 15; }

}  // namespace

bool maintain_by_set_and_way(Vcpu& v, u64 operand) {
    CacheShape c = shape_of(arch::first_data_cache(), has_wide_ids());
    auto line = line_of(c, operand);
    if (!line) return true;
    Share s = share_of(*line, c.lines(), p2m::highest(*v.domain).raw() + 1);
    u64& done = v.arch.maintained;                      // where it was interrupted
    u64 from = done > s.first && done < s.end ? done : s.first;
    done = mm::flush_frames(*v.domain, Gfn{from}, Gfn{s.end}, kMost).raw();
    return done >= s.end;
}

}  // namespace xen::guest
