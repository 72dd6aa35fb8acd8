// SPDX-License-Identifier: MIT
// What a bounce into a 64-bit PV kernel leaves on its stack. Pure: from registers to words, so that it is tested alone.
//
// From the lowest address: rcx, r11, [ds, es, fs, gs of a failsafe callback,] [error code,] rip, cs, rflags, rsp, ss.
// cs has RPL 0 when the kernel was interrupted, and the event mask as it was in bits 32 to 39; rflags.IF is its opposite
// (public/arch-x86/xen-x86_64.h, struct cpu_user_regs).
#pragma once

#include <asm/regs.hpp>
#include <asm/segments.hpp>

namespace xen::pv {

inline constexpr u64 kFlagTf = 1 << 8, kFlagIf = 1 << 9, kFlagDf = 1 << 10, kFlagIopl = 3 << 12, kFlagNt = 1 << 14,
                     kFlagRf = 1 << 16, kFlagVm = 1 << 17, kFlagAc = 1 << 18;
inline constexpr unsigned kIoplShift = 12;

constexpr bool canonical(u64 a) { return static_cast<u64>(static_cast<s64>(a << 16) >> 16) == a; }

struct FrameInput {
    const arch::GuestRegs& regs;
    bool from_kernel;
    u8 event_mask;
    u64 shown_iopl;                          // bits 12-13 of the rflags it sees
    u32 error_code = 0;
    arch::Selectors selectors{};
};

enum class Shape : u8 { plain, error, failsafe };

constexpr unsigned words_of(Shape s) { return s == Shape::plain ? 7 : s == Shape::error ? 8 : 11; }

template <Shape kShape>
struct Frame {
    u64 words[words_of(kShape)];
    static constexpr u64 kBytes = words_of(kShape) * 8;
};

// Inlined where the frame is stored, so that it exists in registers only.
template <Shape kShape>
[[gnu::always_inline]] inline Frame<kShape> make_frame(const FrameInput& in) {
    const arch::GuestRegs& r = in.regs;
    Frame<kShape> f;
    unsigned n = 0;
    f.words[n++] = r.rcx;
    f.words[n++] = r.r11;
    if constexpr (kShape == Shape::failsafe) {
        f.words[n++] = in.selectors.ds;
        f.words[n++] = in.selectors.es;
        f.words[n++] = in.selectors.fs;
        f.words[n++] = in.selectors.gs;
    }
    if constexpr (kShape == Shape::error) f.words[n++] = in.error_code;
    f.words[n++] = r.rip;
    u64 cs = static_cast<u16>(r.cs);
    f.words[n++] = (in.from_kernel ? cs & ~u64{3} : cs) | u64{in.event_mask} << 32;
    u64 flags = r.rflags & ~(kFlagIf | kFlagIopl) & 0xffffffff;
    f.words[n++] = flags | (in.event_mask ? 0 : kFlagIf) | in.shown_iopl;
    f.words[n++] = r.rsp;
    f.words[n++] = static_cast<u16>(r.ss);
    return f;
}

// The stack that the frame is pushed onto begins at a multiple of 16.
constexpr u64 frame_address(u64 sp, u64 bytes) { return (sp & ~u64{15}) - bytes; }

}  // namespace xen::pv
