// SPDX-License-Identifier: MIT
#include <asm/cache.hpp>

#include <asm/errata.hpp>
#include <asm/sysreg.hpp>

namespace xen::arch {
namespace {

// By lines, from the one that holds the first byte; four a turn while so many are left.
#define EACH_LINE(operation, p, bytes)                                                                     \
    do {                                                                                                   \
        const u64 line_ = cache_line(), end_ = reinterpret_cast<u64>(p) + (bytes);                         \
        u64 a_ = reinterpret_cast<u64>(p) & ~(line_ - 1);                                                  \
        for (; a_ + 3 * line_ < end_; a_ += 4 * line_)                                                     \
            asm volatile(operation ", %0\n" operation ", %1\n" operation ", %2\n" operation ", %3"          \
                         ::"r"(a_), "r"(a_ + line_), "r"(a_ + 2 * line_), "r"(a_ + 3 * line_) : "memory"); \
        for (; a_ < end_; a_ += line_) asm volatile(operation ", %0" ::"r"(a_) : "memory");                \
    } while (0)

}  // namespace

// CTR_EL0.DminLine: log2 of words (ARM D19.2.33).
u64 cache_line() { return u64{4} << (READ_SYSREG(ctr_el0) >> 16 & 15); }

// CSSELR_EL1 is the guest's (ARM D19.2.36).
u64 first_data_cache() {
    u64 selected = READ_SYSREG(csselr_el1);
    WRITE_SYSREG(csselr_el1, 0);
    isb();
    u64 shape = READ_SYSREG(ccsidr_el1);
    WRITE_SYSREG(csselr_el1, selected);
    return shape;
}

void clean_cache(const void* p, u64 bytes) {
    if (errata::active<errata::Workaround::clean_and_forget>()) EACH_LINE("dc civac", p, bytes);
    else EACH_LINE("dc cvac", p, bytes);
    dsb_sy();
}

void clean_invalidate_cache(const void* p, u64 bytes) {
    EACH_LINE("dc civac", p, bytes);
    dsb_sy();
}

void invalidate_cache(void* p, u64 bytes) {
    EACH_LINE("dc ivac", p, bytes);
    dsb_sy();
}

void sync_instructions(const void* p, u64 bytes) {
    if (errata::active<errata::Workaround::clean_and_forget>()) EACH_LINE("dc civac", p, bytes);
    else EACH_LINE("dc cvau", p, bytes);
    dsb_ish();
    asm volatile("ic ialluis; dsb ish; isb" ::: "memory");
}

}  // namespace xen::arch
