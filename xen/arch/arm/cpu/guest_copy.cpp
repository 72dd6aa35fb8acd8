// SPDX-License-Identifier: MIT
// The running guest's memory. The processor translates its addresses (AT, ARM D8.12), for the guest's kernel; the frame is then
// reached through the direct map under a reference, so that it stays what it was while bytes move.
#include <asm/guest_copy.hpp>

#include <asm/cpu.hpp>
#include <asm/fault.hpp>
#include <asm/p2m.hpp>
#include <asm/sysreg.hpp>
#include <xen/domain.hpp>

#include "lib/string.hpp"

namespace xen::arch {
namespace {

constexpr u64 kParFault = 1, kParStage2 = u64{1} << 9, kParAddress = 0x0000fffffffff000;

// PAR_EL1 (ARM D19.2.118) is the guest's too: with interrupts off, the guest's value comes back.
class OwnPar {
public:
    OwnPar() : flags_{irq_save()}, guests_{READ_SYSREG(par_el1)} {}
    ~OwnPar() {
        WRITE_SYSREG(par_el1, guests_);
        irq_restore(flags_);
    }
    OwnPar(const OwnPar&) = delete;
    OwnPar& operator=(const OwnPar&) = delete;

private:
    u64 flags_, guests_;
};

#define TRANSLATE(operation, gva)                                        \
    __extension__({                                                      \
        asm volatile("at " operation ", %0; isb" ::"r"(gva) : "memory"); \
        READ_SYSREG(par_el1);                                            \
    })

u64 through_both(u64 gva, bool write) { return write ? TRANSLATE("s12e1w", gva) : TRANSLATE("s12e1r", gva); }

// A fault of stage 2 may be an entry that another CPU is about to change: between two valid ones there is a hole for a moment.
[[gnu::cold]] u64 again(u64 gva, bool write) { return p2m::settled(*current().domain, through_both, gva, write); }

// A frame of RAM that somebody owns, held. What the guest maps of devices is none.
[[gnu::always_inline]] inline PageRef hold(Mfn f) {
    if (!mfn_valid(f)) return {};
    PageInfo& p = page_of(f);
    Domain* owner = p.owner();
    if (!owner || !get_page(p, *owner)) return {};
    return PageRef::adopt(p);
}

class Window {
public:
    [[gnu::always_inline]] Window(u64 gva, bool write) {
        OwnPar scope;
        u64 par = through_both(gva, write);
        if (par & kParFault) [[unlikely]] {
            if (par & kParStage2) par = again(gva, write);
            if (par & kParFault) return;
        }
        page_ = hold(frame_of(Paddr{par & kParAddress}));
        // Unmapped before the reference was there?
        constexpr u64 kSame = kParFault | kParAddress;
        if (page_ && ((through_both(gva, write) ^ par) & kSame) && ((again(gva, write) ^ par) & kSame)) [[unlikely]] page_.reset();
        offset_ = page_offset(gva);
    }
    explicit operator bool() const { return static_cast<bool>(page_); }
    char* at() const { return static_cast<char*>(direct_map(page_.mfn())) + offset_; }
    usize room() const { return kPageSize - offset_; }

private:
    PageRef page_{};
    u64 offset_ = 0;
};

template <class F>
[[gnu::cold]] bool over_pages(u64 gva, usize bytes, bool write, F move) {
    for (usize done = 0; done < bytes;) {
        Window w{gva + done, write};
        if (!w) return false;
        usize n = bytes - done < w.room() ? bytes - done : w.room();
        move(w.at(), done, n);
        done += n;
    }
    return true;
}

template <class F>
[[gnu::always_inline]] inline bool piecewise(u64 gva, usize bytes, bool write, F move) {
    if (page_offset(gva) + bytes > kPageSize || !bytes) [[unlikely]] return over_pages(gva, bytes, write, move);
    Window w{gva, write};
    if (!w) return false;
    move(w.at(), 0, bytes);
    return true;
}

template <class T>
bool exchange(char* at, u64* old, u64 desired) {
    T expected = static_cast<T>(*old);
    __atomic_compare_exchange_n(reinterpret_cast<T*>(at), &expected, static_cast<T>(desired), false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    *old = expected;
    return true;
}

}  // namespace

Maybe<Gaddr> guest_stage1(u64 gva, bool write) {
    OwnPar scope;
    u64 par = write ? TRANSLATE("s1e1w", gva) : TRANSLATE("s1e1r", gva);
    if (par & kParFault) return nothing;
    return Gaddr{(par & kParAddress) | page_offset(gva)};
}

Maybe<Paddr> guest_translate(u64 gva, bool write) {
    OwnPar scope;
    u64 par = through_both(gva, write);
    if (par & kParFault) return nothing;
    return Paddr{(par & kParAddress) | page_offset(gva)};
}

bool copy_from_guest(void* to, u64 gva, usize bytes) {
    return piecewise(gva, bytes, false, [to](char* at, usize done, usize n) { memcpy(static_cast<char*>(to) + done, at, n); });
}

bool copy_to_guest(u64 gva, const void* from, usize bytes) {
    return piecewise(gva, bytes, true, [from](char* at, usize done, usize n) { memcpy(at, static_cast<const char*>(from) + done, n); });
}

bool clear_guest(u64 gva, usize bytes) {
    return piecewise(gva, bytes, true, [](char* at, usize, usize n) { memset(at, 0, n); });
}

bool cmpxchg_guest(u64 gva, u64* old, u64 desired, unsigned bytes) {
    if (!bytes || gva % bytes) return false;
    Window w{gva, true};
    if (!w) return false;
    switch (bytes) {
    case 1: return exchange<u8>(w.at(), old, desired);
    case 2: return exchange<u16>(w.at(), old, desired);
    case 4: return exchange<u32>(w.at(), old, desired);
    case 8: return exchange<u64>(w.at(), old, desired);
    default: return false;
    }
}

}  // namespace xen::arch
