// SPDX-License-Identifier: MIT
#include "arch/x86/guest/pv/fetch.hpp"

namespace xen::pv {
namespace {

constexpr u64 kLongBit = u64{1} << 53;
constexpr u64 kCode = u64{1} << 47 | u64{3} << 43;   // present, code (SDM 3A 3.4.5)
constexpr u16 kTableIndicator = 4;

Maybe<u64> descriptor(Vcpu& v, u16 selector) {
    u64 table = selector & kTableIndicator ? arch::ldt_address(v.id.raw()) : arch::gdt_address(v.id.raw());
    u64 at = table + (selector & ~7u);
    const arch::Pte* slot = mm::perdomain_slot(*v.domain, at);
    if (!slot || !slot->present()) return nothing;
    return shared_load(MappedPage<u64>{slot->mfn()}[page_offset(at) / 8]);
}

u64 base_of(u64 d) { return (d >> 16 & 0xffffff) | (d >> 56 & 0xff) << 24; }

// The usual case in fewer instructions than a copy of any length has: flat 64-bit code, whose next bytes can all be read.
bool fetch_flat(const Vcpu& v, Code& to) {
    const arch::GuestRegs& r = v.arch.regs;
    u64 words[2];
    if (static_cast<u16>(r.cs) != arch::kGuestCs64 || !arch::guest_range_ok(r.rip, sizeof(words)) ||
        !arch::load_guest(r.rip, words[0]) || !arch::load_guest(r.rip + 8, words[1]))
        return false;
    static_assert(sizeof(words) == sizeof(Code));
    __builtin_memcpy(to, words, sizeof(words));
    return true;
}

}  // namespace

Segment segment_of(Vcpu& v, u16 selector) {
    if (selector == arch::kGuestCs64) return {0, true, true};
    if (selector == arch::kGuestCs32) return {0, false, true};
    if (selector == arch::kGuestSs || (selector & ~3) == 0) return {};
    auto d = descriptor(v, selector);
    if (!d) return {};
    bool code = (*d & kCode) == kCode;
    return (*d & kLongBit) ? Segment{0, true, code} : Segment{base_of(*d), false, code};
}

unsigned fetch(Vcpu& v, Code& to, unsigned n) {
    if (fetch_flat(v, to)) [[likely]] return n;
    Segment cs = segment_of(v, static_cast<u16>(v.arch.regs.cs));
    if (!cs.is_code) return 0;
    u64 at = cs.is_long ? v.arch.regs.rip : static_cast<u32>(cs.base + v.arch.regs.rip);
    if (guest::copy_in(to, at, n)) return n;
    unsigned in_page = static_cast<unsigned>(kPageSize - page_offset(at));
    if (in_page >= n || !guest::copy_in(to, at, in_page)) return 0;
    return in_page;
}

}  // namespace xen::pv
